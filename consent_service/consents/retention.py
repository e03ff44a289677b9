"""Retention: what was recorded goes when its time is over, unless a legal hold lasts.

First the link to the visitor, where a site wants that, then the text; the hash stays for good.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

from consent_service.consents import store_erasure, store_holds, store_retention
from consent_service.consents.erasure import ErasureService
from consent_service.consents.marks import MOST_REDACTED, Cause, Marks, Order
from consent_service.consents.rules import keeping
from consent_service.consents.store_holds import Hold
from consent_service.core.clock import Clock
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.ledger import store_entries
from consent_service.sites.model import Site
from consent_service.sites.service import SiteService

EVERY = timedelta(days=1)
_PAGE = 100
_ORDER = Order(cause=Cause.RETENTION)


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many events lost, or would lose, what: their link, their text, what was hidden."""

    links: int = 0
    proofs: int = 0
    restricted: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.links + self.proofs + self.restricted


@dataclass(slots=True, kw_only=True)
class Due:
    """Events past their time by their ids, and whom they name."""

    links: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    visitors: list[str] = field(default_factory=list)


class RetentionService:
    """Plans and does what a site's `retention` says."""

    def __init__(
        self, *, db: Database, sites: SiteService, erasure: ErasureService, clock: Clock, ids: Ids
    ) -> None:
        self._db = db
        self._sites = sites
        self._erasure = erasure
        self._clock = clock
        self._marks = Marks(clock, ids)
        self._walk: Iterator[int] = iter(())
        self._next_walk: datetime | None = None

    def plan(self, site: Site, at: datetime) -> Tally:
        """Return what would go at a moment, if nothing were recorded until then."""
        tally = Tally()
        for due in self._pages(site, at):
            tally.links += len(due.links)
            tally.proofs += len(due.proofs)
        if not self._is_stopped(site):
            tally.restricted = self._erasure.count_over(site, at)
        return tally

    def holds(self, site: Site) -> list[Hold]:
        """Return the legal holds of a site that last, oldest first."""
        with self._db.read() as connection:
            return store_holds.list_holds(connection, site.site_id)

    def run(self, site: Site) -> Iterator[Tally]:
        """Remove what is past its time, in short transactions; yield what each step removed."""
        yield Tally(restricted=self._erasure.end_restrictions(site))
        for due in self._pages(site, self._clock.now()):
            for batch in _batches(due.links):
                yield self._unlink(site, batch, due.visitors)
            for batch in _batches(due.proofs):
                yield self._redact(site, batch, due.visitors)
            yield Tally()

    def work(self, steps: int = 20) -> int:
        """Do some steps of what is due on all sites, once a day; return how many events that were.

        It goes on where it left off, so that a large site keeps nobody waiting.
        """
        now = self._clock.now()
        if self._next_walk is None or now >= self._next_walk:
            self._next_walk = now + EVERY
            self._walk = self._run_all()
        return sum(islice(self._walk, steps))

    def _run_all(self) -> Iterator[int]:
        for site in self._sites.list():
            for tally in self.run(site):
                yield tally.total

    def _pages(self, site: Site, at: datetime) -> Iterator[Due]:
        """Yield what is past its time at a moment, a page at a time."""
        recorded_by = keeping.newest_past(site.retention, at)
        after: str | None = None
        while histories := self._histories(site, recorded_by, after):
            yield self._due_of(site, histories, at)
            after = histories[-1][0]
        after = None
        while orphans := self._orphans(site, recorded_by, after):
            ends = [(each.event.event_id, _end(site, each)) for each in orphans]
            yield Due(proofs=_past_proofs(site, ends, at))
            after = orphans[-1].event.event_id

    def _histories(
        self, site: Site, recorded_by: datetime, after: str | None
    ) -> list[tuple[str, list[keeping.Kept]]]:
        if self._is_stopped(site):
            return []
        with self._db.read() as connection:
            return store_retention.list_histories(
                connection, site.site_id, recorded_by, after=after, limit=_PAGE
            )

    def _orphans(
        self, site: Site, recorded_by: datetime, after: str | None
    ) -> list[store_retention.Orphan]:
        if self._is_stopped(site):
            return []
        with self._db.read() as connection:
            return store_retention.list_orphans(
                connection, site.site_id, recorded_by, after=after, limit=_PAGE
            )

    def _is_stopped(self, site: Site) -> bool:
        """Tell whether a legal hold of the whole site lasts."""
        with self._db.read() as connection:
            return self._held(connection, site) is None

    def _held(self, connection: Connection, site: Site) -> list[str] | None:
        """Return the visitors who are held; None where all of the site is."""
        held = [hold.visitor for hold in store_holds.list_holds(connection, site.site_id)]
        return None if None in held else [visitor for visitor in held if visitor]

    def _due_of(
        self, site: Site, histories: Sequence[tuple[str, list[keeping.Kept]]], at: datetime
    ) -> Due:
        with self._db.read() as connection:
            held = self._held(connection, site) or ()
        due = Due()
        for visitor, history in histories:
            if visitor in held:
                continue
            ends = list(keeping.ends(history).items())
            proofs = _past_proofs(site, ends, at)
            links = [
                each
                for each, end in ends
                if keeping.link_is_past(end, site.retention, at) and each not in proofs
            ]
            if links or proofs:
                due.visitors.append(visitor)
            due.links += links
            due.proofs += proofs
        return due

    def _unlink(self, site: Site, event_ids: Sequence[str], visitors: Sequence[str]) -> Tally:
        with self._db.write() as tx:
            held = self._held(tx, site)
            if held is None:
                return Tally()
            marked = store_retention.unlink(tx, site.site_id, event_ids, held)
            entries = [self._marks.erasure(site, each, _ORDER) for each in marked]
            store_entries.insert_entries(tx, site.site_id, entries)
            self._forget(tx, site, visitors)
        return Tally(links=len(marked))

    def _redact(self, site: Site, event_ids: Sequence[str], visitors: Sequence[str]) -> Tally:
        with self._db.write() as tx:
            held = self._held(tx, site)
            if held is None:
                return Tally()
            hashes = store_retention.redact(tx, site.site_id, event_ids, held)
            if hashes:
                entry = self._marks.redaction(site, hashes)
                store_entries.insert_entries(tx, site.site_id, [entry])
            self._forget(tx, site, visitors)
        return Tally(proofs=len(hashes))

    def _forget(self, tx: Connection, site: Site, visitors: Sequence[str]) -> None:
        """Remove what else is kept of visitors whom no event names any more."""
        gone = store_retention.list_gone(tx, site.site_id, visitors)
        if gone:
            store_erasure.forget_visitors(tx, site.site_id, gone)
            self._erasure.clear_holds(tx, site, gone, _ORDER)


def _past_proofs(
    site: Site, ends: Sequence[tuple[str, datetime | None]], at: datetime
) -> list[str]:
    return [each for each, end in ends if keeping.proof_is_past(end, site.retention, at)]


def _end(site: Site, orphan: store_retention.Orphan) -> datetime | None:
    """An erased event was over when it was erased, if its decisions had not run out before.

    One that lost its link because it was over had been so for `openings_days`.
    """
    erased_at, days = orphan.erased_at, site.retention.openings_days
    if erased_at and days and orphan.reason == Cause.RETENTION:
        erased_at -= timedelta(days=days)
    moments = (erased_at, keeping.end_alone(orphan.event))
    return min((each for each in moments if each is not None), default=None)


def _batches(event_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(event_ids), MOST_REDACTED):
        yield event_ids[start : start + MOST_REDACTED]

"""Erasure: what names a visitor goes, what was recorded stays.

Where a site has a duty to keep proof, or a legal hold lasts, it is hidden first and goes later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from consent_service.consents import store, store_erasure, store_holds, store_subjects
from consent_service.consents.marks import Cause, Marked, Marks, Order
from consent_service.consents.model import Act, Action, ConsentEvent, Method
from consent_service.consents.recording import Answer, Context, decide_answer, new_event
from consent_service.consents.rules.keeping import months_after
from consent_service.consents.store_erasure import Named, Restriction
from consent_service.consents.subjects import SubjectService
from consent_service.core.clock import Clock
from consent_service.core.errors import UnavailableError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.ledger import store_entries
from consent_service.notices.service import NoticeService, profile_for, served_variant
from consent_service.sites.model import Site

KEY_LIFETIME = timedelta(days=30)
DUTY, HOLD = "duty", "hold"
"""Why a visitor is hidden: the site must keep proof until a date, or a legal hold lasts."""
RESTRICT = "restrict"
BY_VISITOR = Order(cause=Cause.VISITOR)
_ATTEMPTS = 6
_Decide = Callable[[Connection, datetime], Restriction | None]
"""Says whether a visitor is hidden, by when the newest event was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done: of how many visitors, and to how many events.

    `restriction` is that of the visitor who is hidden longest, where any is hidden, not erased.
    """

    visitors: int = 0
    events: int = 0
    restricted: int = 0
    restriction: Restriction | None = None


class ErasureService:
    """Erases visitors, and what is past its time."""

    def __init__(
        self,
        *,
        db: Database,
        notices: NoticeService,
        subjects: SubjectService,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db = db
        self._notices = notices
        self._subjects = subjects
        self._clock = clock
        self._ids = ids
        self._marks = Marks(clock, ids)

    def erase(
        self, site: Site, visitor: str, context: Context, order: Order = BY_VISITOR
    ) -> Erased:
        """Withdraw what is granted, then clear all that names a visitor, or hide it.

        Each event leaves a `log.erasure` or `log.restriction` leaf that names its leaf hash.
        """
        decide = partial(self._restriction, site, visitor)
        return self._erase_one(site, visitor, context, order, decide)

    def erase_as(
        self, site: Site, visitor: str, order: Order, restriction: Restriction | None
    ) -> Erased:
        """Do the same as was decided before: hide as `restriction` says, without one erase.

        What the site keeps now, and which holds last, does not count.
        """
        context = Context(method=Method.API)
        return self._erase_one(site, visitor, context, order, lambda _tx, _at: restriction)

    def _erase_one(
        self, site: Site, visitor: str, context: Context, order: Order, decide: _Decide
    ) -> Erased:
        answer = self._withdrawal(site, context)

        def erase_one(tx: Connection) -> Erased:
            # Before anything is added: an answer that waits for that would hold a lock on these.
            store_erasure.lock_named(tx, site.site_id, [visitor])
            return self._erase(tx, site, visitor, answer, order, decide=decide)

        return self._attempt(erase_one)

    def erase_subject(self, site: Site, subject: str, context: Context, order: Order) -> Erased:
        """Do the same to every visitor of a user of the site, in one transaction."""
        answer = self._withdrawal(site, context)
        hashes = self._subjects.hashes(site, subject)

        def erase_all(tx: Connection) -> Erased:
            total = Erased()
            # Links that are made meanwhile show in a later statement: go on until none is left.
            while links := store_subjects.list_subject_links(tx, site.site_id, hashes):
                visitors = sorted(link.visitor for link in links)
                store_erasure.lock_named(tx, site.site_id, visitors)
                for visitor in visitors:
                    decide = partial(self._restriction, site, visitor)
                    total = sum_of(
                        total, self._erase(tx, site, visitor, answer, order, decide=decide)
                    )
            return total

        return self._attempt(erase_all)

    def _withdrawal(self, site: Site, context: Context) -> Answer:
        notice = self._notices.current(site)
        shown = served_variant(site, notice, context.place)
        return Answer(
            act=Act(action=Action.WITHDRAW),
            notice=notice,
            shown=shown,
            ruling=shown,
            why=profile_for(site, context.place).why,
            context=context,
        )

    def _attempt(self, erase: Callable[[Connection], Erased]) -> Erased:
        for _ in range(_ATTEMPTS):
            try:
                with self._db.write() as tx:
                    return erase(tx)
            except ConflictError:
                continue
        raise UnavailableError("too many answers of this visitor at once")

    def _erase(
        self,
        tx: Connection,
        site: Site,
        visitor: str,
        answer: Answer,
        order: Order,
        *,
        decide: _Decide,
    ) -> Erased:
        erased = Erased()
        latest = store.find_latest(tx, site.site_id, visitor)
        if latest is not None:
            latest = self._insert_change(tx, site, answer, latest) or latest
            restriction = decide(tx, latest.ts)
            if restriction:
                store_erasure.insert_restriction(tx, site.site_id, restriction)
            events = 0
            # An append that ran meanwhile shows in a later statement: go on until none is left.
            while named := store_erasure.lock_named(tx, site.site_id, [visitor]):
                self._clear(tx, site, named, restriction, order)
                events += len(named)
            if restriction:
                erased = Erased(visitors=1, restricted=events, restriction=restriction)
            else:
                self.clear_holds(tx, site, [visitor], order)
                erased = Erased(visitors=1, events=events)
        store_erasure.forget_visitors(tx, site.site_id, [visitor])
        return erased

    def _insert_change(
        self, tx: Connection, site: Site, answer: Answer, latest: ConsentEvent
    ) -> ConsentEvent | None:
        ts = self._clock.now()
        change = decide_answer(answer, latest, ts)
        if change is None:
            return None
        event = new_event(site, change, answer.circumstances, latest, ts=ts, ids=self._ids)
        store.insert_event(tx, site.site_id, event)
        return event

    def foresee(self, site: Site, visitor: str, newest_at: datetime) -> Restriction | None:
        """Return how an erasure would hide a visitor; None where it would clear all at once.

        `newest_at` is when the visitor's newest event would be recorded.
        """
        with self._db.read() as connection:
            return self._restriction(site, visitor, connection, newest_at)

    def _restriction(
        self, site: Site, visitor: str, connection: Connection, newest_at: datetime
    ) -> Restriction | None:
        now = self._clock.now()
        until = months_after(newest_at, site.retention.proof_months)
        if site.erasure == RESTRICT and until > now:
            return Restriction(visitor=visitor, until=until, reason=DUTY, created_at=now)
        if store_holds.is_held(connection, site.site_id, visitor):
            return Restriction(visitor=visitor, until=None, reason=HOLD, created_at=now)
        return None

    def _clear(
        self,
        tx: Connection,
        site: Site,
        named: list[Named],
        restriction: Restriction | None,
        order: Order,
    ) -> None:
        if restriction:
            store_erasure.insert_restricted(tx, site.site_id, named)
            until, reason = restriction.until, restriction.reason
            entries = [
                self._marks.restriction(site, each.marked, until, reason, order) for each in named
            ]
        else:
            entries = [self._marks.erasure(site, each.marked, order) for each in named]
        store_erasure.clear_names(tx, site.site_id, [each.event_id for each in named])
        store_entries.insert_entries(tx, site.site_id, entries)

    def clear_holds(
        self, tx: Connection, site: Site, visitors: Sequence[str], order: Order
    ) -> None:
        """Take visitors out of holds that are over, and out of the leaves about them."""
        about = store_holds.clear_visitors(tx, site.site_id, visitors)
        if not about:
            return
        cleared = store_entries.clear_openings(tx, site.site_id, about)
        marked = [Marked(leaf_hash=leaf_hash, leaf=leaf) for leaf_hash, leaf in cleared]
        entries = [self._marks.erasure(site, each, order) for each in marked]
        store_entries.insert_entries(tx, site.site_id, entries)

    def end_restrictions(self, site: Site) -> int:
        """Erase whoever was hidden and is to be hidden no longer; return how many events."""
        order, after, events = Order(cause=Cause.RESTRICTION_ENDED), None, 0
        while visitors := self._over(site, after):
            for visitor in visitors:
                with self._db.write() as tx:
                    if store_holds.is_held(tx, site.site_id, visitor):
                        continue
                    taken = store_erasure.take_restricted(tx, site.site_id, visitor)
                    entries = [self._marks.erasure(site, each, order) for each in taken]
                    store_entries.insert_entries(tx, site.site_id, entries)
                    self.clear_holds(tx, site, [visitor], order)
                    events += len(taken)
            after = visitors[-1]
        return events

    def count_over(self, site: Site, at: datetime) -> int:
        """Return how many events of restricted visitors would be erased at a moment."""
        with self._db.read() as connection:
            held = {hold.visitor for hold in store_holds.list_holds(connection, site.site_id)}
            return store_erasure.count_over(connection, site.site_id, at, held)

    def _over(self, site: Site, after: str | None) -> list[str]:
        with self._db.read() as connection:
            return store_erasure.list_over(
                connection, site.site_id, self._clock.now(), after=after, limit=100
            )

    def purge(self) -> int:
        """Remove spent links and assertions and old idempotency keys; return how many rows went."""
        now = self._clock.now()
        with self._db.write() as tx:
            rows = store.delete_expired(tx, links_before=now, keys_before=now - KEY_LIFETIME)
            return rows + store_subjects.delete_spent(tx, before=now)


def sum_of(one: Erased, other: Erased) -> Erased:
    """Return what two erasures did together."""
    restrictions = [each.restriction for each in (one, other) if each.restriction]
    longest = max(restrictions, key=_length, default=None)
    return replace(
        one,
        visitors=one.visitors + other.visitors,
        events=one.events + other.events,
        restricted=one.restricted + other.restricted,
        restriction=longest,
    )


def _length(restriction: Restriction) -> tuple[bool, str]:
    return restriction.until is None, restriction.until.isoformat() if restriction.until else ""

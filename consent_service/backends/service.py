"""Records what a site's backend says about its own users, and who has not agreed to what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consent_service.consents import store, store_states
from consent_service.consents.model import ConsentEvent
from consent_service.consents.service import (
    ConsentService,
    NothingToWithdrawError,
    Recorded,
    Request,
)
from consent_service.consents.store import EventFilter
from consent_service.consents.store_states import AgreementStanding
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import Credential
from consent_service.db.engine import Database
from consent_service.ledger import store as ledger_store
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Who has not agreed to a version of a document, of all visitors on record.

    `visitors` is one page. `pending` events are not counted yet: they are a few seconds old.
    """

    total: int
    count: int
    visitors: Sequence[AgreementStanding]
    pending: int


class BackendService:
    """What backends may do beyond what visitors do themselves."""

    def __init__(self, db: Database, consents: ConsentService, subjects: SubjectService) -> None:
        self._db = db
        self._consents = consents
        self._subjects = subjects

    def record_for_subject(self, site: Site, request: Request, subject: str) -> Recorded:
        """Record an act of a site's own user.

        A grant goes to the visitor that was linked last, or to a new one; what may only deny goes
        to all visitors of the subject, so that each of its browsers learns of it. A repeat is
        answered as the first time, and is about those visitors who were linked then.

        Raises:
            KeyReusedError: the key was used for another request.
            NothingToWithdrawError: none of them has anything to end.
        """
        request = replace(request, subject=subject)
        first = self._consents.find_answered(site, request)
        visitors = [
            link.visitor
            for link in reversed(self._subjects.links(site, subject))
            if first is None or link.linked_at <= first.event.ts
        ]
        if visitors and not request.act.is_grant:
            return self._deny(site, request, visitors, first)
        return self._consents.record(site, request, _named(visitors[0]) if visitors else None)

    def _deny(
        self, site: Site, request: Request, visitors: Sequence[str], first: Recorded | None
    ) -> Recorded:
        """Record a denial of each visitor; the key itself belongs to the one that answers."""
        answering = first.event.visitor if first else visitors[0]
        recorded = [first]
        for visitor in visitors:
            own = f"{request.key}:{visitor}" if visitor != answering else request.key
            recorded.append(self._deny_one(site, replace(request, key=own), visitor))
        stored = [each for each in recorded if each]
        if not stored:
            raise NothingToWithdrawError("none of the subject's visitors has anything to withdraw")
        return stored[0]

    def _deny_one(self, site: Site, request: Request, visitor: str) -> Recorded | None:
        try:
            return self._consents.record(site, request, _named(visitor))
        except NothingToWithdrawError:
            return None

    def list_events(
        self, site: Site, wanted: EventFilter, *, after: str | None, limit: int
    ) -> list[ConsentEvent]:
        """Return a page of a site's events behind an event id, oldest first."""
        with self._db.read() as connection:
            return store.list_page(connection, site.site_id, wanted, after=after, limit=limit)

    def list_history(
        self, site: Site, visitor: str, *, before: int | None, limit: int
    ) -> list[ConsentEvent]:
        """Return a page of a visitor's events, newest first, below a `visitor_seq`."""
        with self._db.read() as connection:
            return store.list_events(connection, site.site_id, visitor, limit=limit, before=before)

    def reference_of(self, site: Site, visitor: str) -> str | None:
        """Return the code by which a visitor can name their consent."""
        with self._db.read() as connection:
            latest = store.find_latest(connection, site.site_id, visitor)
        return latest.reference if latest else None

    def missing_agreements(
        self, site: Site, kind: str, number: int, *, after: str | None, limit: int
    ) -> Missing:
        """Return who has not agreed to a version of a document, or to a later one."""
        with self._db.read() as connection:
            return Missing(
                total=store_states.count_visitors(connection, site.site_id),
                count=store_states.count_without_agreement(connection, site.site_id, kind, number),
                visitors=store_states.list_without_agreement(
                    connection, site.site_id, kind, number, after=after, limit=limit
                ),
                pending=ledger_store.count_pending(connection, site.site_id),
            )


def _named(visitor: str) -> Credential:
    return Credential(visitor=visitor, expired=False)

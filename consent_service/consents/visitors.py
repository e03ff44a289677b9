"""Finds visitors by what they or others can name: id, reference, receipt, user of the site."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from consent_service.consents import store, store_erasure, store_holds, store_subjects
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.model import ConsentEvent
from consent_service.consents.receipts import read_receipt
from consent_service.consents.store_erasure import Restriction
from consent_service.consents.subjects import SubjectService
from consent_service.core.keyring import Keyring
from consent_service.db.engine import Database
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom somebody asks for: one of these is given. `receipt` is a JWS, or the file around it."""

    visitor: str | None = None
    reference: str | None = None
    receipt: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is on record about a visitor, with the events oldest first.

    `subjects` is how many users of the site are linked, `held` tells whether a legal hold lasts.
    """

    visitor: str
    reference: str | None
    events: Sequence[ConsentEvent]
    subjects: int
    restriction: Restriction | None
    held: bool


class VisitorService:
    """Answers who somebody is, and what is on record about them."""

    def __init__(self, db: Database, subjects: SubjectService, receipts: Keyring) -> None:
        self._db = db
        self._subjects = subjects
        self._receipts = receipts

    def find(self, site: Site, wanted: Wanted, *, hidden: bool = False) -> list[Record]:
        """Return what is on record about whom somebody asks for; with `hidden`, restricted too.

        Raises:
            VisitorUnknownError: nothing is.
            InvalidRequestError: the receipt is none, or not of this site.
        """
        with self._db.read() as connection:
            visitors = self._visitors(connection, site, wanted, hidden=hidden)
            records = [self._record(connection, site, visitor) for visitor in visitors]
        if not records:
            raise VisitorUnknownError("erased, restricted, or never there")
        return records

    def _visitors(
        self, connection: Connection, site: Site, wanted: Wanted, *, hidden: bool
    ) -> list[str]:
        if wanted.subject is not None:
            hashes = self._subjects.hashes(site, wanted.subject)
            links = store_subjects.list_subject_links(connection, site.site_id, hashes)
            return [link.visitor for link in links]
        event_id = None
        if wanted.receipt is not None:
            event_id = read_receipt(self._receipts, site, wanted.receipt)
        named = {"visitor": wanted.visitor, "reference": wanted.reference, "event_id": event_id}
        given = {name: value for name, value in named.items() if value is not None}
        return store_erasure.list_named(connection, site.site_id, given, hidden=hidden)

    def _record(self, connection: Connection, site: Site, visitor: str) -> Record:
        restriction = store_erasure.find_restriction(connection, site.site_id, visitor)
        events = (
            store_erasure.list_restricted(connection, site.site_id, visitor)
            if restriction
            else store.list_history(connection, site.site_id, visitor)
        )
        return Record(
            visitor=visitor,
            reference=events[-1].reference if events else None,
            events=events,
            subjects=store_subjects.count_subjects(connection, site.site_id, visitor),
            restriction=restriction,
            held=store_holds.is_held(connection, site.site_id, visitor),
        )

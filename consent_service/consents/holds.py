"""Legal holds: while one lasts, nothing that it covers is removed."""

from consent_service.consents import store, store_erasure, store_holds
from consent_service.consents.erasure import ErasureService
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.marks import Marks
from consent_service.consents.store_holds import Hold
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError, NotFoundError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.ledger import store_entries
from consent_service.sites.model import Site

LONGEST_REASON = 500


class HoldUnknownError(NotFoundError):
    """No hold of that id lasts."""

    code = "hold_unknown"
    title = "There is no such hold"


class HoldService:
    """Places and releases legal holds. Each act leaves a leaf that commits to who it was."""

    def __init__(self, db: Database, erasure: ErasureService, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._erasure = erasure
        self._clock = clock
        self._ids = ids
        self._marks = Marks(clock, ids)

    def place(self, site: Site, reason: str, officer_id: str, visitor: str | None) -> Hold:
        """Hold a visitor's record or, without one, all of a site's.

        Raises:
            InvalidRequestError: no reason, or a long one.
            VisitorUnknownError: nothing is on record about the visitor.
        """
        _check(reason)
        personal = {"officer": officer_id} | ({"visitor": visitor} if visitor else {})
        entry = self._marks.hold("retention.held", site, reason, personal)
        hold = Hold(
            hold_id=self._ids.uuid7(),
            visitor=visitor,
            reason=reason,
            officer_id=officer_id,
            created_at=self._clock.now(),
            held_entry=entry.leaf.entry_id,
        )
        with self._db.write() as tx:
            if visitor and not (
                store.hold_visitor(tx, site.site_id, visitor)
                or store_erasure.find_restriction(tx, site.site_id, visitor)
            ):
                raise VisitorUnknownError("erased, or never there")
            store_entries.insert_entries(tx, site.site_id, [entry])
            store_holds.insert_hold(tx, site.site_id, hold)
        return hold

    def release(self, site: Site, hold_id: str, reason: str, officer_id: str) -> int:
        """End a hold, and erase whom it alone kept; return how many events that were.

        Raises:
            InvalidRequestError: no reason, or a long one.
            HoldUnknownError: no such hold lasts.
        """
        _check(reason)
        with self._db.write() as tx:
            lasting = {hold.hold_id: hold for hold in store_holds.list_holds(tx, site.site_id)}
            hold = lasting.get(hold_id)
            if hold is None:
                raise HoldUnknownError(f"no hold {hold_id} of {site.key} lasts")
            about = {"visitor": hold.visitor} if hold.visitor else {}
            personal = {"officer": officer_id, **about}
            entry = self._marks.hold("retention.released", site, reason, personal)
            store_entries.insert_entries(tx, site.site_id, [entry])
            now, entry_id = self._clock.now(), entry.leaf.entry_id
            if not store_holds.release_hold(tx, site.site_id, hold_id, now, entry_id):
                raise HoldUnknownError(f"hold {hold_id} was released at this moment")
        return self._erasure.end_restrictions(site)


def _check(reason: str) -> None:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise InvalidRequestError.of("reason", f"must have 1 to {LONGEST_REASON} characters")

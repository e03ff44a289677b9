"""Compares the projection of visitors' states with the events, and makes it anew from them."""

from dataclasses import dataclass

from sqlalchemy import Connection

from consent_service.consents import store_rebuilding, store_states
from consent_service.consents.model import State
from consent_service.consents.rules.lapse import next_expiry
from consent_service.db.engine import Database
from consent_service.ledger import store_tree

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How many visitors were looked at, and of whom the projection was wrong."""

    visitors: int
    wrong: int


class RebuildingService:
    """Keeps the projections honest: they follow from the events and from nothing else."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def compare(self, site_id: str) -> Rebuilt:
        """Count the visitors of whom the projection does not say what the events say."""
        return self._walk(site_id, mends=False)

    def rebuild(self, site_id: str) -> Rebuilt:
        """Put right what the projection says, a few hundred visitors at a time."""
        return self._walk(site_id, mends=True)

    def _walk(self, site_id: str, *, mends: bool) -> Rebuilt:
        after: str | None = None
        visitors = wrong = 0
        while True:
            with self._db.write() if mends else self._db.read() as connection:
                last, looked, differing = self._page(connection, site_id, after, mends=mends)
            visitors, wrong = visitors + looked, wrong + differing
            if last is None:
                return Rebuilt(visitors=visitors, wrong=wrong)
            after = last

    def _page(
        self, connection: Connection, site_id: str, after: str | None, *, mends: bool
    ) -> tuple[str | None, int, int]:
        if mends:
            # Whoever seals waits, and finds the projection whole.
            store_tree.lock_head(connection, site_id)
        newest = store_rebuilding.list_newest(connection, site_id, after, _PAGE)
        last = newest[-1].visitor if len(newest) == _PAGE else None
        expected = {each.visitor: each for each in newest}
        stored = store_rebuilding.list_stored(connection, site_id, after, last)
        differing = {
            visitor
            for visitor in expected.keys() | stored.keys()
            if _place(expected.get(visitor)) != stored.get(visitor)
        }
        if mends and differing:
            store_rebuilding.delete_stored(connection, site_id, differing)
            rows = [expected[visitor].row for visitor in sorted(differing & expected.keys())]
            store_states.put_states(connection, site_id, rows)
        return last, len(expected), len(differing)


def _place(newest: store_rebuilding.Newest | None) -> store_rebuilding.Stored | None:
    if newest is None:
        return None
    expires_at = next_expiry(State.load(newest.state))
    return store_rebuilding.Stored(newest.event_id, newest.visitor_seq, expires_at)

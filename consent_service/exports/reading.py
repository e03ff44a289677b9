"""Reads the leaves of a bundle, a page in statements of its own: no reader holds a snapshot."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from consent_service.db.engine import Database
from consent_service.exports import store_bundle
from consent_service.exports.leaves import Held, Scope, Stored, Terms, by_leaf, hold, is_overtaken
from consent_service.ledger.model import Log

PAGE = 1000


class LeafReader:
    """Reads the same leaves as often as it is asked; `read` counts them all."""

    def __init__(
        self, db: Database, log: Log, scope: Scope, terms: Terms, *, page: int = PAGE
    ) -> None:
        self._db = db
        self._log = log
        self._scope = scope
        self._terms = terms
        self._page = page
        self.read = 0

    def every(self) -> Iterator[Held]:
        """Yield all leaves by index."""
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[Sequence[Held]]:
        """Yield all leaves by index, a page at a time.

        Raises:
            OvertakenError: something was erased or hidden meanwhile.
            UnexplainedError: something is missing and no control leaf says why.
        """
        done = 0
        while done < self._scope.count:
            with self._db.read() as connection:
                stored = self._list(connection, done)
                mentions = by_leaf(
                    store_bundle.list_mentions(connection, self._log, [e.hash for e in stored])
                )
            yield [hold(each, mentions.get(each.hash, ()), self._terms) for each in stored]
            done += len(stored)
            self.read += len(stored)

    def count_overtaken(self) -> int:
        """Return of how many leaves something went that only a leaf behind the tree tells."""
        count = done = 0
        while done < self._scope.count:
            with self._db.read() as connection:
                stored = self._list(connection, done)
                mentions = by_leaf(
                    store_bundle.list_mentions(connection, self._log, [e.hash for e in stored])
                )
            count += sum(
                is_overtaken(each, mentions.get(each.hash, ()), self._terms) for each in stored
            )
            done += len(stored)
        return count

    def _list(self, connection: Connection, done: int) -> list[Stored]:
        """Read the page behind the first `done` leaves; an append-only log has every one."""
        scope, restricted = self._scope, self._terms.restricted
        if scope.indexes is not None:
            wanted = scope.indexes[done : done + self._page]
            return store_bundle.list_at(connection, self._log, wanted, restricted=restricted)
        first = scope.first + done
        end = min(scope.end, first + self._page)
        return store_bundle.list_span(connection, self._log, first, end, restricted=restricted)

"""Which leaves of a log a filter means."""

from collections.abc import Sequence

from sqlalchemy import Connection

from consent_service.core.errors import InvalidRequestError
from consent_service.exports import store_bundle
from consent_service.exports.leaves import Scope
from consent_service.exports.model import Filter
from consent_service.ledger.model import Log


def find_chosen(
    connection: Connection, log: Log, chosen: Filter, size: int, *, restricted: bool
) -> Sequence[int] | None:
    """Return the indexes of the visitor or the event that is asked for, None without either."""
    if chosen.visitor:
        return store_bundle.list_visitor(
            connection, log, chosen.visitor, size, restricted=restricted
        )
    if chosen.consent:
        return store_bundle.list_event(connection, log, chosen.consent, size)
    return None


def find_scope(
    connection: Connection, log: Log, chosen: Filter, size: int, *, restricted: bool
) -> Scope:
    """Return the leaves of a tree of `size` that a bundle is of.

    Raises:
        InvalidRequestError: that is none.
    """
    indexes = find_chosen(connection, log, chosen, size, restricted=restricted)
    if indexes is not None:
        if not indexes:
            name = "visitor" if chosen.visitor else "consent"
            raise InvalidRequestError.of(name, f"has nothing in the first {size} leaves of the log")
        return Scope(first=0, end=0, indexes=tuple(indexes))
    first, end = 0, size
    if chosen.since:
        first = store_bundle.find_first(connection, log, chosen.since, size)
    if chosen.until:
        end = store_bundle.find_end(connection, log, chosen.until, size)
    if first >= end:
        name = "from" if chosen.since else "to"
        raise InvalidRequestError.of(name, f"no leaf of the first {size} lies in this range")
    return Scope(first=first, end=end)

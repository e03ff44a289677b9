"""Reads events in the order of the log, a page at a time."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select

from consent_service.consents.tables import consent_event
from consent_service.consents.tables_restriction import restricted_event
from consent_service.exports.model import Exported, Filter
from consent_service.ledger.model import EVENT, Log
from consent_service.ledger.tables import ledger_leaf


def list_page(
    connection: Connection,
    of: Log,
    *,
    after: int,
    below: int,
    wanted: Filter,
    limit: int,
    restricted: bool = False,
) -> list[Exported]:
    """Return up to `limit` events whose index is above `after` and below `below`.

    `restricted` shows what is hidden.
    """
    shown = _shown(restricted=restricted)
    query = (
        select(
            ledger_leaf.c.leaf_index,
            ledger_leaf.c.leaf_hash,
            consent_event.c.event_id,
            consent_event.c.leaf,
            consent_event.c.visitor_seq,
            *(column.label(name) for name, column in shown.items()),
        )
        .select_from(_events(restricted=restricted))
        .where(_in_log(of, after, below), *_conditions(wanted, visitor=shown["visitor"]))
        .order_by(ledger_leaf.c.leaf_index)
        .limit(limit)
    )
    return [
        Exported(
            index=row.leaf_index,
            event_id=row.event_id,
            leaf_hash=row.leaf_hash,
            leaf=row.leaf,
            visitor=row.visitor,
            visitor_seq=row.visitor_seq,
            reference=row.reference,
            openings=row.openings,
        )
        for row in connection.execute(query)
    ]


def count_events(
    connection: Connection,
    of: Log,
    *,
    after: int,
    below: int,
    wanted: Filter,
    restricted: bool = False,
) -> int:
    """Return how many events the pages will hold."""
    visitor = _shown(restricted=restricted)["visitor"]
    query = (
        select(func.count())
        .select_from(_events(restricted=restricted))
        .where(_in_log(of, after, below), *_conditions(wanted, visitor=visitor))
    )
    return connection.scalar(query) or 0


def _shown(*, restricted: bool) -> dict[str, ColumnElement[Any]]:
    """Return what names a visitor, also where that is hidden."""
    names = ("visitor", "reference", "openings")
    if not restricted:
        return {name: consent_event.c[name] for name in names}
    return {name: func.coalesce(consent_event.c[name], restricted_event.c[name]) for name in names}


def _events(*, restricted: bool) -> FromClause:
    events = ledger_leaf.join(consent_event, _same_event())
    if not restricted:
        return events
    same = and_(
        restricted_event.c.site_id == consent_event.c.site_id,
        restricted_event.c.event_id == consent_event.c.event_id,
    )
    return events.outerjoin(restricted_event, same)


def _same_event() -> ColumnElement[bool]:
    return and_(
        consent_event.c.site_id == ledger_leaf.c.site_id,
        consent_event.c.event_id == ledger_leaf.c.entry_id,
    )


def _in_log(of: Log, after: int, below: int) -> ColumnElement[bool]:
    return and_(
        ledger_leaf.c.site_id == of.site_id,
        ledger_leaf.c.epoch == of.epoch,
        ledger_leaf.c.leaf_index > after,
        ledger_leaf.c.leaf_index < below,
        ledger_leaf.c.kind == EVENT,
    )


def _conditions(wanted: Filter, *, visitor: ColumnElement[Any]) -> Iterator[ColumnElement[bool]]:
    event = consent_event.c
    if wanted.since is not None:
        yield event.ts >= wanted.since
    if wanted.until is not None:
        yield event.ts < wanted.until
    if wanted.type is not None:
        yield event.type == wanted.type
    if wanted.visitor is not None:
        yield visitor == wanted.visitor
    if wanted.consent is not None:
        yield event.event_id == wanted.consent

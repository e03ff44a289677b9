"""Reads events in the order of the log, a page at a time."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, and_, func, select

from consent_service.consents.tables import consent_event
from consent_service.exports.model import Exported, Filter
from consent_service.ledger.model import EVENT
from consent_service.ledger.tables import ledger_leaf


def list_page(
    connection: Connection,
    site_id: str,
    epoch: int,
    *,
    after: int,
    below: int,
    wanted: Filter,
    limit: int,
) -> list[Exported]:
    """Return up to `limit` events whose index is above `after` and below `below`."""
    query = (
        select(
            ledger_leaf.c.leaf_index,
            ledger_leaf.c.leaf_hash,
            consent_event.c.event_id,
            consent_event.c.leaf,
            consent_event.c.visitor,
            consent_event.c.visitor_seq,
            consent_event.c.reference,
            consent_event.c.openings,
        )
        .join_from(ledger_leaf, consent_event, _same_event())
        .where(_in_log(site_id, epoch, after, below), *_conditions(wanted))
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
    connection: Connection, site_id: str, epoch: int, *, after: int, below: int, wanted: Filter
) -> int:
    """Return how many events the pages will hold."""
    query = (
        select(func.count())
        .select_from(ledger_leaf)
        .join(consent_event, _same_event())
        .where(_in_log(site_id, epoch, after, below), *_conditions(wanted))
    )
    return connection.scalar(query) or 0


def _same_event() -> ColumnElement[bool]:
    return and_(
        consent_event.c.site_id == ledger_leaf.c.site_id,
        consent_event.c.event_id == ledger_leaf.c.entry_id,
    )


def _in_log(site_id: str, epoch: int, after: int, below: int) -> ColumnElement[bool]:
    return and_(
        ledger_leaf.c.site_id == site_id,
        ledger_leaf.c.epoch == epoch,
        ledger_leaf.c.leaf_index > after,
        ledger_leaf.c.leaf_index < below,
        ledger_leaf.c.kind == EVENT,
    )


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    event = consent_event.c
    if wanted.since is not None:
        yield event.ts >= wanted.since
    if wanted.until is not None:
        yield event.ts < wanted.until
    if wanted.type is not None:
        yield event.type == wanted.type
    if wanted.visitor is not None:
        yield event.visitor == wanted.visitor
    if wanted.consent is not None:
        yield event.event_id == wanted.consent

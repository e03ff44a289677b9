"""Reads and writes consent events, idempotency rows and links."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select
from sqlalchemy import Row as ResultRow

from consent_service.consents.model import ConsentEvent, EventType
from consent_service.consents.tables import consent_event, idempotency, visitor_link
from consent_service.db.unit import Row, Unit
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import EVENT, Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatable:
    """An idempotency key with what it was used for, both as SHA-256."""

    key_hash: bytes
    request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorLink:
    """A one-use address of the preference page."""

    token_hash: bytes
    visitor: str
    return_to: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; what is None does not matter."""

    type: str | None = None
    visitor: str | None = None
    reference: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def event_unit(
    site_id: str, event: ConsentEvent, key: Repeatable, previous: ConsentEvent | None
) -> Unit:
    """Return the unit that stores an event with its key, for the sealer, behind the previous."""
    once = Row(
        idempotency,
        {
            "site_id": site_id,
            "key_hash": key.key_hash,
            "request_hash": key.request_hash,
            "event_id": event.event_id,
            "created_at": event.ts,
        },
    )
    rows = (Row(consent_event, _columns(site_id, event)), _pending(site_id, event))
    given = None
    if previous is not None:
        same = {"site_id": site_id, "event_id": previous.event_id, "visitor": previous.visitor}
        given = Row(consent_event, same)
    return Unit(once=once, rows=rows, given=given)


def insert_event(tx: Connection, site_id: str, event: ConsentEvent) -> None:
    """Store an event inside a larger transaction."""
    insert_events(tx, site_id, [event])


def insert_events(tx: Connection, site_id: str, events: Sequence[ConsentEvent]) -> None:
    """Store events inside a larger transaction."""
    tx.execute(insert(consent_event), [_columns(site_id, event) for event in events])
    pending = [_pending(site_id, event) for event in events]
    tx.execute(insert(pending[0].table), [dict(row.values) for row in pending])


def find_latest(
    connection: Connection, site_id: str, visitor: str, at: datetime | None = None
) -> ConsentEvent | None:
    """Return a visitor's newest event, or the newest one by a moment."""
    found = list_events(connection, site_id, visitor, limit=1, at=at)
    return found[0] if found else None


def hold_visitor(tx: Connection, site_id: str, visitor: str) -> bool:
    """Tell whether a visitor is on record, and keep an erasure waiting until the transaction ends.

    The erasure then finds what this transaction stores about the visitor.
    """
    query = (
        select(consent_event.c.event_id)
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor == visitor)
        .order_by(consent_event.c.visitor_seq)
        .limit(1)
        .with_for_update(read=True)
    )
    return tx.scalar(query) is not None


def find_event(connection: Connection, site_id: str, event_id: str) -> ConsentEvent | None:
    """Return an event by its id, unless it is redacted."""
    query = select(consent_event).where(
        consent_event.c.site_id == site_id,
        consent_event.c.event_id == event_id,
        consent_event.c.leaf.is_not(None),
    )
    found = connection.execute(query).one_or_none()
    return read_event(found) if found else None


def list_events_of(
    connection: Connection, site_id: str, visitors: Sequence[str], at: datetime
) -> list[ConsentEvent]:
    """Return the events of some visitors that may hold a decision made at a moment, newest first.

    Those are the ones received then, and imports, whose decisions are older than they are.
    """
    query = (
        select(consent_event)
        .where(
            consent_event.c.site_id == site_id,
            consent_event.c.visitor.in_(visitors),
            or_(consent_event.c.ts == at, consent_event.c.type == EventType.IMPORTED.value),
        )
        .order_by(consent_event.c.event_id.desc())
    )
    return [read_event(row) for row in connection.execute(query)]


def list_page(
    connection: Connection, site_id: str, wanted: EventFilter, *, after: str | None, limit: int
) -> list[ConsentEvent]:
    """Return events of a site behind an event id, oldest first, without those that are redacted."""
    conditions = [
        column == value
        for column, value in (
            (consent_event.c.type, wanted.type),
            (consent_event.c.visitor, wanted.visitor),
            (consent_event.c.reference, wanted.reference),
        )
        if value is not None
    ]
    if wanted.since is not None:
        conditions.append(consent_event.c.ts >= wanted.since)
    if wanted.until is not None:
        conditions.append(consent_event.c.ts < wanted.until)
    if after is not None:
        conditions.append(consent_event.c.event_id > after)
    query = (
        select(consent_event)
        .where(consent_event.c.site_id == site_id, consent_event.c.leaf.is_not(None), *conditions)
        .order_by(consent_event.c.event_id)
        .limit(limit)
    )
    return [read_event(row) for row in connection.execute(query)]


def list_events(
    connection: Connection,
    site_id: str,
    visitor: str,
    *,
    limit: int,
    before: int | None = None,
    at: datetime | None = None,
) -> list[ConsentEvent]:
    """Return a visitor's events, newest first, below a `visitor_seq` or by a moment."""
    query = (
        select(consent_event)
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor == visitor)
        .order_by(consent_event.c.visitor_seq.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(consent_event.c.visitor_seq < before)
    if at is not None:
        query = query.where(consent_event.c.ts <= at)
    return [read_event(row) for row in connection.execute(query)]


def list_history(connection: Connection, site_id: str, visitor: str) -> list[ConsentEvent]:
    """Return all of a visitor's events, oldest first."""
    query = (
        select(consent_event)
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor == visitor)
        .order_by(consent_event.c.visitor_seq)
    )
    return [read_event(row) for row in connection.execute(query)]


def find_repeated(
    connection: Connection, site_id: str, key_hash: bytes
) -> tuple[bytes, ConsentEvent] | None:
    """Return what a key was used for: the request's hash and the event, erased or redacted too."""
    same_event = (consent_event.c.site_id == idempotency.c.site_id) & (
        consent_event.c.event_id == idempotency.c.event_id
    )
    query = (
        select(idempotency.c.request_hash, consent_event)
        .join_from(idempotency, consent_event, same_event)
        .where(idempotency.c.site_id == site_id, idempotency.c.key_hash == key_hash)
    )
    found = connection.execute(query).one_or_none()
    return (found.request_hash, read_event(found)) if found else None


def insert_link(tx: Connection, site_id: str, link: VisitorLink) -> None:
    """Store a one-use address."""
    tx.execute(
        insert(visitor_link).values(
            site_id=site_id,
            token_hash=link.token_hash,
            visitor=link.visitor,
            return_to=link.return_to,
            expires_at=link.expires_at,
        )
    )


def take_link(tx: Connection, site_id: str, token_hash: bytes) -> VisitorLink | None:
    """Return a one-use address and remove it."""
    taken = (
        delete(visitor_link)
        .where(visitor_link.c.site_id == site_id, visitor_link.c.token_hash == token_hash)
        .returning(visitor_link.c.visitor, visitor_link.c.return_to, visitor_link.c.expires_at)
    )
    row = tx.execute(taken).one_or_none()
    if row is None:
        return None
    return VisitorLink(
        token_hash=token_hash,
        visitor=row.visitor,
        return_to=row.return_to,
        expires_at=row.expires_at,
    )


def delete_expired(tx: Connection, links_before: datetime, keys_before: datetime) -> int:
    """Remove links and idempotency keys whose time is over; return how many rows went."""
    links = tx.execute(delete(visitor_link).where(visitor_link.c.expires_at < links_before))
    keys = tx.execute(delete(idempotency).where(idempotency.c.created_at < keys_before))
    return links.rowcount + keys.rowcount


def _pending(site_id: str, event: ConsentEvent) -> Row:
    leaf = Leaf(
        entry_id=event.event_id, kind=EVENT, ts=event.ts, text=event.leaf, hash=event.leaf_hash
    )
    return ledger_store.pending_row(site_id, leaf)


def _columns(site_id: str, event: ConsentEvent) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "event_id": event.event_id,
        "visitor": event.visitor,
        "visitor_seq": event.visitor_seq,
        "type": event.type.value,
        "ts": event.ts,
        "leaf": event.leaf,
        "leaf_hash": event.leaf_hash,
        "openings": json.dumps(event.openings),
        "reference": event.reference,
        "state": event.state,
    }


def read_event(row: ResultRow[Any]) -> ConsentEvent:
    """Return the event of a row with the columns of the table of events."""
    return ConsentEvent(
        event_id=row.event_id,
        visitor=row.visitor,
        visitor_seq=row.visitor_seq,
        type=EventType(row.type),
        ts=row.ts,
        leaf=row.leaf,
        leaf_hash=row.leaf_hash,
        openings=tuple(json.loads(row.openings)) if row.openings else (),
        reference=row.reference,
        state=row.state,
    )

"""Reads logs row by row, to check them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, exists, select

from consent_service.consents.tables import consent_event
from consent_service.ledger.model import EVENT, Log
from consent_service.ledger.tables import (
    ledger_entry,
    ledger_leaf,
    ledger_mention,
    ledger_pending,
    ledger_tile,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """The columns of an event that repeat what its leaf says."""

    type: str
    ts: datetime
    is_named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLeaf:
    """A sealed leaf with the row that it is of; `stored_hash` is None where there is no such row.

    `text` is None where it is redacted; `event` is None for a control leaf.
    """

    index: int
    entry_id: str
    hash: bytes
    stored_hash: bytes | None
    text: str | None
    openings: str | None
    event: StoredEvent | None


def list_leaves(connection: Connection, log: Log, first: int, limit: int) -> list[StoredLeaf]:
    """Return sealed leaves from an index on."""
    leaf, event, entry = ledger_leaf.c, consent_event.c, ledger_entry.c
    query = (
        select(
            leaf.leaf_index,
            leaf.entry_id,
            leaf.leaf_hash,
            leaf.kind,
            event.leaf_hash.label("event_hash"),
            event.leaf.label("event_leaf"),
            event.openings.label("event_openings"),
            event.type,
            event.ts,
            event.visitor,
            entry.leaf_hash.label("entry_hash"),
            entry.leaf.label("entry_leaf"),
            entry.openings.label("entry_openings"),
        )
        .join_from(
            ledger_leaf,
            consent_event,
            and_(event.site_id == leaf.site_id, event.event_id == leaf.entry_id),
            isouter=True,
        )
        .join(
            ledger_entry,
            and_(entry.site_id == leaf.site_id, entry.entry_id == leaf.entry_id),
            isouter=True,
        )
        .where(leaf.site_id == log.site_id, leaf.epoch == log.epoch, leaf.leaf_index >= first)
        .order_by(leaf.leaf_index)
        .limit(limit)
    )
    return [_stored(row) for row in connection.execute(query)]


def list_tiles(
    connection: Connection, log: Log, level: int, first: int, limit: int
) -> dict[int, tuple[bytes, bytes]]:
    """Return by index the hashes and the root of full tiles of a level."""
    tile = ledger_tile.c
    query = (
        select(tile.tile_index, tile.hashes, tile.root)
        .where(tile.site_id == log.site_id, tile.epoch == log.epoch, tile.level == level)
        .where(tile.tile_index >= first, tile.tile_index < first + limit)
    )
    return {row.tile_index: (row.hashes, row.root) for row in connection.execute(query)}


def list_mentions(
    connection: Connection, site_id: str, hashes: Sequence[bytes]
) -> Iterator[tuple[bytes, str]]:
    """Yield the control leaves about some leaves: which it is about, and its text."""
    mention, entry = ledger_mention.c, ledger_entry.c
    same = and_(entry.site_id == mention.site_id, entry.entry_id == mention.entry_id)
    query = select(mention.leaf_hash, entry.leaf).join_from(ledger_mention, ledger_entry, same)
    rows = connection.execute(
        query.where(mention.site_id == site_id, mention.leaf_hash.in_(hashes))
    )
    return ((row.leaf_hash, row.leaf) for row in rows)


def find_unaccounted(connection: Connection, site_id: str, epochs: Sequence[int]) -> str | None:
    """Return the id of a stored leaf that is neither sealed nor waits to be."""
    for table, key in ((consent_event, "event_id"), (ledger_entry, "entry_id")):
        found = connection.scalar(_unaccounted(table, key, site_id, epochs))
        if found is not None:
            return str(found)
    return None


def _unaccounted(table: Table, key: str, site_id: str, epochs: Sequence[int]) -> Select[Any]:
    sealed, waiting = ledger_leaf.c, ledger_pending.c
    # Naming the epochs lets SQLite find each row by its key.
    is_sealed = exists().where(
        sealed.site_id == site_id, sealed.epoch.in_(epochs), sealed.entry_id == table.c[key]
    )
    waits = exists().where(waiting.site_id == site_id, waiting.entry_id == table.c[key])
    query = select(table.c[key]).where(table.c.site_id == site_id, ~is_sealed, ~waits)
    return query.order_by(table.c[key]).limit(1)


def find_foreign_pending(connection: Connection, site_id: str) -> str | None:
    """Return the id of what waits to be sealed but is not stored."""
    waiting, event, entry = ledger_pending.c, consent_event.c, ledger_entry.c
    is_event = exists().where(event.site_id == site_id, event.event_id == waiting.entry_id)
    is_entry = exists().where(entry.site_id == site_id, entry.entry_id == waiting.entry_id)
    query = select(waiting.entry_id).where(waiting.site_id == site_id, ~is_event, ~is_entry)
    return connection.scalar(query.limit(1))


def _stored(row: Any) -> StoredLeaf:
    is_event = row.kind == EVENT
    of_event = StoredEvent(type=row.type, ts=row.ts, is_named=row.visitor is not None)
    return StoredLeaf(
        index=row.leaf_index,
        entry_id=row.entry_id,
        hash=row.leaf_hash,
        stored_hash=row.event_hash if is_event else row.entry_hash,
        text=row.event_leaf if is_event else row.entry_leaf,
        openings=row.event_openings if is_event else row.entry_openings,
        event=of_event if is_event and row.event_hash is not None else None,
    )

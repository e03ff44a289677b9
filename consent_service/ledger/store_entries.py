"""Reads and writes control leaves many at a time, with the openings of what they commit to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from consent_service.ledger import store
from consent_service.ledger.model import Leaf
from consent_service.ledger.tables import ledger_entry, ledger_mention, ledger_pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A control leaf to store: the leaves it is about, and the openings of its `priv`."""

    leaf: Leaf
    mentions: Sequence[bytes] = ()
    openings: Sequence[str] = ()


def insert_entries(tx: Connection, site_id: str, entries: Sequence[Entry]) -> None:
    """Store control leaves that wait for their index."""
    if not entries:
        return
    leaves = [each.leaf for each in entries]
    tx.execute(insert(ledger_entry), [_columns(site_id, each) for each in entries])
    waiting = [dict(store.pending_row(site_id, leaf).values) for leaf in leaves]
    tx.execute(insert(ledger_pending), waiting)
    mentions = [
        {"site_id": site_id, "leaf_hash": mentioned, "entry_id": each.leaf.entry_id}
        for each in entries
        for mentioned in each.mentions
    ]
    if mentions:
        tx.execute(insert(ledger_mention), mentions)


def clear_openings(
    tx: Connection, site_id: str, entry_ids: Sequence[str]
) -> list[tuple[bytes, str]]:
    """Remove the openings of control leaves; return hash and text of those that had any."""
    cleared = (
        update(ledger_entry)
        .where(
            ledger_entry.c.site_id == site_id,
            ledger_entry.c.entry_id.in_(entry_ids),
            ledger_entry.c.openings.is_not(None),
        )
        .values(openings=None)
        .returning(ledger_entry.c.leaf_hash, ledger_entry.c.leaf)
    )
    return [(row.leaf_hash, row.leaf) for row in tx.execute(cleared)]


def list_entries(connection: Connection, site_id: str, leaf_hash: bytes) -> list[str]:
    """Return the texts of the control leaves about a leaf."""
    same = (ledger_entry.c.site_id == ledger_mention.c.site_id) & (
        ledger_entry.c.entry_id == ledger_mention.c.entry_id
    )
    query = (
        select(ledger_entry.c.leaf)
        .join_from(ledger_mention, ledger_entry, same)
        .where(ledger_mention.c.site_id == site_id, ledger_mention.c.leaf_hash == leaf_hash)
        .order_by(ledger_entry.c.entry_id)
    )
    return list(connection.scalars(query))


def _columns(site_id: str, entry: Entry) -> dict[str, object]:
    return {
        "site_id": site_id,
        "entry_id": entry.leaf.entry_id,
        "ts": entry.leaf.ts,
        "leaf": entry.leaf.text,
        "leaf_hash": entry.leaf.hash,
        "openings": json.dumps(list(entry.openings)) if entry.openings else None,
    }

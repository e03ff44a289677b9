"""Reads and writes the log's tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from consent_service.db.unit import Row
from consent_service.ledger.model import FIRST_EPOCH, Leaf, Log, Pending
from consent_service.ledger.tables import (
    installation,
    ledger_entry,
    ledger_head,
    ledger_leaf,
    ledger_mention,
    ledger_pending,
    log,
)

_LOG_NAME = "log_name"


def find_log_name(connection: Connection) -> str | None:
    """Return the name that all logs of this installation begin with."""
    return connection.scalar(select(installation.c.value).where(installation.c.name == _LOG_NAME))


def insert_log_name(tx: Connection, value: str) -> None:
    """Fix the installation's log name."""
    tx.execute(insert(installation).values(name=_LOG_NAME, value=value))


def insert_log(tx: Connection, site_id: str, origin: str, created_at: datetime) -> None:
    """Begin the first epoch of a site's log."""
    row = {"site_id": site_id, "epoch": FIRST_EPOCH, "origin": origin, "created_at": created_at}
    tx.execute(insert(log).values(row))
    tx.execute(insert(ledger_head).values(site_id=site_id, epoch=FIRST_EPOCH))


def insert_entry(tx: Connection, site_id: str, leaf: Leaf, mentions: Sequence[bytes] = ()) -> None:
    """Store a control leaf that waits for its index; `mentions` are the leaves it is about."""
    insert_sealed_entry(tx, site_id, leaf)
    tx.execute(insert(ledger_pending).values(dict(pending_row(site_id, leaf).values)))
    insert_mentions(tx, site_id, leaf, mentions)


def insert_mentions(tx: Connection, site_id: str, leaf: Leaf, mentions: Sequence[bytes]) -> None:
    """Note which leaves a control leaf is about, by their hashes."""
    if mentions:
        about = {"site_id": site_id, "entry_id": leaf.entry_id}
        tx.execute(insert(ledger_mention), [{**about, "leaf_hash": each} for each in mentions])


def insert_sealed_entry(tx: Connection, site_id: str, leaf: Leaf) -> None:
    """Store a control leaf that gets its index in the same transaction."""
    tx.execute(insert(ledger_entry).values(_entry(site_id, leaf)))


def pending_row(site_id: str, leaf: Leaf) -> Row:
    """Return the row by which the sealer finds a leaf."""
    return Row(
        ledger_pending,
        {
            "site_id": site_id,
            "entry_id": leaf.entry_id,
            "kind": leaf.kind,
            "leaf_hash": leaf.hash,
        },
    )


def find_oldest_pending(connection: Connection, site_id: str) -> str | None:
    """Return the id of the entry of a site that waits longest."""
    oldest: str | None = connection.scalar(_oldest().where(ledger_pending.c.site_id == site_id))
    return oldest


def find_oldest_pending_of_all(connection: Connection) -> str | None:
    """Return the id of the entry that waits longest, over all sites."""
    of_each = _oldest().where(ledger_pending.c.site_id == ledger_head.c.site_id)
    oldest = connection.scalars(select(of_each.scalar_subquery()).select_from(ledger_head))
    return min(filter(None, oldest), default=None)


def _oldest() -> Select[Any]:
    return select(ledger_pending.c.entry_id).order_by(ledger_pending.c.entry_id).limit(1)


def count_pending(connection: Connection, site_id: str) -> int:
    """Return how many leaves of a site wait for an index."""
    query = (
        select(func.count()).select_from(ledger_pending).where(ledger_pending.c.site_id == site_id)
    )
    return connection.scalar(query) or 0


def get_epoch(connection: Connection, site_id: str) -> int:
    """Return the number of a site's newest epoch."""
    newest = select(ledger_head.c.epoch).where(ledger_head.c.site_id == site_id)
    return int(connection.execute(newest).scalar_one())


def count_leaves(connection: Connection, site_id: str, epoch: int) -> int:
    """Return the size of a log: indexes run from 0 without a gap."""
    of_log = (ledger_leaf.c.site_id == site_id) & (ledger_leaf.c.epoch == epoch)
    highest = connection.scalar(select(func.max(ledger_leaf.c.leaf_index)).where(of_log))
    return 0 if highest is None else int(highest) + 1


def is_pending(connection: Connection, site_id: str, entry_id: str) -> bool:
    """Tell whether an entry waits for its index."""
    pending = ledger_pending.c
    query = select(pending.entry_id).where(pending.site_id == site_id, pending.entry_id == entry_id)
    return connection.scalar(query) is not None


def find_index(connection: Connection, of: Log, entry_id: str) -> int | None:
    """Return the index of an entry in a log."""
    leaf = ledger_leaf.c
    query = select(leaf.leaf_index).where(
        leaf.site_id == of.site_id, leaf.epoch == of.epoch, leaf.entry_id == entry_id
    )
    return connection.scalar(query)


def list_pending(tx: Connection, site_id: str, limit: int) -> list[Pending]:
    """Return the oldest leaves that wait, in the order of their entry ids."""
    query = (
        select(ledger_pending)
        .where(ledger_pending.c.site_id == site_id)
        .order_by(ledger_pending.c.entry_id)
        .limit(limit)
    )
    return [
        Pending(entry_id=row.entry_id, kind=row.kind, hash=row.leaf_hash)
        for row in tx.execute(query)
    ]


def insert_leaves(tx: Connection, site: Log, first_index: int, leaves: Sequence[Pending]) -> None:
    """Give leaves the indexes from `first_index` on."""
    rows = [
        {
            "site_id": site.site_id,
            "epoch": site.epoch,
            "leaf_index": first_index + offset,
            "leaf_hash": leaf.hash,
            "kind": leaf.kind,
            "entry_id": leaf.entry_id,
        }
        for offset, leaf in enumerate(leaves)
    ]
    tx.execute(insert(ledger_leaf), rows)


def delete_pending(tx: Connection, site_id: str, leaves: Sequence[Pending]) -> None:
    """Take sealed leaves off the list of those that wait."""
    of_site = ledger_pending.c.site_id == site_id
    sealed = ledger_pending.c.entry_id.in_([leaf.entry_id for leaf in leaves])
    tx.execute(delete(ledger_pending).where(of_site & sealed))


def _entry(site_id: str, leaf: Leaf) -> dict[str, object]:
    return {
        "site_id": site_id,
        "entry_id": leaf.entry_id,
        "ts": leaf.ts,
        "leaf": leaf.text,
        "leaf_hash": leaf.hash,
    }

"""Reads and writes checkpoints and the heads of logs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, true, update

from consent_service.core.checkpoints import Checkpoint
from consent_service.ledger.model import Head, Log, SignedCheckpoint
from consent_service.ledger.tables import (
    checkpoint,
    ledger_entry,
    ledger_head,
    ledger_leaf,
    ledger_pending,
    log,
)


def lock_head(tx: Connection, site_id: str) -> Head:
    """Return the newest epoch of a site's log, locked until the transaction ends."""
    return _head(tx.execute(_heads(site_id).with_for_update(of=ledger_head)).one())


def get_head(connection: Connection, site_id: str) -> Head:
    """Return the newest epoch of a site's log."""
    return _head(connection.execute(_heads(site_id)).one())


def list_due(
    connection: Connection, keys_hash: bytes, *, limit: int, site_id: str | None
) -> Sequence[str]:
    """Return ids of sites whose logs have something to seal, to publish or to tell of keys.

    With `site_id` only that one.
    """
    head = ledger_head.c
    waiting = select(ledger_pending.c.site_id).where(ledger_pending.c.site_id == head.site_id)
    due = or_(
        waiting.exists(),
        head.unpublished.is_not(None),
        head.keys_hash.is_distinct_from(keys_hash),
    )
    wanted = true() if site_id is None else head.site_id == site_id
    return connection.scalars(select(head.site_id).where(due, wanted).limit(limit)).all()


def name_keys(tx: Connection, site_id: str, keys_hash: bytes, entry_id: str) -> None:
    """Note which keys a log has named, and in which leaf."""
    values = {"keys_hash": keys_hash, "keys_entry": entry_id}
    tx.execute(update(ledger_head).where(ledger_head.c.site_id == site_id).values(values))


def insert_checkpoint(tx: Connection, of: Log, signed: SignedCheckpoint) -> None:
    """Store a checkpoint that is not published yet."""
    size = signed.checkpoint.size
    tx.execute(
        insert(checkpoint).values(
            site_id=of.site_id,
            epoch=of.epoch,
            size=size,
            root=signed.checkpoint.root,
            note=signed.note,
            created_at=signed.created_at,
        )
    )
    head = update(ledger_head).where(ledger_head.c.site_id == of.site_id)
    tx.execute(head.values(unpublished=size))


def publish(tx: Connection, sizes: Mapping[Log, int], now: datetime) -> None:
    """Publish a checkpoint of each of these logs."""
    for of, size in sizes.items():
        unpublished = _of(of) & (checkpoint.c.size == size) & checkpoint.c.published_at.is_(None)
        tx.execute(update(checkpoint).where(unpublished).values(published_at=now))
    heads = ledger_head.c.site_id.in_([of.site_id for of in sizes])
    tx.execute(update(ledger_head).where(heads).values(unpublished=None))


def find_newest(
    connection: Connection, of: Log, *, published: bool = False
) -> SignedCheckpoint | None:
    """Return the newest checkpoint of a log, or the newest that is published."""
    query = select(checkpoint).where(_of(of)).order_by(checkpoint.c.size.desc()).limit(1)
    if published:
        query = query.where(checkpoint.c.published_at.is_not(None))
    found = connection.execute(query).one_or_none()
    return _signed(of, found) if found else None


def find_checkpoint(connection: Connection, of: Log, size: int) -> SignedCheckpoint | None:
    """Return a log's checkpoint of a size."""
    found = connection.execute(
        select(checkpoint).where(_of(of), checkpoint.c.size == size)
    ).one_or_none()
    return _signed(of, found) if found else None


def list_checkpoints(
    connection: Connection, of: Log, after: int, limit: int
) -> list[SignedCheckpoint]:
    """Return checkpoints above a size, published or not, by size."""
    query = select(checkpoint).where(_of(of), checkpoint.c.size > after)
    rows = connection.execute(query.order_by(checkpoint.c.size).limit(limit))
    return [_signed(of, row) for row in rows]


def list_leaf_hashes(connection: Connection, of: Log, first: int, limit: int) -> list[bytes]:
    """Return leaf hashes from an index on."""
    leaf = ledger_leaf.c
    query = (
        select(leaf.leaf_hash)
        .where(leaf.site_id == of.site_id, leaf.epoch == of.epoch, leaf.leaf_index >= first)
        .order_by(leaf.leaf_index)
        .limit(limit)
    )
    return list(connection.scalars(query))


def list_heads(connection: Connection) -> list[Log]:
    """Return the newest epoch of every log."""
    newest = and_(log.c.site_id == ledger_head.c.site_id, log.c.epoch == ledger_head.c.epoch)
    rows = connection.execute(select(log).join_from(ledger_head, log, newest))
    return [_log(row) for row in rows]


def list_logs(connection: Connection) -> list[Log]:
    """Return every epoch of every log."""
    rows = connection.execute(select(log).order_by(log.c.site_id, log.c.epoch))
    return [_log(row) for row in rows]


def begin_epoch(tx: Connection, previous: Log, epoch: int, now: datetime) -> Log:
    """Begin a later epoch than `previous`. Leaves that no published checkpoint holds wait again."""
    new = Log(site_id=previous.site_id, epoch=epoch, origin=previous.origin)
    row = {"site_id": new.site_id, "epoch": new.epoch, "origin": new.origin, "created_at": now}
    tx.execute(insert(log).values(row))
    newest = find_newest(tx, previous, published=True)
    leaf = ledger_leaf.c
    unpublished = (
        select(leaf.site_id, leaf.entry_id, leaf.kind, leaf.leaf_hash)
        .where(leaf.site_id == previous.site_id, leaf.epoch == previous.epoch)
        .where(leaf.leaf_index >= (newest.checkpoint.size if newest else 0))
    )
    columns = ["site_id", "entry_id", "kind", "leaf_hash"]
    tx.execute(insert(ledger_pending).from_select(columns, unpublished))
    fresh = {"epoch": new.epoch, "keys_hash": None, "keys_entry": None, "unpublished": None}
    tx.execute(update(ledger_head).where(ledger_head.c.site_id == new.site_id).values(fresh))
    return new


def find_keys_leaf(connection: Connection, site_id: str) -> str | None:
    """Return the text of the control leaf that names a log's keys of now."""
    entry, head = ledger_entry.c, ledger_head.c
    named = and_(entry.site_id == head.site_id, entry.entry_id == head.keys_entry)
    query = select(entry.leaf).join_from(ledger_head, ledger_entry, named)
    return connection.scalar(query.where(head.site_id == site_id))


def _heads(site_id: str) -> Any:
    newest = and_(log.c.site_id == ledger_head.c.site_id, log.c.epoch == ledger_head.c.epoch)
    query = select(log, ledger_head.c.keys_hash).join_from(ledger_head, log, newest)
    return query.where(ledger_head.c.site_id == site_id)


def _of(of: Log) -> ColumnElement[bool]:
    return and_(checkpoint.c.site_id == of.site_id, checkpoint.c.epoch == of.epoch)


def _head(row: Row[Any]) -> Head:
    return Head(log=_log(row), keys_hash=row.keys_hash)


def _log(row: Row[Any]) -> Log:
    return Log(site_id=row.site_id, epoch=row.epoch, origin=row.origin)


def _signed(of: Log, row: Row[Any]) -> SignedCheckpoint:
    return SignedCheckpoint(
        checkpoint=Checkpoint(origin=of.tree, size=row.size, root=row.root),
        note=row.note,
        created_at=row.created_at,
        published_at=row.published_at,
    )

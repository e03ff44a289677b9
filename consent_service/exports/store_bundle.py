"""Reads what a bundle is made from, a page at a time."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from consent_service.consents.tables import consent_event
from consent_service.consents.tables_restriction import restricted_event
from consent_service.exports.leaves import Mention, Stored
from consent_service.ledger.model import CONTROL, Log
from consent_service.ledger.tables import (
    checkpoint,
    ledger_entry,
    ledger_head,
    ledger_leaf,
    ledger_mention,
    ledger_pending,
    log,
)

_WINDOW = 20_000


def find_log(connection: Connection, site_id: str, epoch: int | None) -> Log | None:
    """Return an epoch of a site's log; the newest one where none is named."""
    query = select(log).where(log.c.site_id == site_id)
    if epoch is None:
        query = query.join(
            ledger_head,
            and_(ledger_head.c.site_id == log.c.site_id, ledger_head.c.epoch == log.c.epoch),
        )
    else:
        query = query.where(log.c.epoch == epoch)
    row = connection.execute(query).one_or_none()
    return Log(site_id=row.site_id, epoch=row.epoch, origin=row.origin) if row else None


def list_earlier(connection: Connection, of: Log, size: int, limit: int) -> list[int]:
    """Return the sizes of up to `limit` published checkpoints below a size, spread evenly."""
    found = set()
    for part in range(1, limit + 1):
        below = checkpoint.c.size < size
        if part < limit:
            below = checkpoint.c.size <= size * part // limit
        query = select(checkpoint.c.size).where(
            checkpoint.c.site_id == of.site_id,
            checkpoint.c.epoch == of.epoch,
            checkpoint.c.published_at.is_not(None),
            below,
            checkpoint.c.size > 0,
        )
        found.add(connection.scalar(query.order_by(checkpoint.c.size.desc()).limit(1)))
    return sorted(each for each in found if each is not None)


def list_span(
    connection: Connection, of: Log, first: int, end: int, *, restricted: bool = False
) -> list[Stored]:
    """Return the leaves from index `first` to below `end`; `restricted` shows hidden openings."""
    leaf = ledger_leaf.c
    query = _leaves(of, restricted=restricted).where(
        leaf.leaf_index >= first, leaf.leaf_index < end
    )
    return list(_stored(connection, query.order_by(leaf.leaf_index)))


def list_at(
    connection: Connection, of: Log, indexes: Sequence[int], *, restricted: bool = False
) -> list[Stored]:
    """Return the leaves at some indexes, in their order; `restricted` shows hidden openings."""
    query = _leaves(of, restricted=restricted).where(ledger_leaf.c.leaf_index.in_(indexes))
    return list(_stored(connection, query.order_by(ledger_leaf.c.leaf_index)))


def list_mentions(connection: Connection, of: Log, hashes: Sequence[bytes]) -> list[Mention]:
    """Return what control leaves say of some leaves, in the order of the log."""
    control = and_(
        ledger_leaf.c.site_id == ledger_mention.c.site_id,
        ledger_leaf.c.epoch == of.epoch,
        ledger_leaf.c.entry_id == ledger_mention.c.entry_id,
    )
    mention = ledger_mention.c
    query = (
        select(mention.leaf_hash, mention.entry_id, ledger_leaf.c.leaf_index)
        .join_from(ledger_mention, ledger_leaf, control, isouter=True)
        .where(mention.site_id == of.site_id, mention.leaf_hash.in_(hashes))
        .order_by(mention.leaf_hash, mention.entry_id)
    )
    rows = connection.execute(query).all()
    types = _types(connection, of, sorted({row.entry_id for row in rows}))
    return [
        Mention(leaf_hash=row.leaf_hash, type=types[row.entry_id], index=row.leaf_index)
        for row in rows
    ]


def list_key_leaves(connection: Connection, of: Log, below: int) -> list[int]:
    """Return the indexes of the leaves that name keys: the genesis and each rotation."""
    leaf, mention = ledger_leaf.c, ledger_mention.c
    genesis = select(leaf.leaf_hash).where(_of(of), leaf.leaf_index == 0).scalar_subquery()
    same = and_(leaf.site_id == mention.site_id, leaf.entry_id == mention.entry_id)
    rotations = (
        select(leaf.leaf_index)
        .join_from(ledger_mention, ledger_leaf, same)
        .where(mention.site_id == of.site_id, mention.leaf_hash == genesis)
        .where(_of(of), leaf.leaf_index > 0, leaf.leaf_index < below)
        .order_by(leaf.leaf_index)
    )
    return [0, *connection.scalars(rotations)]


def list_visitor(
    connection: Connection, of: Log, visitor: str, below: int, *, restricted: bool = False
) -> list[int]:
    """Return the indexes of a visitor's events; `restricted` finds one who is hidden."""
    named = consent_event.c.visitor == visitor
    if restricted:
        hidden = select(restricted_event.c.event_id).where(
            restricted_event.c.site_id == of.site_id, restricted_event.c.visitor == visitor
        )
        named = or_(named, consent_event.c.event_id.in_(hidden))
    return _indexes(connection, of, below, named)


def list_event(connection: Connection, of: Log, event_id: str, below: int) -> list[int]:
    """Return the index of an event, if it has one."""
    return _indexes(connection, of, below, consent_event.c.event_id == event_id)


def find_first(connection: Connection, of: Log, since: datetime, size: int) -> int:
    """Return the index of the first leaf at or after a time; `size` where there is none."""
    for first in range(0, size, _WINDOW):
        query = _times(of, func.min(ledger_leaf.c.leaf_index), first, min(size, first + _WINDOW))
        found = connection.scalar(query.where(_ts() >= since))
        if found is not None:
            return int(found)
    return size


def find_end(connection: Connection, of: Log, until: datetime, size: int) -> int:
    """Return the index behind the last leaf before a time; 0 where there is none."""
    for end in range(size, 0, -_WINDOW):
        query = _times(of, func.max(ledger_leaf.c.leaf_index), max(0, end - _WINDOW), end)
        found = connection.scalar(query.where(_ts() < until))
        if found is not None:
            return int(found) + 1
    return 0


def find_last_control(connection: Connection, of: Log, size: int) -> str | None:
    """Return the greatest id of the control leaves that the tree of `size` does not hold yet."""
    waiting = _pending_control(of).order_by(ledger_pending.c.entry_id.desc()).limit(1)
    sealed = _control_behind(of, size).order_by(ledger_leaf.c.entry_id.desc()).limit(1)
    found = [connection.scalar(query) for query in (waiting, sealed)]
    return max((each for each in found if each), default=None)


def is_behind(connection: Connection, of: Log, size: int, entry_id: str) -> bool:
    """Tell whether a control leaf up to an id is not in the tree of `size` yet."""
    waiting = _pending_control(of).where(ledger_pending.c.entry_id <= entry_id).limit(1)
    sealed = _control_behind(of, size).where(ledger_leaf.c.entry_id <= entry_id).limit(1)
    return any(connection.scalar(query) is not None for query in (waiting, sealed))


def _types(connection: Connection, of: Log, entry_ids: Sequence[str]) -> dict[str, str]:
    """Return the type of each control leaf by its id."""
    if not entry_ids:
        return {}
    entry = ledger_entry.c
    query = select(entry.entry_id, entry.leaf).where(
        entry.site_id == of.site_id, entry.entry_id.in_(entry_ids)
    )
    return {row.entry_id: json.loads(row.leaf)["type"] for row in connection.execute(query)}


def _leaves(of: Log, *, restricted: bool) -> Select[Any]:
    openings = [consent_event.c.openings, ledger_entry.c.openings]
    if restricted:
        openings.append(restricted_event.c.openings)
    query = (
        select(
            ledger_leaf.c.leaf_index,
            ledger_leaf.c.leaf_hash,
            ledger_leaf.c.kind,
            func.coalesce(consent_event.c.leaf, ledger_entry.c.leaf).label("leaf"),
            func.coalesce(*openings).label("openings"),
        )
        .select_from(ledger_leaf)
        .outerjoin(consent_event, _same(consent_event, "event_id"))
        .outerjoin(ledger_entry, _same(ledger_entry, "entry_id"))
        .where(_of(of))
    )
    if restricted:
        return query.outerjoin(restricted_event, _same(restricted_event, "event_id"))
    return query


def _stored(connection: Connection, query: Select[Any]) -> Iterator[Stored]:
    for row in connection.execute(query):
        yield Stored(
            index=row.leaf_index,
            hash=row.leaf_hash,
            kind=row.kind,
            leaf=row.leaf,
            openings=row.openings,
        )


def _indexes(
    connection: Connection, of: Log, below: int, condition: ColumnElement[bool]
) -> list[int]:
    query = (
        select(ledger_leaf.c.leaf_index)
        .join_from(consent_event, ledger_leaf, _same(consent_event, "event_id"))
        .where(_of(of), consent_event.c.site_id == of.site_id, condition)
        .where(ledger_leaf.c.leaf_index < below)
        .order_by(ledger_leaf.c.leaf_index)
    )
    return list(connection.scalars(query))


def _times(of: Log, wanted: ColumnElement[int], first: int, end: int) -> Select[Any]:
    return (
        select(wanted)
        .select_from(ledger_leaf)
        .outerjoin(consent_event, _same(consent_event, "event_id"))
        .outerjoin(ledger_entry, _same(ledger_entry, "entry_id"))
        .where(_of(of), ledger_leaf.c.leaf_index >= first, ledger_leaf.c.leaf_index < end)
    )


def _ts() -> ColumnElement[datetime]:
    return func.coalesce(consent_event.c.ts, ledger_entry.c.ts)


def _pending_control(of: Log) -> Select[Any]:
    pending = ledger_pending.c
    return select(pending.entry_id).where(pending.site_id == of.site_id, pending.kind == CONTROL)


def _control_behind(of: Log, size: int) -> Select[Any]:
    leaf = ledger_leaf.c
    return select(leaf.entry_id).where(_of(of), leaf.leaf_index >= size, leaf.kind == CONTROL)


def _of(of: Log) -> ColumnElement[bool]:
    return and_(ledger_leaf.c.site_id == of.site_id, ledger_leaf.c.epoch == of.epoch)


def _same(table: Any, column: str) -> ColumnElement[bool]:
    """Join the leaf with the row that holds its text."""
    return and_(table.c.site_id == ledger_leaf.c.site_id, table.c[column] == ledger_leaf.c.entry_id)

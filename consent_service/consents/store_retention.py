"""Reads what may be past its time, and removes it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select, update

from consent_service.consents.marks import Marked
from consent_service.consents.model import State
from consent_service.consents.rules.keeping import Kept
from consent_service.consents.tables import consent_event
from consent_service.consents.tables_restriction import restricted_event
from consent_service.ledger.tables import ledger_entry, ledger_mention, ledger_pending

_DECIDED = ("decisions", "services", "documents")
_KEPT = (
    consent_event.c.event_id,
    consent_event.c.visitor,
    consent_event.c.ts,
    consent_event.c.leaf,
    consent_event.c.leaf_hash,
    consent_event.c.state,
)
_PENDING = exists().where(
    ledger_pending.c.site_id == consent_event.c.site_id,
    ledger_pending.c.entry_id == consent_event.c.event_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """An event that names nobody any more; when and why that came, where it is on record."""

    event: Kept
    erased_at: datetime | None
    reason: str | None


def list_histories(
    connection: Connection, site_id: str, recorded_by: datetime, *, after: str | None, limit: int
) -> list[tuple[str, list[Kept]]]:
    """Return some visitors with whole histories, oldest event first, in the order of their ids.

    Those are meant that have an event recorded by a moment.
    """
    wanted = select(consent_event.c.visitor).where(
        consent_event.c.site_id == site_id,
        consent_event.c.visitor.is_not(None),
        consent_event.c.ts <= recorded_by,
    )
    if after is not None:
        wanted = wanted.where(consent_event.c.visitor > after)
    page = wanted.distinct().order_by(consent_event.c.visitor).limit(limit)
    visitors = list(connection.scalars(page))
    query = (
        select(*_KEPT)
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor.in_(visitors))
        .order_by(consent_event.c.visitor, consent_event.c.visitor_seq)
    )
    rows = connection.execute(query)
    return [(v, [_kept(row) for row in own]) for v, own in groupby(rows, lambda row: row.visitor)]


def list_orphans(
    connection: Connection, site_id: str, recorded_by: datetime, *, after: str | None, limit: int
) -> list[Orphan]:
    """Return some events that name nobody and still have their text, in the order of their ids."""
    hidden = exists().where(
        restricted_event.c.site_id == consent_event.c.site_id,
        restricted_event.c.event_id == consent_event.c.event_id,
    )
    first_told = (
        select(ledger_mention.c.entry_id)
        .where(
            ledger_mention.c.site_id == consent_event.c.site_id,
            ledger_mention.c.leaf_hash == consent_event.c.leaf_hash,
        )
        .order_by(ledger_mention.c.entry_id)
        .limit(1)
        .scalar_subquery()
    )
    told = (ledger_entry.c.site_id == consent_event.c.site_id) & (
        ledger_entry.c.entry_id == first_told
    )
    query = (
        select(*_KEPT, ledger_entry.c.ts.label("told_at"), ledger_entry.c.leaf.label("told"))
        .join_from(consent_event, ledger_entry, told, isouter=True)
        .where(
            consent_event.c.site_id == site_id,
            consent_event.c.visitor.is_(None),
            consent_event.c.leaf.is_not(None),
            consent_event.c.ts <= recorded_by,
            ~hidden,
        )
        .order_by(consent_event.c.event_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(consent_event.c.event_id > after)
    return [
        Orphan(
            event=_kept(row),
            erased_at=row.told_at,
            reason=json.loads(row.told)["reason"] if row.told else None,
        )
        for row in connection.execute(query)
    ]


def list_linked(
    connection: Connection, site_id: str, *, after: str | None, limit: int
) -> list[tuple[str, bytes, str]]:
    """Return `(event, leaf hash, visitor)` of events that name a visitor, by their ids."""
    query = (
        select(consent_event.c.event_id, consent_event.c.leaf_hash, consent_event.c.visitor)
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor.is_not(None))
        .order_by(consent_event.c.event_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(consent_event.c.event_id > after)
    return [(row.event_id, row.leaf_hash, row.visitor) for row in connection.execute(query)]


def unlink(
    tx: Connection, site_id: str, event_ids: Sequence[str], held: Sequence[str]
) -> list[Marked]:
    """Take what names their visitor out of events that still have it; return their leaves.

    Those of `held` visitors stay.
    """
    cleared = (
        update(consent_event)
        .where(
            consent_event.c.site_id == site_id,
            consent_event.c.event_id.in_(event_ids),
            consent_event.c.visitor.is_not(None),
            consent_event.c.visitor.not_in(held),
        )
        .values(visitor=None, openings=None, reference=None)
        .returning(consent_event.c.leaf_hash, consent_event.c.leaf)
    )
    return [Marked(leaf_hash=row.leaf_hash, leaf=row.leaf) for row in tx.execute(cleared)]


def redact(
    tx: Connection, site_id: str, event_ids: Sequence[str], held: Sequence[str]
) -> list[bytes]:
    """Take text, state and link out of sealed events that still have them; return their hashes.

    Those of `held` visitors stay.
    """
    nothing = dict.fromkeys(("visitor", "openings", "reference", "leaf", "state"))
    redacted = (
        update(consent_event)
        .where(
            consent_event.c.site_id == site_id,
            consent_event.c.event_id.in_(event_ids),
            consent_event.c.leaf.is_not(None),
            or_(consent_event.c.visitor.is_(None), consent_event.c.visitor.not_in(held)),
            ~_PENDING,
        )
        .values(nothing)
        .returning(consent_event.c.leaf_hash)
    )
    return [row.leaf_hash for row in tx.execute(redacted)]


def list_gone(tx: Connection, site_id: str, visitors: Iterable[str]) -> list[str]:
    """Return which of these visitors no event names any more."""
    asked = set(visitors)
    query = (
        select(consent_event.c.visitor)
        .distinct()
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor.in_(asked))
    )
    return sorted(asked - set(tx.scalars(query)))


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    leaf = json.loads(row.leaf)
    return Kept(
        event_id=row.event_id,
        ts=row.ts,
        named={group: leaf.get(group, {}) for group in _DECIDED},
        state=State.load(row.state),
    )

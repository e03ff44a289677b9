"""Reads and writes the projection of visitors' states, for questions about all of them."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select, true

from consent_service.consents.model import State, Value
from consent_service.consents.rules.lapse import next_expiry
from consent_service.consents.tables import consent_event, visitor_state
from consent_service.core.clock import format_time
from consent_service.db.upsert import dialect_insert

_DECIDED = (Value.GRANTED.value, Value.DENIED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A visitor of whom something has expired."""

    site_id: str
    visitor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementStanding:
    """Which version of a document a visitor has agreed to last; None: none, or no longer any."""

    visitor: str
    number: int | None


def list_events_for_states(
    tx: Connection, site_id: str, event_ids: Sequence[str]
) -> Sequence[tuple[str, str, int, str]]:
    """Return `(event, visitor, seq, state)` of events that still name a visitor.

    They are locked, so that an erasure that runs meanwhile waits, and then finds the state.
    """
    query = (
        select(
            consent_event.c.event_id,
            consent_event.c.visitor,
            consent_event.c.visitor_seq,
            consent_event.c.state,
        )
        .where(
            consent_event.c.site_id == site_id,
            consent_event.c.event_id.in_(event_ids),
            consent_event.c.visitor.is_not(None),
        )
        .order_by(consent_event.c.event_id)
        .with_for_update(read=True)
    )
    return [(row.event_id, row.visitor, row.visitor_seq, row.state) for row in tx.execute(query)]


def put_states(tx: Connection, site_id: str, newest: Iterable[tuple[str, str, int, str]]) -> None:
    """Store the newest state of each visitor, unless a newer one is there."""
    rows = [
        {
            "site_id": site_id,
            "visitor": visitor,
            "event_id": event_id,
            "visitor_seq": seq,
            "expires_at": next_expiry(State.load(state)),
            "state": json.loads(state),
        }
        for event_id, visitor, seq, state in newest
    ]
    if not rows:
        return
    new = dialect_insert(tx, visitor_state)
    changed = {
        name: new.excluded[name] for name in ("event_id", "visitor_seq", "expires_at", "state")
    }
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["site_id", "visitor"],
            set_=changed,
            where=visitor_state.c.visitor_seq < new.excluded.visitor_seq,
        ),
        rows,
    )


def list_due(
    connection: Connection, site_ids: Collection[str], now: datetime, limit: int
) -> list[Due]:
    """Return visitors of some sites of whom something has expired, the earliest first."""
    query = (
        select(visitor_state.c.site_id, visitor_state.c.visitor)
        .where(visitor_state.c.site_id.in_(site_ids), visitor_state.c.expires_at <= now)
        .order_by(visitor_state.c.expires_at)
        .limit(limit)
    )
    return [Due(site_id=row.site_id, visitor=row.visitor) for row in connection.execute(query)]


def count_visitors(connection: Connection, site_id: str) -> int:
    """Return how many visitors have a state."""
    return _count(connection, visitor_state.c.site_id == site_id)


def count_without_agreement(connection: Connection, site_id: str, kind: str, number: int) -> int:
    """Return how many visitors have not agreed to that version of a document, or to a later one."""
    return _count(
        connection, and_(visitor_state.c.site_id == site_id, _has_not_agreed(kind, number))
    )


def list_without_agreement(
    connection: Connection, site_id: str, kind: str, number: int, *, after: str | None, limit: int
) -> list[AgreementStanding]:
    """Return those visitors, by their ids, with the version that they agreed to last."""
    agreed, ended = _agreement(kind)
    query = (
        select(visitor_state.c.visitor, agreed.label("number"), ended.label("ended"))
        .where(
            visitor_state.c.site_id == site_id,
            _has_not_agreed(kind, number),
            visitor_state.c.visitor > after if after else true(),
        )
        .order_by(visitor_state.c.visitor)
        .limit(limit)
    )
    return [
        AgreementStanding(visitor=row.visitor, number=None if row.ended else row.number)
        for row in connection.execute(query)
    ]


def count_asked_again(
    connection: Connection,
    site_id: str,
    now: datetime,
    *,
    purposes: Sequence[str],
    others: Sequence[str],
    objections_stay: Sequence[str],
    documents: Sequence[str],
) -> int:
    """Return how many visitors would be asked again, if what they said about these counts no more.

    Those whose decision about a purpose holds now, who decided about others while this one was not
    there, or who agreed to a document. Objections to purposes of `objections_stay` hold in any
    case.
    """
    conditions = [
        or_(
            _has_decided(key, now, objections_count=key not in objections_stay),
            and_(_has_not_met(key), _has_refused_or_granted(others))
            if _is_new(connection, site_id, key)
            else false(),
        )
        for key in purposes
    ]
    conditions += [_has_agreed(kind) for kind in documents]
    if not conditions:
        return 0
    return _count(connection, and_(visitor_state.c.site_id == site_id, or_(*conditions)))


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(visitor_state).where(condition)
    return connection.scalar(query) or 0


def _agreement(kind: str) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    stored = visitor_state.c.state["documents"][kind]
    return stored["n"].as_integer(), stored["ended"].as_boolean()


def _has_not_agreed(kind: str, number: int) -> ColumnElement[bool]:
    agreed, ended = _agreement(kind)
    return or_(agreed.is_(None), agreed < number, ended.is_(True))


def _has_agreed(kind: str) -> ColumnElement[bool]:
    agreed, ended = _agreement(kind)
    return and_(agreed.is_not(None), ended.is_(False))


def _is_new(connection: Connection, site_id: str, key: str) -> bool:
    """Tell whether nobody has decided about a purpose yet."""
    met = select(visitor_state.c.visitor).where(
        visitor_state.c.site_id == site_id, not_(_has_not_met(key))
    )
    return connection.scalar(met.limit(1)) is None


def _has_not_met(key: str) -> ColumnElement[bool]:
    value: ColumnElement[str] = visitor_state.c.state["purposes"][key]["value"].as_string()
    return value.is_(None)


def _has_refused_or_granted(keys: Sequence[str]) -> ColumnElement[bool]:
    values = (visitor_state.c.state["purposes"][key]["value"].as_string() for key in keys)
    return or_(false(), *(value.in_(_DECIDED) for value in values))


def _has_decided(key: str, now: datetime, *, objections_count: bool) -> ColumnElement[bool]:
    stored = visitor_state.c.state["purposes"][key]
    value, until = stored["value"].as_string(), stored["until"].as_string()
    values = _DECIDED if objections_count else _DECIDED[:1]
    return and_(value.in_(values), or_(until.is_(None), until > format_time(now)))

"""Reads what the projection of visitors' states should say, and what it says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, select

from consent_service.consents.tables import consent_event, visitor_state
from consent_service.ledger.tables import ledger_pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest sealed event of a visitor."""

    visitor: str
    visitor_seq: int
    event_id: str
    state: str

    @property
    def row(self) -> tuple[str, str, int, str]:
        """The event as the projection takes it."""
        return self.event_id, self.visitor, self.visitor_seq, self.state


@dataclass(frozen=True, slots=True)
class Stored:
    """What the projection says of a visitor."""

    event_id: str
    visitor_seq: int
    expires_at: datetime | None


def list_newest(
    connection: Connection, site_id: str, after: str | None, limit: int
) -> list[Newest]:
    """Return the newest sealed events of visitors behind one, by visitor."""
    event, waiting = consent_event.c, ledger_pending.c
    waits = exists().where(waiting.site_id == event.site_id, waiting.entry_id == event.event_id)
    sealed = select(event.visitor, func.max(event.visitor_seq).label("seq")).where(
        event.site_id == site_id, event.visitor.is_not(None), ~waits
    )
    if after is not None:
        sealed = sealed.where(event.visitor > after)
    last = sealed.group_by(event.visitor).order_by(event.visitor).limit(limit).subquery()
    same = and_(event.visitor == last.c.visitor, event.visitor_seq == last.c.seq)
    query = (
        select(event.visitor, event.visitor_seq, event.event_id, event.state)
        .join_from(last, consent_event, same)
        .where(event.site_id == site_id)
        .order_by(event.visitor)
    )
    return [
        Newest(
            visitor=row.visitor,
            visitor_seq=row.visitor_seq,
            event_id=row.event_id,
            state=row.state,
        )
        for row in connection.execute(query)
    ]


def list_stored(
    connection: Connection, site_id: str, after: str | None, last: str | None
) -> dict[str, Stored]:
    """Return what is stored of visitors behind one and up to another, by visitor."""
    state = visitor_state.c
    query = select(state.visitor, state.event_id, state.visitor_seq, state.expires_at)
    query = query.where(state.site_id == site_id)
    if after is not None:
        query = query.where(state.visitor > after)
    if last is not None:
        query = query.where(state.visitor <= last)
    return {
        row.visitor: Stored(row.event_id, row.visitor_seq, row.expires_at)
        for row in connection.execute(query)
    }


def delete_stored(tx: Connection, site_id: str, visitors: Collection[str]) -> None:
    """Remove what is stored of some visitors."""
    of_site = visitor_state.c.site_id == site_id
    tx.execute(delete(visitor_state).where(of_site, visitor_state.c.visitor.in_(visitors)))

"""Reads and writes legal holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from consent_service.consents.tables_restriction import retention_hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold of a visitor or, without one, of the whole site."""

    hold_id: str
    visitor: str | None
    reason: str
    officer_id: str
    created_at: datetime
    held_entry: str


def insert_hold(tx: Connection, site_id: str, new: Hold) -> None:
    """Store a hold."""
    tx.execute(
        insert(retention_hold).values(
            site_id=site_id,
            hold_id=new.hold_id,
            visitor=new.visitor,
            reason=new.reason,
            officer_id=new.officer_id,
            created_at=new.created_at,
            held_entry=new.held_entry,
        )
    )


def list_holds(connection: Connection, site_id: str) -> list[Hold]:
    """Return the holds of a site that last, oldest first."""
    query = (
        select(retention_hold)
        .where(retention_hold.c.site_id == site_id, retention_hold.c.released_at.is_(None))
        .order_by(retention_hold.c.hold_id)
    )
    return [_hold(row) for row in connection.execute(query)]


def is_held(connection: Connection, site_id: str, visitor: str) -> bool:
    """Tell whether a hold of the visitor or of the whole site lasts."""
    lasting = (retention_hold.c.site_id == site_id) & retention_hold.c.released_at.is_(None)
    about = or_(retention_hold.c.visitor.is_(None), retention_hold.c.visitor == visitor)
    query = select(retention_hold.c.hold_id).where(lasting, about).limit(1)
    return connection.scalar(query) is not None


def release_hold(
    tx: Connection, site_id: str, hold_id: str, released_at: datetime, entry_id: str
) -> bool:
    """End a hold; tell whether it lasted until now."""
    lasting = (
        (retention_hold.c.site_id == site_id)
        & (retention_hold.c.hold_id == hold_id)
        & retention_hold.c.released_at.is_(None)
    )
    ended = {"released_at": released_at, "released_entry": entry_id}
    return tx.execute(update(retention_hold).where(lasting).values(ended)).rowcount > 0


def clear_visitors(tx: Connection, site_id: str, visitors: Sequence[str]) -> Sequence[str]:
    """Take visitors out of the holds that are over; return the ids of the leaves about them."""
    about = (retention_hold.c.site_id == site_id) & retention_hold.c.visitor.in_(visitors)
    over = retention_hold.c.released_at.is_not(None)
    cleared = (
        update(retention_hold)
        .where(about, over)
        .values(visitor=None)
        .returning(retention_hold.c.held_entry, retention_hold.c.released_entry)
    )
    return [entry for row in tx.execute(cleared) for entry in row if entry]


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        visitor=row.visitor,
        reason=row.reason,
        officer_id=row.officer_id,
        created_at=row.created_at,
        held_entry=row.held_entry,
    )

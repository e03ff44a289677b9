"""Reads and writes what names visitors: takes it out of their events, and keeps what is hidden."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from consent_service.consents.marks import Marked
from consent_service.consents.model import ConsentEvent
from consent_service.consents.store import read_event
from consent_service.consents.tables import (
    consent_event,
    subject_link,
    visitor_link,
    visitor_state,
)
from consent_service.consents.tables_restriction import restricted_event, restriction

_SAME_EVENT = (consent_event.c.site_id == restricted_event.c.site_id) & (
    consent_event.c.event_id == restricted_event.c.event_id
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An event with what names its visitor."""

    event_id: str
    visitor: str
    reference: str | None
    openings: str | None
    marked: Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """A visitor who is hidden until a moment, or without one while a legal hold lasts."""

    visitor: str
    until: datetime | None
    reason: str
    created_at: datetime


def lock_named(tx: Connection, site_id: str, visitors: Sequence[str]) -> list[Named]:
    """Return the events that name some visitors, locked until the transaction ends.

    Whoever locks events of several does it in the order of their ids, and so waits in a row.
    """
    query = (
        select(
            consent_event.c.event_id,
            consent_event.c.visitor,
            consent_event.c.reference,
            consent_event.c.openings,
            consent_event.c.leaf_hash,
            consent_event.c.leaf,
        )
        .where(consent_event.c.site_id == site_id, consent_event.c.visitor.in_(visitors))
        .order_by(consent_event.c.event_id)
        .with_for_update()
    )
    return [
        Named(
            event_id=row.event_id,
            visitor=row.visitor,
            reference=row.reference,
            openings=row.openings,
            marked=Marked(leaf_hash=row.leaf_hash, leaf=row.leaf),
        )
        for row in tx.execute(query)
    ]


def clear_names(tx: Connection, site_id: str, event_ids: Sequence[str]) -> None:
    """Take what names their visitors out of events."""
    named = (consent_event.c.site_id == site_id) & consent_event.c.event_id.in_(event_ids)
    cleared = {"visitor": None, "openings": None, "reference": None}
    tx.execute(update(consent_event).where(named).values(cleared))


def forget_visitors(tx: Connection, site_id: str, visitors: Sequence[str]) -> None:
    """Remove the one-use addresses, subject links and states of visitors."""
    for table in (visitor_link, subject_link, visitor_state):
        tx.execute(delete(table).where(table.c.site_id == site_id, table.c.visitor.in_(visitors)))


def insert_restriction(tx: Connection, site_id: str, new: Restriction) -> None:
    """Store a restriction."""
    tx.execute(
        insert(restriction).values(
            site_id=site_id,
            visitor=new.visitor,
            until=new.until,
            reason=new.reason,
            created_at=new.created_at,
        )
    )


def insert_restricted(tx: Connection, site_id: str, events: Sequence[Named]) -> None:
    """Keep what names a restricted visitor apart from the events."""
    rows = [
        {
            "site_id": site_id,
            "event_id": each.event_id,
            "visitor": each.visitor,
            "reference": each.reference,
            "openings": each.openings,
        }
        for each in events
    ]
    tx.execute(insert(restricted_event), rows)


def find_restriction(connection: Connection, site_id: str, visitor: str) -> Restriction | None:
    """Return the restriction of a visitor."""
    query = select(restriction).where(
        restriction.c.site_id == site_id, restriction.c.visitor == visitor
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    return Restriction(
        visitor=found.visitor,
        until=found.until,
        reason=found.reason,
        created_at=found.created_at,
    )


def list_named(
    connection: Connection, site_id: str, given: Mapping[str, str], *, hidden: bool
) -> list[str]:
    """Return the visitors whose events have the given columns; with `hidden`, restricted too."""
    tables = (consent_event, restricted_event) if hidden else (consent_event,)
    found = set[str]()
    for table in tables:
        query = (
            select(table.c.visitor)
            .distinct()
            .where(
                table.c.site_id == site_id,
                table.c.visitor.is_not(None),
                *(table.c[name] == value for name, value in given.items()),
            )
        )
        found.update(connection.scalars(query))
    return sorted(found)


def list_restricted(connection: Connection, site_id: str, visitor: str) -> list[ConsentEvent]:
    """Return the events of a restricted visitor with what names them, oldest first."""
    hidden = {name: restricted_event.c[name] for name in ("visitor", "reference", "openings")}
    own = [column for column in consent_event.c if column.name not in hidden]
    query = (
        select(*own, *hidden.values())
        .join_from(restricted_event, consent_event, _SAME_EVENT)
        .where(restricted_event.c.site_id == site_id, restricted_event.c.visitor == visitor)
        .order_by(consent_event.c.visitor_seq)
    )
    return [read_event(row) for row in connection.execute(query)]


def list_over(
    connection: Connection, site_id: str, now: datetime, *, after: str | None, limit: int
) -> list[str]:
    """Return restricted visitors whose time is over, or that only a hold kept, by their ids."""
    over = or_(restriction.c.until.is_(None), restriction.c.until <= now)
    query = (
        select(restriction.c.visitor)
        .where(restriction.c.site_id == site_id, over)
        .order_by(restriction.c.visitor)
        .limit(limit)
    )
    if after is not None:
        query = query.where(restriction.c.visitor > after)
    return list(connection.scalars(query))


def count_over(
    connection: Connection, site_id: str, at: datetime, held: Collection[str | None]
) -> int:
    """Return how many events belong to restricted visitors whose time is over, but for some."""
    same = (restriction.c.site_id == restricted_event.c.site_id) & (
        restriction.c.visitor == restricted_event.c.visitor
    )
    query = (
        select(func.count())
        .select_from(restricted_event)
        .join(restriction, same)
        .where(
            restriction.c.site_id == site_id,
            or_(restriction.c.until.is_(None), restriction.c.until <= at),
            restriction.c.visitor.not_in([each for each in held if each]),
        )
    )
    return connection.scalar(query) or 0


def take_restricted(tx: Connection, site_id: str, visitor: str) -> list[Marked]:
    """Remove a restriction with all that it kept; return the leaves of the visitor's events."""
    of_visitor = (restricted_event.c.site_id == site_id) & (restricted_event.c.visitor == visitor)
    query = (
        select(consent_event.c.leaf_hash, consent_event.c.leaf)
        .join_from(restricted_event, consent_event, _SAME_EVENT)
        .where(of_visitor)
        .order_by(consent_event.c.event_id)
        .with_for_update(of=restricted_event)
    )
    marked = [Marked(leaf_hash=row.leaf_hash, leaf=row.leaf) for row in tx.execute(query)]
    tx.execute(delete(restricted_event).where(of_visitor))
    tx.execute(
        delete(restriction).where(
            restriction.c.site_id == site_id, restriction.c.visitor == visitor
        )
    )
    return marked

"""Tables of restrictions, which hide a visitor until proof need no longer be kept, and of holds."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from consent_service.db.metadata import Id, Moment, metadata

restriction = Table(
    "restriction",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("visitor", Id, nullable=False),
    Column("until", Moment),
    Column("reason", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "visitor"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    Index(None, "site_id", "until"),
)
"""Visitors who are to be erased at `until`; without one, when no hold keeps them any more."""

restricted_event = Table(
    "restricted_event",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("visitor", Id, nullable=False),
    Column("reference", String(12)),
    Column("openings", Text),
    PrimaryKeyConstraint("site_id", "event_id"),
    ForeignKeyConstraint(["site_id", "visitor"], ["restriction.site_id", "restriction.visitor"]),
    Index(None, "site_id", "visitor"),
    Index(None, "site_id", "reference"),
)
"""What named them, taken out of their events: nothing that reads events can find them."""

retention_hold = Table(
    "retention_hold",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("hold_id", Id, nullable=False),
    Column("visitor", Id),
    Column("reason", Text, nullable=False),
    Column("officer_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("released_at", Moment),
    Column("held_entry", Id, nullable=False),
    Column("released_entry", Id),
    PrimaryKeyConstraint("site_id", "hold_id"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
)
"""Legal holds, of a visitor or, without one, of the whole site; with the leaves that tell them."""

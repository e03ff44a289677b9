"""Tables of consent events, idempotency and one-use links."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from consent_service.db.metadata import ERASABLE, IMMUTABLE, Hash, Id, Moment, metadata

consent_event = Table(
    "consent_event",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("visitor", Id),
    Column("visitor_seq", Integer, nullable=False),
    Column("type", String(32), nullable=False),
    Column("ts", Moment, nullable=False),
    Column("leaf", Text),
    Column("leaf_hash", Hash, nullable=False),
    Column("openings", Text),
    Column("reference", String(12)),
    Column("state", Text),
    PrimaryKeyConstraint("site_id", "event_id"),
    UniqueConstraint("site_id", "visitor", "visitor_seq"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    Index(None, "site_id", "reference"),
    info={IMMUTABLE: True, ERASABLE: ("visitor", "openings", "reference")},
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("key_hash", LargeBinary(32), nullable=False),
    Column("request_hash", LargeBinary(32), nullable=False),
    Column("event_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "key_hash"),
    Index(None, "created_at"),
)

visitor_link = Table(
    "visitor_link",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("token_hash", Hash, nullable=False),
    Column("visitor", Id, nullable=False),
    Column("return_to", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "token_hash"),
)

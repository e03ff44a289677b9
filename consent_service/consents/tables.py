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

from consent_service.db.metadata import (
    IMMUTABLE,
    MOVES,
    Hash,
    Id,
    Moment,
    Move,
    Tree,
    metadata,
)

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
    info={
        IMMUTABLE: True,
        MOVES: (
            Move(("visitor", "openings", "reference")),
            Move(("visitor", "openings", "reference", "leaf", "state")),
        ),
    },
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

visitor_state = Table(
    "visitor_state",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("visitor", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("visitor_seq", Integer, nullable=False),
    Column("expires_at", Moment),
    Column("state", Tree, nullable=False),
    PrimaryKeyConstraint("site_id", "visitor"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    Index(None, "site_id", "expires_at"),
)
"""The newest sealed state of each visitor, kept by the sealer for questions about all of them."""

subject_link = Table(
    "subject_link",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("subject_hash", Hash, nullable=False),
    Column("visitor", Id, nullable=False),
    Column("linked_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "subject_hash", "visitor"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    Index(None, "site_id", "visitor"),
)

spent_assertion = Table(
    "spent_assertion",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("nonce_hash", Hash, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "nonce_hash"),
    Index(None, "expires_at"),
)

imported_consent = Table(
    "imported_consent",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("record_hash", Hash, nullable=False),
    Column("content_hash", Hash, nullable=False),
    Column("event_id", Id, nullable=False),
    PrimaryKeyConstraint("site_id", "record_hash"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
)

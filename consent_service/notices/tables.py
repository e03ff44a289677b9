"""Tables of notices and their variants."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from consent_service.db.metadata import IMMUTABLE, Id, Moment, metadata

notice = Table(
    "notice",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("effective_at", Moment, nullable=False),
    Column("published_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "number"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    info={IMMUTABLE: True},
)

notice_variant = Table(
    "notice_variant",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("profile", String(32), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("site_id", "number", "profile", "locale"),
    ForeignKeyConstraint(["site_id", "number"], ["notice.site_id", "notice.number"]),
    info={IMMUTABLE: True},
)

impression = Table(
    "impression",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("hour", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("notice", Integer, nullable=False),
    Column("profile", String(32), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("showings", Integer, nullable=False),
    PrimaryKeyConstraint("site_id", "hour", "kind", "notice", "profile", "locale"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
)

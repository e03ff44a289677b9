"""Tables of document versions and their texts."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from consent_service.db.metadata import IMMUTABLE, Id, Moment, metadata

document_version = Table(
    "document_version",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("accept", String(16), nullable=False),
    Column("material", Boolean, nullable=False),
    Column("affects", Text, nullable=False),
    Column("effective_at", Moment, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("author", String(200)),
    PrimaryKeyConstraint("site_id", "kind", "number"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    info={IMMUTABLE: True},
)

document_text = Table(
    "document_text",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("html", Text, nullable=False),
    Column("html_sha256", String(64), nullable=False),
    PrimaryKeyConstraint("site_id", "kind", "number", "locale"),
    ForeignKeyConstraint(
        ["site_id", "kind", "number"],
        ["document_version.site_id", "document_version.kind", "document_version.number"],
    ),
    info={IMMUTABLE: True},
)

"""Tables of the files that a site's folder holds, as applied and as drafted."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from consent_service.db.metadata import Id, Moment, metadata

site_file = Table(
    "site_file",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("name", String(64), nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("site_id", "name"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
)

draft = Table(
    "draft",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("name", String(64), nullable=False),
    Column("text", Text),
    Column("author", String(200)),
    Column("base_sha256", String(64)),
    Column("revision", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "name"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
)

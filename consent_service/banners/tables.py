"""Tables of the banner's code: what was ever served can be served again."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from consent_service.db.metadata import IMMUTABLE, Id, metadata

banner_part = Table(
    "banner_part",
    metadata,
    Column("kit", String(32), nullable=False),
    Column("name", String(16), nullable=False),
    Column("code", Text, nullable=False),
    PrimaryKeyConstraint("kit", "name"),
    info={IMMUTABLE: True},
)
"""The parts of every kit. It belongs to no site: where sites are spread over several machines, it
is a reference table, small and whole on each of them."""

banner_build = Table(
    "banner_build",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("code", Text, nullable=False),
    PrimaryKeyConstraint("site_id", "digest"),
    ForeignKeyConstraint(["site_id"], ["site.site_id"]),
    info={IMMUTABLE: True},
)

banner_script = Table(
    "banner_script",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("brief", Text, nullable=False),
    PrimaryKeyConstraint("site_id", "sha256"),
    ForeignKeyConstraint(["site_id", "digest"], ["banner_build.site_id", "banner_build.digest"]),
    info={IMMUTABLE: True},
)
"""A build with a variant's brief before it. The brief is kept as it was sent, so that a later
release, which may write briefs otherwise, still serves the same bytes."""

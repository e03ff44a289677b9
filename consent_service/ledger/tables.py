"""Tables of the log."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from consent_service.db.metadata import IMMUTABLE, Hash, Id, Moment, metadata

installation = Table(
    "installation",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(255), nullable=False),
    info={IMMUTABLE: True},
)

log = Table(
    "log",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("origin", String(255), nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "epoch"),
    info={IMMUTABLE: True},
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("site_id", Id, primary_key=True),
    Column("epoch", Integer, nullable=False),
)
"""The newest epoch of each log: the row that a sealer locks, as it may lock no immutable one."""

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("entry_id", Id, nullable=False),
    Column("ts", Moment, nullable=False),
    Column("leaf", Text, nullable=False),
    Column("leaf_hash", Hash, nullable=False),
    PrimaryKeyConstraint("site_id", "entry_id"),
    info={IMMUTABLE: True},
)

ledger_pending = Table(
    "ledger_pending",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("entry_id", Id, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("leaf_hash", Hash, nullable=False),
    PrimaryKeyConstraint("site_id", "entry_id"),
)

ledger_leaf = Table(
    "ledger_leaf",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("leaf_hash", Hash, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entry_id", Id, nullable=False),
    PrimaryKeyConstraint("site_id", "epoch", "leaf_index"),
    UniqueConstraint("site_id", "epoch", "entry_id"),
    ForeignKeyConstraint(["site_id", "epoch"], ["log.site_id", "log.epoch"]),
    info={IMMUTABLE: True},
)

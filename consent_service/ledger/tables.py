"""Tables of the log."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from consent_service.db.metadata import IMMUTABLE, MOVES, Hash, Id, Moment, Move, metadata

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
    Column("keys_hash", Hash),
    Column("keys_entry", Id),
    Column("unpublished", BigInteger),
)
"""The newest epoch of each log: the row that a sealer locks, as it may lock no immutable one.

`keys_entry` is the control leaf that names the keys of now, `keys_hash` says which those are;
`unpublished` is the size of a checkpoint that is signed and not published yet."""

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("entry_id", Id, nullable=False),
    Column("ts", Moment, nullable=False),
    Column("leaf", Text, nullable=False),
    Column("leaf_hash", Hash, nullable=False),
    Column("openings", Text),
    PrimaryKeyConstraint("site_id", "entry_id"),
    info={IMMUTABLE: True, MOVES: (Move(("openings",)),)},
)

ledger_mention = Table(
    "ledger_mention",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("leaf_hash", Hash, nullable=False),
    Column("entry_id", Id, nullable=False),
    PrimaryKeyConstraint("site_id", "leaf_hash", "entry_id"),
    ForeignKeyConstraint(
        ["site_id", "entry_id"], ["ledger_entry.site_id", "ledger_entry.entry_id"]
    ),
    info={IMMUTABLE: True},
)
"""Which control leaves say what became of a leaf: its erasure, restriction or redaction."""

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

ledger_tile = Table(
    "ledger_tile",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("tile_index", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", Hash, nullable=False),
    PrimaryKeyConstraint("site_id", "epoch", "level", "tile_index"),
    ForeignKeyConstraint(["site_id", "epoch"], ["log.site_id", "log.epoch"]),
    info={IMMUTABLE: True},
)
"""Full tiles: 256 hashes and their root. Partial ones are read from the leaves or the level below.
"""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Hash, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("published_at", Moment),
    PrimaryKeyConstraint("site_id", "epoch", "size"),
    ForeignKeyConstraint(["site_id", "epoch"], ["log.site_id", "log.epoch"]),
    info={IMMUTABLE: True, MOVES: (Move(("published_at",), fills=True),)},
)

attestation = Table(
    "attestation",
    metadata,
    Column("site_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("site_id", "epoch", "size", "kind", "name"),
    ForeignKeyConstraint(
        ["site_id", "epoch", "size"],
        ["checkpoint.site_id", "checkpoint.epoch", "checkpoint.size"],
    ),
    info={IMMUTABLE: True},
)
"""What others say of a checkpoint: a witness's signature line, a time stamp in base64."""

"""The tree: tiles, checkpoints and what others say of them, and which keys a log has named."""

import json

import sqlalchemy as sa
from alembic import op

from consent_service.db.metadata import Hash, Id, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

EVIDENCE = ("attestation", "checkpoint", "ledger_tile", "ledger_mention")


def upgrade() -> None:
    op.add_column("ledger_head", sa.Column("keys_hash", Hash, nullable=True))
    op.add_column("ledger_head", sa.Column("keys_entry", Id, nullable=True))
    op.add_column("ledger_head", sa.Column("unpublished", sa.BigInteger(), nullable=True))
    op.add_column("ledger_entry", sa.Column("openings", sa.Text(), nullable=True))
    op.create_table(
        "ledger_mention",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("leaf_hash", Hash, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "entry_id"],
            ["ledger_entry.site_id", "ledger_entry.entry_id"],
            name=op.f("fk_ledger_mention_site_id_entry_id_ledger_entry"),
        ),
        sa.PrimaryKeyConstraint("site_id", "leaf_hash", "entry_id", name=op.f("pk_ledger_mention")),
    )
    op.create_table(
        "ledger_tile",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("tile_index", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("root", Hash, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "epoch"],
            ["log.site_id", "log.epoch"],
            name=op.f("fk_ledger_tile_site_id_epoch_log"),
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "epoch", "level", "tile_index", name=op.f("pk_ledger_tile")
        ),
    )
    op.create_table(
        "checkpoint",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", Hash, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("published_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id", "epoch"],
            ["log.site_id", "log.epoch"],
            name=op.f("fk_checkpoint_site_id_epoch_log"),
        ),
        sa.PrimaryKeyConstraint("site_id", "epoch", "size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "attestation",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "epoch", "size"],
            ["checkpoint.site_id", "checkpoint.epoch", "checkpoint.size"],
            name=op.f("fk_attestation_site_id_epoch_size_checkpoint"),
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "epoch", "size", "kind", "name", name=op.f("pk_attestation")
        ),
    )
    _index_erasures()


def downgrade() -> None:
    _refuse_to_drop_evidence()
    for table in EVIDENCE:
        op.drop_table(table)
    op.drop_column("ledger_entry", "openings")
    op.drop_column("ledger_head", "unpublished")
    op.drop_column("ledger_head", "keys_entry")
    op.drop_column("ledger_head", "keys_hash")


def _index_erasures() -> None:
    """Note which leaves the erasures so far are about."""
    connection = op.get_bind()
    entry = sa.table(
        "ledger_entry", sa.column("site_id", Id), sa.column("entry_id", Id), sa.column("leaf")
    )
    mention = sa.table(
        "ledger_mention",
        sa.column("site_id", Id),
        sa.column("leaf_hash", Hash),
        sa.column("entry_id", Id),
    )
    erasures = sa.select(entry).where(entry.c.leaf.like('%"type":"log.erasure"%'))
    for row in connection.execute(erasures).all():
        leaf_hash = bytes.fromhex(json.loads(row.leaf)["leaf"])
        values = {"site_id": row.site_id, "entry_id": row.entry_id, "leaf_hash": leaf_hash}
        connection.execute(sa.insert(mention).values(values))


def _refuse_to_drop_evidence() -> None:
    connection = op.get_bind()
    for name in EVIDENCE:
        if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))):
            raise RuntimeError(f"{name} holds evidence: this downgrade would destroy it")

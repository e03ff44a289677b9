"""Restrictions, which hide a visitor while proof must be kept, and legal holds."""

import sqlalchemy as sa
from alembic import op

from consent_service.db.metadata import Id, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("restricted_event", "restriction", "retention_hold")


def upgrade() -> None:
    op.create_table(
        "restriction",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("visitor", Id, nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_restriction_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "visitor", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_site_id_until"), "restriction", ["site_id", "until"])
    op.create_table(
        "restricted_event",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("visitor", Id, nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=True),
        sa.Column("openings", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id", "visitor"],
            ["restriction.site_id", "restriction.visitor"],
            name=op.f("fk_restricted_event_site_id_visitor_restriction"),
        ),
        sa.PrimaryKeyConstraint("site_id", "event_id", name=op.f("pk_restricted_event")),
    )
    for columns in (["site_id", "visitor"], ["site_id", "reference"]):
        name = op.f(f"ix_restricted_event_{'_'.join(columns)}")
        op.create_index(name, "restricted_event", columns)
    op.create_table(
        "retention_hold",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("hold_id", Id, nullable=False),
        sa.Column("visitor", Id, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("officer_id", Id, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("released_at", Moment(), nullable=True),
        sa.Column("held_entry", Id, nullable=False),
        sa.Column("released_entry", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_retention_hold_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "hold_id", name=op.f("pk_retention_hold")),
    )


def downgrade() -> None:
    _refuse_to_drop_evidence()
    for table in TABLES:
        op.drop_table(table)


def _refuse_to_drop_evidence() -> None:
    connection = op.get_bind()
    for name in TABLES:
        if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))):
            raise RuntimeError(f"{name} is not empty: this downgrade would free what is kept back")

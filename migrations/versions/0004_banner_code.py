"""The banner's code, so that what was served once can be served again."""

import sqlalchemy as sa
from alembic import op

from consent_service.db.metadata import Id

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVIDENCE = ("banner_script", "banner_build", "banner_part")


def upgrade() -> None:
    op.create_table(
        "banner_part",
        sa.Column("kit", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kit", "name", name=op.f("pk_banner_part")),
    )
    op.create_table(
        "banner_build",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_banner_build_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "digest", name=op.f("pk_banner_build")),
    )
    op.create_table(
        "banner_script",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "digest"],
            ["banner_build.site_id", "banner_build.digest"],
            name=op.f("fk_banner_script_site_id_banner_build"),
        ),
        sa.PrimaryKeyConstraint("site_id", "sha256", name=op.f("pk_banner_script")),
    )


def downgrade() -> None:
    _refuse_to_drop_evidence()
    for table in EVIDENCE:
        op.drop_table(table)


def _refuse_to_drop_evidence() -> None:
    connection = op.get_bind()
    for name in EVIDENCE:
        if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))):
            raise RuntimeError(f"{name} holds evidence: this downgrade would destroy it")

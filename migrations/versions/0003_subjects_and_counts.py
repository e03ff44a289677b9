"""States of visitors for questions about all of them, subjects, imports and showings."""

import sqlalchemy as sa
from alembic import op

from consent_service.db.metadata import Hash, Id, Moment, Tree

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visitor_state",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("visitor", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("visitor_seq", sa.Integer(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("state", Tree, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_visitor_state_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "visitor", name=op.f("pk_visitor_state")),
    )
    op.create_index(
        op.f("ix_visitor_state_site_id_expires_at"), "visitor_state", ["site_id", "expires_at"]
    )
    op.create_table(
        "subject_link",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("subject_hash", Hash, nullable=False),
        sa.Column("visitor", Id, nullable=False),
        sa.Column("linked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_subject_link_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "subject_hash", "visitor", name=op.f("pk_subject_link")),
    )
    op.create_index(op.f("ix_subject_link_site_id_visitor"), "subject_link", ["site_id", "visitor"])
    op.create_table(
        "spent_assertion",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("nonce_hash", Hash, nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "nonce_hash", name=op.f("pk_spent_assertion")),
    )
    op.create_index(op.f("ix_spent_assertion_expires_at"), "spent_assertion", ["expires_at"])
    op.create_table(
        "imported_consent",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("record_hash", Hash, nullable=False),
        sa.Column("content_hash", Hash, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_imported_consent_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "record_hash", name=op.f("pk_imported_consent")),
    )
    op.create_table(
        "impression",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("hour", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("showings", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_impression_site_id_site")
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "hour", "kind", "notice", "profile", "locale", name=op.f("pk_impression")
        ),
    )


def downgrade() -> None:
    for table in (
        "impression",
        "imported_consent",
        "spent_assertion",
        "subject_link",
        "visitor_state",
    ):
        op.drop_table(table)

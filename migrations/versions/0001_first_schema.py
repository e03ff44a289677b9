"""The first schema: sites, documents, notices, consent events and the log."""

import sqlalchemy as sa
from alembic import op

from consent_service.db.metadata import Hash, Id, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EVIDENCE = ("consent_event", "document_version", "notice", "ledger_entry", "ledger_leaf")


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("key_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", Hash, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_key_secret_hash")),
    )
    op.create_table(
        "idempotency",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("key_hash", Hash, nullable=False),
        sa.Column("request_hash", Hash, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "key_hash", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("leaf_hash", Hash, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "entry_id", name=op.f("pk_ledger_entry")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_pending",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("leaf_hash", Hash, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "entry_id", name=op.f("pk_ledger_pending")),
    )
    op.create_table(
        "log",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "epoch", name=op.f("pk_log")),
    )
    op.create_table(
        "site",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("log_origin", sa.String(length=255), nullable=False),
        sa.Column("managed_by", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site")),
        sa.UniqueConstraint("key", name=op.f("uq_site_key")),
    )
    op.create_table(
        "visitor_link",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("token_hash", Hash, nullable=False),
        sa.Column("visitor", Id, nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "token_hash", name=op.f("pk_visitor_link")),
    )
    op.create_table(
        "consent_event",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("visitor", Id, nullable=True),
        sa.Column("visitor_seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("ts", Moment(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=True),
        sa.Column("leaf_hash", Hash, nullable=False),
        sa.Column("openings", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(length=12), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_consent_event_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "event_id", name=op.f("pk_consent_event")),
        sa.UniqueConstraint(
            "site_id",
            "visitor",
            "visitor_seq",
            name=op.f("uq_consent_event_site_id_visitor_visitor_seq"),
        ),
    )
    op.create_index(
        op.f("ix_consent_event_site_id_reference"),
        "consent_event",
        ["site_id", "reference"],
        unique=False,
    )
    op.create_table(
        "document_version",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("accept", sa.String(length=16), nullable=False),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("affects", sa.Text(), nullable=False),
        sa.Column("effective_at", Moment(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_document_version_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "kind", "number", name=op.f("pk_document_version")),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("leaf_hash", Hash, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "epoch"],
            ["log.site_id", "log.epoch"],
            name=op.f("fk_ledger_leaf_site_id_epoch_log"),
        ),
        sa.PrimaryKeyConstraint("site_id", "epoch", "leaf_index", name=op.f("pk_ledger_leaf")),
        sa.UniqueConstraint(
            "site_id", "epoch", "entry_id", name=op.f("uq_ledger_leaf_site_id_epoch_entry_id")
        ),
    )
    op.create_table(
        "notice",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("effective_at", Moment(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_notice_site_id_site")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_notice")),
    )
    op.create_table(
        "document_text",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("html_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "kind", "number"],
            ["document_version.site_id", "document_version.kind", "document_version.number"],
            name=op.f("fk_document_text_site_id_kind_number_document_version"),
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "kind", "number", "locale", name=op.f("pk_document_text")
        ),
    )
    op.create_table(
        "notice_variant",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "number"],
            ["notice.site_id", "notice.number"],
            name=op.f("fk_notice_variant_site_id_number_notice"),
        ),
        sa.PrimaryKeyConstraint(
            "site_id", "number", "profile", "locale", name=op.f("pk_notice_variant")
        ),
    )


def downgrade() -> None:
    _refuse_to_drop_evidence()
    op.drop_table("notice_variant")
    op.drop_table("document_text")
    op.drop_table("notice")
    op.drop_table("ledger_leaf")
    op.drop_table("document_version")
    op.drop_index(op.f("ix_consent_event_site_id_reference"), table_name="consent_event")
    op.drop_table("consent_event")
    op.drop_table("visitor_link")
    op.drop_table("site")
    op.drop_table("log")
    op.drop_table("ledger_pending")
    op.drop_table("ledger_head")
    op.drop_table("ledger_entry")
    op.drop_table("installation")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("api_key")


def _refuse_to_drop_evidence() -> None:
    connection = op.get_bind()
    for name in EVIDENCE:
        if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))):
            raise RuntimeError(f"{name} holds evidence: this downgrade would destroy it")

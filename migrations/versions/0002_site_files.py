"""Sites as files: the applied folder, drafts, officers, and the author of a document version."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import yaml
from alembic import op

from consent_service.db.metadata import Id, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SITE_FILE = "site.yaml"
site = sa.table(
    "site", sa.column("site_id", Id), sa.column("settings", sa.Text), sa.column("source", sa.Text)
)
site_file = sa.table(
    "site_file",
    sa.column("site_id", Id),
    sa.column("name", sa.String),
    sa.column("text", sa.Text),
)
version = sa.table(
    "document_version",
    sa.column("site_id", Id),
    sa.column("kind", sa.String),
    sa.column("number", sa.Integer),
    sa.column("accept", sa.String),
    sa.column("material", sa.Boolean),
    sa.column("affects", sa.Text),
    sa.column("effective_at", Moment),
    sa.column("author", sa.String),
)
document_text = sa.table(
    "document_text",
    sa.column("site_id", Id),
    sa.column("kind", sa.String),
    sa.column("number", sa.Integer),
    sa.column("locale", sa.String),
    sa.column("title", sa.Text),
    sa.column("summary", sa.Text),
    sa.column("source", sa.Text),
)
variant = sa.table(
    "notice_variant",
    sa.column("site_id", Id),
    sa.column("number", sa.Integer),
    sa.column("body", sa.Text),
)


def upgrade() -> None:
    op.create_table(
        "officer",
        sa.Column("officer_id", Id, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer")),
        sa.UniqueConstraint("email", name=op.f("uq_officer_email")),
    )
    op.create_table(
        "site_file",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.site_id"], name=op.f("fk_site_file_site_id_site")
        ),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("pk_site_file")),
    )
    op.create_table(
        "draft",
        sa.Column("site_id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=True),
        sa.Column("base_sha256", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_draft_site_id_site")),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("pk_draft")),
    )
    op.add_column("document_version", sa.Column("author", sa.String(length=200), nullable=True))
    _write_files()
    op.drop_column("site", "source")


def downgrade() -> None:
    _refuse_to_drop_evidence()
    op.add_column("site", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for row in connection.execute(sa.select(site_file).where(site_file.c.name == SITE_FILE)):
        restored = sa.update(site).where(site.c.site_id == row.site_id)
        connection.execute(restored.values(source=row.text))
    op.drop_column("document_version", "author")
    op.drop_table("draft")
    op.drop_table("site_file")
    op.drop_table("officer")


def _write_files() -> None:
    """Store site.yaml as it was applied, and documents as their newest versions have them."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(site)).all():
        default = json.loads(row.settings)["locales"][0]
        files = {SITE_FILE: row.source}
        for shown in _shown_versions(connection, row.site_id):
            files |= _document_files(connection, shown, default)
        rows = [{"site_id": row.site_id, "name": name, "text": files[name]} for name in files]
        connection.execute(sa.insert(site_file), rows)


def _shown_versions(connection: sa.Connection, site_id: str) -> Iterator[sa.Row[Any]]:
    """Yield the newest version of each document that the newest notice shows."""
    newest_first = (
        sa.select(variant.c.body)
        .where(variant.c.site_id == site_id)
        .order_by(variant.c.number.desc())
        .limit(1)
    )
    body = connection.scalar(newest_first)
    for document in json.loads(body)["documents"] if body else []:
        yield connection.execute(
            sa.select(version)
            .where(version.c.site_id == site_id, version.c.kind == document["kind"])
            .order_by(version.c.number.desc())
            .limit(1)
        ).one()


def _document_files(
    connection: sa.Connection, of: sa.Row[Any], default: str
) -> Iterator[tuple[str, str]]:
    texts = sa.select(document_text).where(
        document_text.c.site_id == of.site_id,
        document_text.c.kind == of.kind,
        document_text.c.number == of.number,
    )
    for text in connection.execute(texts):
        matter: dict[str, Any] = {"title": text.title, "summary": text.summary}
        if text.locale == default:
            matter |= {"accept": of.accept, "material": of.material}
            matter |= {"affects": json.loads(of.affects), "effective_at": of.effective_at}
        front = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False)
        yield f"{of.kind}.{text.locale}.md", f"---\n{front}---\n\n{text.source}"


def _refuse_to_drop_evidence() -> None:
    connection = op.get_bind()
    for table in ("officer", "draft"):
        if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))):
            raise RuntimeError(f"{table} holds evidence: this downgrade would destroy it")
    if connection.scalar(sa.select(sa.func.count()).where(version.c.author.is_not(None))):
        raise RuntimeError("document_version holds evidence: this downgrade would destroy it")

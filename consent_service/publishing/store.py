"""Reads and writes the files of a site's folder, applied and drafted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from consent_service.publishing.model import FileDraft
from consent_service.publishing.tables import draft, site_file


def list_files(connection: Connection, site_id: str) -> dict[str, str]:
    """Return the texts of the applied folder, by file name."""
    query = (
        select(site_file.c.name, site_file.c.text)
        .where(site_file.c.site_id == site_id)
        .order_by(site_file.c.name)
    )
    return {row.name: row.text for row in connection.execute(query)}


def find_file(connection: Connection, site_id: str, name: str) -> str | None:
    """Return the text of an applied file."""
    query = select(site_file.c.text).where(site_file.c.site_id == site_id, site_file.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def replace_files(tx: Connection, site_id: str, files: Mapping[str, str]) -> None:
    """Store a folder in place of the one that was applied before."""
    tx.execute(delete(site_file).where(site_file.c.site_id == site_id))
    tx.execute(
        insert(site_file),
        [{"site_id": site_id, "name": name, "text": text} for name, text in files.items()],
    )


def list_drafts(connection: Connection, site_id: str) -> list[FileDraft]:
    """Return the drafts of a site by file name."""
    query = select(draft).where(draft.c.site_id == site_id).order_by(draft.c.name)
    return [_draft(row) for row in connection.execute(query)]


def find_draft(connection: Connection, site_id: str, name: str) -> FileDraft | None:
    """Return the draft of a file."""
    found = connection.execute(select(draft).where(_is(site_id, name))).one_or_none()
    return _draft(found) if found else None


def insert_draft(tx: Connection, site_id: str, new: FileDraft) -> None:
    """Store a new draft."""
    tx.execute(insert(draft).values(site_id=site_id, name=new.name, **_columns(new)))


def update_draft(tx: Connection, site_id: str, changed: FileDraft) -> None:
    """Store a draft in place of its earlier state."""
    tx.execute(update(draft).where(_is(site_id, changed.name)).values(**_columns(changed)))


def delete_draft(tx: Connection, site_id: str, name: str) -> None:
    """Remove the draft of a file."""
    tx.execute(delete(draft).where(_is(site_id, name)))


def delete_drafts(tx: Connection, site_id: str) -> None:
    """Remove all drafts of a site."""
    tx.execute(delete(draft).where(draft.c.site_id == site_id))


def _is(site_id: str, name: str) -> ColumnElement[bool]:
    return (draft.c.site_id == site_id) & (draft.c.name == name)


def _columns(of: FileDraft) -> dict[str, Any]:
    return {
        "text": of.text,
        "author": of.author,
        "base_sha256": of.base_sha256,
        "revision": of.revision,
        "updated_at": of.updated_at,
    }


def _draft(row: Row[Any]) -> FileDraft:
    return FileDraft(
        name=row.name,
        text=row.text,
        author=row.author,
        base_sha256=row.base_sha256,
        revision=row.revision,
        updated_at=row.updated_at,
    )

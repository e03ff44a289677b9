"""Reads and writes document versions."""

import json
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from consent_service.documents.model import Accept, DocumentText, DocumentVersion
from consent_service.documents.tables import document_text, document_version


def list_versions(connection: Connection, site_id: str) -> list[DocumentVersion]:
    """Return all versions of all documents of a site, by kind and number."""
    texts: dict[tuple[str, int], dict[str, DocumentText]] = {}
    for row in connection.execute(
        select(document_text)
        .where(document_text.c.site_id == site_id)
        .order_by(document_text.c.kind, document_text.c.number, document_text.c.position)
    ):
        texts.setdefault((row.kind, row.number), {})[row.locale] = _text(row)
    versions = (
        select(document_version)
        .where(document_version.c.site_id == site_id)
        .order_by(document_version.c.kind, document_version.c.number)
    )
    return [_version(row, texts[row.kind, row.number]) for row in connection.execute(versions)]


def insert_version(tx: Connection, version: DocumentVersion) -> None:
    """Store a new version with its texts."""
    of_version = {"site_id": version.site_id, "kind": version.kind, "number": version.number}
    tx.execute(
        insert(document_version).values(
            **of_version,
            accept=version.accept.value,
            material=version.material,
            affects=json.dumps(version.affects),
            effective_at=version.effective_at,
            published_at=version.published_at,
            manifest=version.manifest,
            sha256=version.sha256,
            author=version.author,
        )
    )
    tx.execute(
        insert(document_text),
        [
            {**of_version, "locale": locale, "position": position, **_columns(text)}
            for position, (locale, text) in enumerate(version.texts.items())
        ],
    )


def _columns(text: DocumentText) -> dict[str, str]:
    return {
        "title": text.title,
        "summary": text.summary,
        "source": text.source,
        "source_sha256": text.source_sha256,
        "html": text.html,
        "html_sha256": text.html_sha256,
    }


def _text(row: Row[Any]) -> DocumentText:
    return DocumentText(
        title=row.title,
        summary=row.summary,
        source=row.source,
        source_sha256=row.source_sha256,
        html=row.html,
        html_sha256=row.html_sha256,
    )


def _version(row: Row[Any], texts: dict[str, DocumentText]) -> DocumentVersion:
    return DocumentVersion(
        site_id=row.site_id,
        kind=row.kind,
        number=row.number,
        accept=Accept(row.accept),
        material=row.material,
        affects=tuple(json.loads(row.affects)),
        effective_at=row.effective_at,
        published_at=row.published_at,
        manifest=row.manifest,
        sha256=row.sha256,
        author=row.author,
        texts=texts,
    )

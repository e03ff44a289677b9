"""Reads what leaves name by its hash: notices, variants, documents, the banner's code."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select

from consent_service.banners.tables import banner_build
from consent_service.documents.tables import document_text, document_version
from consent_service.notices.tables import notice, notice_variant

_DOCUMENTS = (
    (notice, notice.c.snapshot, notice.c.sha256),
    (notice_variant, notice_variant.c.body, notice_variant.c.sha256),
    (document_version, document_version.c.manifest, document_version.c.sha256),
)
_TEXTS = {
    "html": (document_text.c.html, document_text.c.html_sha256),
    "md": (document_text.c.source, document_text.c.source_sha256),
}


def list_names(connection: Connection, site_id: str, digests: Iterable[str]) -> list[str]:
    """Return the names `SHA256.json`, `.html` and `.md` of what is there of these documents.

    The texts are those that a manifest among them names.
    """
    names = set()
    for digest in digests:
        text = find_document(connection, site_id, digest)
        if text is not None:
            names.add(f"{digest}.json")
            names.update(_texts(text))
    return sorted(names)


def find_document(connection: Connection, site_id: str, digest: str) -> str | None:
    """Return a notice, a variant or the manifest of a document by the SHA-256 of its text."""
    for table, text, sha256 in _DOCUMENTS:
        query = select(text).where(table.c.site_id == site_id, sha256 == digest).limit(1)
        if (found := connection.scalar(query)) is not None:
            return str(found)
    return None


def find_named(connection: Connection, site_id: str, name: str) -> str | None:
    """Return the text of a name."""
    digest, _, suffix = name.partition(".")
    if suffix not in _TEXTS:
        return find_document(connection, site_id, digest)
    text, sha256 = _TEXTS[suffix]
    of_site = document_text.c.site_id == site_id
    return connection.scalar(select(text).where(of_site, sha256 == digest).limit(1))


def find_build(connection: Connection, site_id: str, digest: str) -> str | None:
    """Return the code of a banner by its digest."""
    build = banner_build.c
    query = select(build.code).where(build.site_id == site_id, build.digest == digest)
    return connection.scalar(query)


def _texts(text: str) -> Iterable[str]:
    """Yield the names of the texts of a manifest; nothing else has texts with hashes."""
    texts = json.loads(text).get("texts", {}).values()
    for each in texts:
        if isinstance(each, dict) and "html_sha256" in each:
            yield f"{each['html_sha256']}.html"
            yield f"{each['source_sha256']}.md"

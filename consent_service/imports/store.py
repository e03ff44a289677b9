"""Reads and writes what was imported."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from consent_service.consents.tables import imported_consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A record that was imported: keyed hashes of its id and of what it said, and its event."""

    record_hash: bytes
    content_hash: bytes
    event_id: str


def find_imported(
    connection: Connection, site_id: str, record_hashes: Sequence[bytes]
) -> dict[bytes, bytes]:
    """Return `{record_hash: content_hash}` of those that were imported before."""
    query = select(imported_consent.c.record_hash, imported_consent.c.content_hash).where(
        imported_consent.c.site_id == site_id,
        imported_consent.c.record_hash.in_(record_hashes),
    )
    return {row.record_hash: row.content_hash for row in connection.execute(query)}


def insert_imported(tx: Connection, site_id: str, new: Sequence[Imported]) -> None:
    """Store which records were imported."""
    rows = [
        {
            "site_id": site_id,
            "record_hash": each.record_hash,
            "content_hash": each.content_hash,
            "event_id": each.event_id,
        }
        for each in new
    ]
    tx.execute(insert(imported_consent), rows)

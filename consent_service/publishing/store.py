"""Reads and writes the files of a site's folder."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from consent_service.publishing.tables import site_file


def list_files(connection: Connection, site_id: str) -> dict[str, str]:
    """Return the texts of the applied folder, by file name."""
    query = (
        select(site_file.c.name, site_file.c.text)
        .where(site_file.c.site_id == site_id)
        .order_by(site_file.c.name)
    )
    return {row.name: row.text for row in connection.execute(query)}


def replace_files(tx: Connection, site_id: str, files: Mapping[str, str]) -> None:
    """Store a folder in place of the one that was applied before."""
    tx.execute(delete(site_file).where(site_file.c.site_id == site_id))
    tx.execute(
        insert(site_file),
        [{"site_id": site_id, "name": name, "text": text} for name, text in files.items()],
    )

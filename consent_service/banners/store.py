"""Reads and writes the banner's code."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select

from consent_service.banners.model import Build, Kit, Script, joined
from consent_service.banners.tables import banner_build, banner_part, banner_script
from consent_service.db.upsert import dialect_insert


def find_part(connection: Connection, kit: str, name: str) -> str | None:
    """Return a part of any kit."""
    query = select(banner_part.c.code)
    return connection.scalar(query.where(banner_part.c.kit == kit, banner_part.c.name == name))


def find_code(connection: Connection, site_id: str, sha256: str) -> str | None:
    """Return a site's script by the SHA-256 of its bytes, or a build by its digest."""
    script, build = banner_script.c, banner_build.c
    found = connection.execute(
        select(script.brief, build.code)
        .join_from(banner_script, banner_build)
        .where(script.site_id == site_id, script.sha256 == sha256)
    ).one_or_none()
    if found:
        return joined(found.brief, found.code)
    query = select(build.code).where(build.site_id == site_id, build.digest == sha256)
    return connection.scalar(query)


def add_kit(tx: Connection, kit: Kit) -> int:
    """Store the parts that are not stored yet, and return how many were new."""
    known = select(banner_part.c.name).where(banner_part.c.kit == kit.name)
    return _add(
        tx,
        banner_part,
        {name: {"kit": kit.name, "name": name, "code": code} for name, code in kit.parts.items()},
        set(tx.scalars(known)),
    )


def add_builds(tx: Connection, site_id: str, builds: Iterable[Build]) -> int:
    """Store the builds of a site that are not stored yet, and return how many were new."""
    known = select(banner_build.c.digest).where(banner_build.c.site_id == site_id)
    rows = {
        each.digest: {"site_id": site_id, "digest": each.digest, "code": each.code}
        for each in builds
    }
    return _add(tx, banner_build, rows, set(tx.scalars(known)))


def add_scripts(tx: Connection, site_id: str, scripts: Iterable[Script]) -> int:
    """Store the scripts of a site that are not stored yet, and return how many were new."""
    known = select(banner_script.c.sha256).where(banner_script.c.site_id == site_id)
    rows = {
        each.sha256: {
            "site_id": site_id,
            "sha256": each.sha256,
            "digest": each.build.digest,
            "brief": each.brief,
        }
        for each in scripts
    }
    return _add(tx, banner_script, rows, set(tx.scalars(known)))


def _add(
    tx: Connection, table: Table, rows: Mapping[str, Mapping[str, Any]], known: set[str]
) -> int:
    """Insert the rows whose key is not known; on PostgreSQL another worker may do so as well."""
    new = [row for key, row in sorted(rows.items()) if key not in known]
    if new:
        tx.execute(dialect_insert(tx, table).on_conflict_do_nothing(), new)
    return len(new)

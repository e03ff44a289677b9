"""Reads and writes the table of sites."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from consent_service.sites.model import Embed, Manager, Retention, Site
from consent_service.sites.tables import site


def find_site(connection: Connection, key: str) -> Site | None:
    """Return a site by its public key."""
    found = connection.execute(select(site).where(site.c.key == key)).one_or_none()
    return _site(found) if found else None


def lock_site(tx: Connection, key: str) -> None:
    """Keep others from publishing a site until the transaction ends; recording goes on."""
    tx.execute(select(site.c.site_id).where(site.c.key == key).with_for_update(key_share=True))


def find_revision(connection: Connection, key: str) -> int | None:
    """Return the revision of a site, which tells whether a cached one is still the newest."""
    return connection.scalar(select(site.c.revision).where(site.c.key == key))


def list_revisions(connection: Connection) -> dict[str, int]:
    """Return the revisions of all open sites by key."""
    query = select(site.c.key, site.c.revision).where(site.c.closed_at.is_(None))
    return {row.key: row.revision for row in connection.execute(query.order_by(site.c.key))}


def list_sites(connection: Connection) -> list[Site]:
    """Return all sites by key."""
    return [_site(row) for row in connection.execute(select(site).order_by(site.c.key))]


def list_page(
    connection: Connection, after: str | None, limit: int, keys: Sequence[str] = ()
) -> list[Site]:
    """Return up to `limit` sites by key behind `after`; with `keys`, only those."""
    query = select(site).order_by(site.c.key).limit(limit)
    if after is not None:
        query = query.where(site.c.key > after)
    if keys:
        query = query.where(site.c.key.in_(keys))
    return [_site(row) for row in connection.execute(query)]


def insert_site(tx: Connection, new: Site, created_at: datetime) -> None:
    """Store a new site."""
    tx.execute(insert(site).values(key=new.key, created_at=created_at, **_columns(new)))


def update_site(tx: Connection, changed: Site) -> None:
    """Store what changed of a site."""
    tx.execute(update(site).where(site.c.site_id == changed.site_id).values(**_columns(changed)))


def _columns(of: Site) -> dict[str, Any]:
    return {
        "site_id": of.site_id,
        "log_origin": of.log_origin,
        "managed_by": of.managed_by.value,
        "revision": of.revision,
        "settings": json.dumps({**of.settings(), "published_by": of.published_by.value}),
        "closed_at": of.closed_at,
    }


def _site(row: Row[Any]) -> Site:
    settings = json.loads(row.settings)
    return Site(
        site_id=row.site_id,
        key=row.key,
        log_origin=row.log_origin,
        name=settings["name"],
        controller=settings["controller"],
        origins=tuple(settings["origins"]),
        embed=Embed(**settings["embed"]),
        locales=tuple(settings["locales"]),
        profiles=tuple(settings["profiles"]),
        erasure=settings["erasure"],
        erasure_reason=settings.get("erasure_reason", {}),
        retention=Retention(**settings.get("retention", {})),
        log=settings.get("log", "public"),
        managed_by=Manager(row.managed_by),
        published_by=Manager(settings.get("published_by", row.managed_by)),
        revision=row.revision,
        closed_at=row.closed_at,
    )

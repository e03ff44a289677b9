"""Reads and writes api keys."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from consent_service.access.model import ApiKey
from consent_service.access.tables import api_key


def insert_key(tx: Connection, key: ApiKey) -> None:
    """Store a new key."""
    tx.execute(
        insert(api_key).values(
            key_id=key.key_id,
            name=key.name,
            secret_hash=key.secret_hash,
            scopes=json.dumps(key.scopes),
            sites=json.dumps(key.sites),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def find_by_hash(connection: Connection, secret_hash: bytes) -> ApiKey | None:
    """Return the key of that hash."""
    query = select(api_key).where(api_key.c.secret_hash == secret_hash)
    found = connection.execute(query).one_or_none()
    return _key(found) if found else None


def list_keys(connection: Connection) -> list[ApiKey]:
    """Return all keys, oldest first."""
    return [_key(row) for row in connection.execute(select(api_key).order_by(api_key.c.key_id))]


def revoke_key(tx: Connection, key_id: str, now: datetime) -> bool:
    """Revoke a key; tell whether there was one to revoke."""
    alive = (api_key.c.key_id == key_id) & api_key.c.revoked_at.is_(None)
    return tx.execute(update(api_key).where(alive).values(revoked_at=now)).rowcount > 0


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        secret_hash=row.secret_hash,
        scopes=tuple(json.loads(row.scopes)),
        sites=tuple(json.loads(row.sites)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )

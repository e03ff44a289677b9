"""Reads and writes api keys and officers."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from consent_service.access.model import ApiKey, Officer, Role
from consent_service.access.tables import api_key, officer


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


def insert_officer(tx: Connection, new: Officer) -> None:
    """Store a new officer."""
    tx.execute(
        insert(officer).values(
            officer_id=new.officer_id,
            email=new.email,
            name=new.name,
            role=new.role.value,
            created_at=new.created_at,
        )
    )


def find_officer(connection: Connection, email: str) -> Officer | None:
    """Return an officer by the e-mail address in lower case, a disabled one too."""
    query = select(officer).where(officer.c.email == email)
    found = connection.execute(query).one_or_none()
    return _officer(found) if found else None


def list_officers(connection: Connection) -> list[Officer]:
    """Return all officers by e-mail address, disabled ones too."""
    return [_officer(row) for row in connection.execute(select(officer).order_by(officer.c.email))]


def disable_officer(tx: Connection, email: str, now: datetime) -> bool:
    """Disable an officer; tell whether there was one to disable."""
    active = (officer.c.email == email) & officer.c.disabled_at.is_(None)
    return tx.execute(update(officer).where(active).values(disabled_at=now)).rowcount > 0


def _officer(row: Row[Any]) -> Officer:
    return Officer(
        officer_id=row.officer_id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


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

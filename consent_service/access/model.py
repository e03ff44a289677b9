"""Api keys."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids

SCOPES = ("export",)
PREFIX = "cs_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is stored of a key: its hash, what it may do, and for which sites (none: all)."""

    key_id: str
    name: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    sites: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def allows(self, scope: str, site: str | None, now: datetime) -> bool:
        """Tell whether the key may do something for a site now."""
        ended = (self.expires_at, self.revoked_at)
        alive = all(moment is None or now < moment for moment in ended)
        return alive and scope in self.scopes and (not self.sites or site in self.sites)


def new_secret(ids: Ids) -> str:
    """Return a key as its program holds it, 256 random bits."""
    return PREFIX + b64url(ids.random(32))


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a key. It is random, so one fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that do not exist."""
    return [scope for scope in scopes if scope not in SCOPES]

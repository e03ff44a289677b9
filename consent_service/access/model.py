"""Api keys of programs, and officers: the people who manage sites."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids

SCOPES = (
    "export",
    "sites:read",
    "sites:write",
    "consents:read",
    "consents:write",
    "consents:erase",
    "check",
)
PREFIX = "cs_"
LONGEST_EMAIL = 254
LONGEST_NAME = 200
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]{2,}")


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
        """Tell whether the key may do something for a site now; None is a call about no one site.

        What a call about no one site answers is for the caller to limit, by `sees`.
        """
        ended = (self.expires_at, self.revoked_at)
        alive = all(moment is None or now < moment for moment in ended)
        return alive and scope in self.scopes and (site is None or self.sees(site))

    def sees(self, site: str) -> bool:
        """Tell whether a site is among those that the key is for."""
        return not self.sites or site in self.sites


class Role(StrEnum):
    """What an officer may do; each role but the auditor's includes those below it."""

    OWNER = "owner"
    """Answers for everything, waivers and erasures too."""

    APPROVER = "approver"
    """Publishes."""

    EDITOR = "editor"
    """Writes drafts."""

    AUDITOR = "auditor"
    """Reads and exports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A person who answers for sites. `email` is in lower case and unique."""

    officer_id: str
    email: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


def is_email(text: str) -> bool:
    """Tell whether a text has the form of an e-mail address."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def new_secret(ids: Ids) -> str:
    """Return a key as its program holds it, 256 random bits."""
    return PREFIX + b64url(ids.random(32))


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a key. It is random, so one fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that do not exist."""
    return [scope for scope in scopes if scope not in SCOPES]

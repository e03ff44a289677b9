"""What the service knows of a site beside its documents and notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class Manager(StrEnum):
    """Who manages a site: its folder, or the console with the management interface."""

    FOLDER = "folder"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """How the banner is embedded, which decides who keeps the cookies."""

    mode: str
    base_url: str | None = None
    cookie_domain: str | None = None

    @property
    def server_sets_cookies(self) -> bool:
        """True in the two modes in which the service answers on the site's own domain."""
        return self.mode != "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is recorded stays once it is over.

    The proof itself goes after `proof_months`; the link to the visitor after `openings_days`, or
    together with the proof without any.
    """

    proof_months: int = 36
    openings_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A website. `revision` grows with each change, which is how caches learn of it.

    `log` says who reads the hashes of its log: everybody (`public`) or whom the operator lets
    (`on-request`).
    `erasure` is `erase` or `restrict`, `erasure_reason` says per locale why it is the latter.
    `managed_by` is the side that may publish it, `published_by` the one that did last.
    """

    site_id: str
    key: str
    log_origin: str
    name: str
    controller: Mapping[str, str]
    origins: tuple[str, ...]
    embed: Embed
    locales: tuple[str, ...]
    profiles: tuple[str, ...]
    erasure: str
    managed_by: Manager
    published_by: Manager
    revision: int
    closed_at: datetime | None
    erasure_reason: Mapping[str, str] = field(default_factory=dict)
    retention: Retention = Retention()
    log: str = "public"

    @property
    def default_locale(self) -> str:
        """The locale that is answered to visitors whose languages the site does not have."""
        return self.locales[0]

    def settings(self) -> dict[str, Any]:
        """Return the part that is stored as JSON."""
        return {
            "name": self.name,
            "controller": dict(self.controller),
            "origins": list(self.origins),
            "embed": {
                "mode": self.embed.mode,
                "base_url": self.embed.base_url,
                "cookie_domain": self.embed.cookie_domain,
            },
            "locales": list(self.locales),
            "profiles": list(self.profiles),
            "erasure": self.erasure,
            "erasure_reason": dict(self.erasure_reason),
            "log": self.log,
            "retention": {
                "proof_months": self.retention.proof_months,
                "openings_days": self.retention.openings_days,
            },
        }


def is_loopback(origin: str) -> bool:
    """Tell whether an origin is plain http on this machine, where cookies go without Secure."""
    try:
        parts = urlsplit(origin)
        host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    except ValueError:
        return False
    return parts.scheme == "http" and (host in LOOPBACK_HOSTS or host.endswith(".localhost"))

"""What a website's owner pastes and configures, for each way of embedding."""

import json
from dataclasses import dataclass
from datetime import date

from consent_service.banners.head import policy_hash
from consent_service.banners.kit import WHOLE
from consent_service.banners.model import Kit
from consent_service.core.errors import InvalidRequestError
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """Texts to paste: the tag, the Content-Security-Policy sources, a proxy's rule, `gpc.json`."""

    tag: str
    policy: tuple[str, ...]
    proxy: str | None
    gpc: str
    advice: str


_ADVICE = {
    "external": (
        "External mode is for a first try: Safari forgets the answers of visitors who stay away "
        "for 7 days. Path mode keeps them."
    ),
    "path": "Path mode: the proxy rule puts the service behind a path of the website's own origin.",
    "subdomain": (
        "Subdomain mode: the host needs an A or AAAA record in the website's own network; a CNAME "
        "to another site counts as foreign."
    ),
}
_PINNED_ADVICE = (
    "The pinned tag keeps this very banner, also after an upgrade of the service: print it anew to "
    "get the new one. It takes a second request for the notice."
)
_PROXIED = "static|v1/sites|v1/verify|sites|.well-known/consent"


def instructions(
    site: Site, mode: str, public_url: str, today: date, pinned: Kit | None = None
) -> Instructions:
    """Return what embedding a site in a mode takes; `public_url` is where the service answers.

    `pinned` is the kit that the tag shall be held to, byte for byte.

    Raises:
        InvalidRequestError: the mode needs an address that site.yaml does not name.
    """
    base = _base(site, mode, public_url)
    return Instructions(
        tag=_pinned_tag(base, site, pinned) if pinned else _tag(base, site),
        policy=_policy("'self'" if mode == "path" else base),
        proxy=_proxy_rule(base, public_url) if mode == "path" else None,
        gpc=json.dumps({"gpc": True, "lastUpdate": today.isoformat()}),
        advice=f"{_ADVICE[mode]} {_PINNED_ADVICE}" if pinned else _ADVICE[mode],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadInstructions:
    """Texts to paste for the head stub: itself, what a policy allows it by, or else its tag."""

    inline: str
    policy: str
    tag: str


def head_instructions(site: Site, mode: str, public_url: str, script: str) -> HeadInstructions:
    """Return how to put the head stub into pages.

    Raises:
        InvalidRequestError: the mode needs an address that site.yaml does not name.
    """
    return HeadInstructions(
        inline=f"<script>{script}</script>",
        policy=f"script-src {policy_hash(script)}",
        tag=f'<script src="{_base(site, mode, public_url)}/v1/sites/{site.key}/head.js"></script>',
    )


def _base(site: Site, mode: str, public_url: str) -> str:
    base = public_url if mode == "external" else site.embed.base_url
    if not base:
        raise InvalidRequestError.of("embed.base_url", f"is needed in site.yaml for mode {mode}")
    return base


def _tag(base: str, site: Site) -> str:
    return f'<script async src="{base}/v1/sites/{site.key}/consent-banner.js"></script>'


def _pinned_tag(base: str, site: Site, kit: Kit) -> str:
    """Return a tag whose script the browser checks (W3C Subresource Integrity)."""
    return (
        f'<script async src="{base}/static/b/{kit.name}/{WHOLE}.js" '
        f'integrity="{kit.integrity}" crossorigin="anonymous" data-site="{site.key}"></script>'
    )


def _policy(source: str) -> tuple[str, ...]:
    return (f"script-src {source}", f"connect-src {source}")


def _proxy_rule(base: str, public_url: str) -> str:
    """Return nginx's rule; what is not meant for visitors stays behind."""
    prefix = "/" + base.partition("://")[2].partition("/")[2].strip("/")
    prefix = prefix.rstrip("/")
    return (
        f"location ~ ^{prefix}/({_PROXIED})(/|$) {{\n"
        f"    rewrite ^{prefix}(/.*)$ $1 break;\n"
        f"    proxy_pass {public_url};\n"
        "    proxy_set_header Host $host;\n"
        "}"
    )

"""The head stub: what a site tells tags before the banner is there, in as few bytes as can be.

The template is `banner/src/head.ts`; what stands in CONFIG is described there.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from consent_service.banners.kit import with_sections
from consent_service.core.errors import NotFoundError
from consent_service.notices.model import Variant
from consent_service.notices.signals import GOOGLE_KEYS
from consent_service.sites.model import Site, is_loopback

PART = "h"
"""The template's name among the parts of a kit."""

_MAPPINGS = {"google": "g", "uet": "u", "clarity": "y"}
_MATOMO = {"cookies": "requireCookieConsent", "tracking": "requireConsent"}
_INTERFACES = {"gpp", "tcf"}
_ALWAYS = ["", 0, 1]
"""A purpose of which nobody can say no."""


class HeadUnknownError(NotFoundError):
    """The site does not use the head stub."""

    code = "head_unknown"
    title = "The site has no head stub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a site's stub is made of: sections of the template, and CONFIG as JavaScript."""

    sections: frozenset[str]
    config: str

    def script(self, template: str) -> str:
        """Return the stub."""
        return with_sections(template, self.sections).rstrip("\n").replace("CONFIG", self.config)


def head_of(site: Site, variants: Sequence[Variant]) -> Head:
    """Return the stub of a site for whoever gets one of these variants.

    Where they differ, the strictest rules: a page's own copy is the same for visitors anywhere.

    Raises:
        HeadUnknownError: the site does not say `head: true` in its signals.
    """
    bodies = [json.loads(variant.body) for variant in variants]
    signals: Mapping[str, Any] = bodies[0].get("signals", {})
    if not signals.get("head"):
        raise HeadUnknownError(f"say head: true in the signals of {site.key}")
    names = {*_MAPPINGS, *_INTERFACES, "matomo"} & {*signals}
    config = dict(_config(site, signals, bodies))
    sections = {*names, *_shared(names)}
    return Head(sections=frozenset(sections), config=_literal(config))


def policy_hash(script: str) -> str:
    """Return what a Content-Security-Policy allows an inline script by (CSP 3, section 2.3.1)."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _shared(names: set[str]) -> Iterator[str]:
    if names & {*_MAPPINGS}:
        yield "answers"
    if names & _INTERFACES:
        yield "api"


def _config(
    site: Site, signals: Mapping[str, Any], bodies: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any]]:
    mapped = {name: dict(signals[name]) for name in _MAPPINGS if name in signals}
    if mapped:
        yield "c", f" {_cookie(site)}="
        yield "q", f"consent_queue_{site.key}"
        purposes = _purposes(bodies, mapped)
        yield "p", [*purposes.values(), *([_ALWAYS] if "google" in mapped else [])]
        for name, keys in mapped.items():
            yield _MAPPINGS[name], _places(name, keys, list(purposes))
    if "matomo" in signals:
        yield "m", _MATOMO[signals["matomo"]["asks"]]


def _cookie(site: Site) -> str:
    """Return the name of the state cookie; it has no prefix on plain http, on this machine only."""
    name = f"consent_state_{site.key}"
    if all(is_loopback(origin) for origin in site.origins):
        return name
    return f"{'__Secure-' if site.embed.mode == 'subdomain' else '__Host-'}{name}"


def _places(name: str, keys: Mapping[str, str], purposes: list[str]) -> dict[str, int]:
    """Return the place of each key's purpose; the last one is that of what is always granted."""
    always, never = len(purposes), len(purposes) + 1
    if name != "google":
        return {key: _place(purpose, purposes, never) for key, purpose in keys.items()}
    return {
        key: _place(keys[key], purposes, never)
        if key in keys
        else always
        if key == "security_storage"
        else never
        for key in GOOGLE_KEYS
    }


def _place(purpose: str, purposes: list[str], never: int) -> int:
    return purposes.index(purpose) if purpose in purposes else never


def _purposes(
    bodies: Sequence[Mapping[str, Any]], mapped: Mapping[str, Mapping[str, str]]
) -> dict[str, list[Any]]:
    """Return what the stub has to know of each purpose that is mapped and can be allowed."""
    used = {purpose for keys in mapped.values() for purpose in keys.values()}
    found: dict[str, list[Any]] = {}
    for key in (purpose["key"] for purpose in bodies[0]["purposes"]):
        forms = [each for body in bodies for each in body["purposes"] if each["key"] == key]
        before = all(form["before_choice"] == "allowed" for form in forms)
        choice = any(form["choice"] for form in forms)
        if key in used and (before or choice):
            sale = choice and forms[0]["sale_or_sharing"]
            found[key] = _entry(key, _since(bodies[0], forms[0]), before=before, sale=sale)
    return found


def _entry(key: str, since: int, *, before: bool, sale: bool) -> list[Any]:
    """Return a purpose without what may be left out at its end."""
    if sale:
        return [key, since, int(before), 1]
    return [key, since, 1] if before else [key, since]


def _since(body: Mapping[str, Any], purpose: Mapping[str, Any]) -> int:
    """Return the notice since which a purpose, with all its services, has meant the same."""
    services = (each for each in body["services"] if each["purpose"] == purpose["key"])
    return max(int(each["asked_since"]) for each in (purpose, *services))


def _literal(value: Any) -> str:
    """Return a value as JavaScript, with names as they are: all of them are ours and short."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{name}:{_literal(part)}' for name, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_literal, value))}]"
    return json.dumps(value)

"""What the service tells around a variant: its hashes, how it is embedded, how it looks."""

import re
from collections.abc import Mapping
from typing import Any

from consent_service.core.colours import READABLE, contrast
from consent_service.notices.model import Variant
from consent_service.sites.model import Embed

_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,3}(?:\.\d{1,2})?(?:px|rem|em)")
_ACCENT = "#1f4fd8"
_USUAL = {"on-accent": "#fff", "radius": "10px"}
"""What the banner's own style sheet says."""


def around(notice: str, variant: Variant, theme: Mapping[str, str], embed: Embed) -> dict[str, Any]:
    """Return the members that are added to a variant of a notice.

    `notice` is the notice's hash, `theme` the variant's.
    """
    return {
        "sha256": notice,
        "variant": variant.sha256,
        "embed": embedding(embed),
        "style": style(theme),
    }


def embedding(embed: Embed) -> dict[str, str | None]:
    """Return what the banner needs to know of how it is embedded."""
    return {"mode": embed.mode, "cookie_domain": embed.cookie_domain}


def style(theme: Mapping[str, str]) -> str:
    """Return a theme as CSS declarations; nothing that is not plainly a colour or a length gets in.

    Words on the accent are black or white where the theme's own colour is hard to read on it.
    """
    accent, ink = (_checked(_COLOUR, theme, name) for name in ("accent", "on_accent"))
    radius = _checked(_LENGTH, theme, "radius")
    declared = {
        "accent": accent or _ACCENT,
        "on-accent": _ink(accent, ink) if accent else None,
        "radius": radius,
    }
    return ";".join(
        f"--cm-{name}:{value}"
        for name, value in declared.items()
        if value and value != _USUAL.get(name)
    )


def _checked(rule: re.Pattern[str], theme: Mapping[str, str], name: str) -> str | None:
    value = theme.get(name, "")
    return value if rule.fullmatch(value) else None


def _ink(accent: str, ink: str | None) -> str:
    if ink and ink.lower() != "#ffffff" and _is_readable(ink, accent):
        return ink
    return "#fff" if _is_readable("#fff", accent) else "#000"


def _is_readable(ink: str, accent: str) -> bool:
    found = contrast(accent, ink)
    return found is not None and found >= READABLE

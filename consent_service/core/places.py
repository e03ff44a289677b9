"""Places: a country, and the region in it where that is known. Never an address."""

import re
from dataclasses import dataclass

_CODE = re.compile(r"(?P<country>[A-Z]{2})(?:-(?P<region>[A-Z0-9]{1,3}))?")
_NO_COUNTRY = {"AP", "EU", "XX", "ZZ"}
"""Codes that proxies and databases give where they know no country, or only a continent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor is: ISO 3166-1 `DE`, and ISO 3166-2 `US-CA` where the region is known."""

    country: str
    region: str | None = None


def place_of(code: str) -> Place | None:
    """Return the place that a code such as `DE` or `US-CA` names.

    Returns:
        None for what names no country, such as `XX` (unknown) and `T1` (Tor).
    """
    found = _CODE.fullmatch(code)
    if found is None or found["country"] in _NO_COUNTRY:
        return None
    return Place(found["country"], code if found["region"] else None)

"""What derived files are made from: leaves, openings, and the notices that were shown."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Recorded = tuple[int, str | bytes, Mapping[str, str]]
"""Index, text of the leaf or, where it is redacted, its hash, and what its openings say."""

Lookup = Callable[[str], bytes | None]
"""Answers a document of the bundle by its SHA-256 in hexadecimal."""

Maker = Callable[[Iterable[Recorded], Lookup], Iterator[bytes]]

UNKNOWN = "not recorded"
WITHHELD = "erased or withheld"
_VARIANTS_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event whose text is there, with the notice variant it answers, if that is known."""

    leaf: Mapping[str, Any]
    openings: Mapping[str, str]
    variant: Mapping[str, Any]

    @property
    def visitor(self) -> str:
        """Who decided, or a word where nobody is told any more."""
        return self.openings.get("visitor", WITHHELD)

    @property
    def shown_as(self) -> tuple[str, ...]:
        """What the notice said follows from these: its variant, the locale, and the method."""
        variant = self.leaf.get("notice", {}).get("variant", "")
        return variant, self.leaf.get("locale", ""), self.leaf.get("method", "")

    def purposes(self, *values: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield key, decision and description of each purpose with one of these decisions."""
        described = {purpose["key"]: purpose for purpose in self.variant.get("purposes", ())}
        for key, value in self.leaf.get("decisions", {}).items():
            if value in values:
                yield key, value, described.get(key, {})


def is_event(leaf: Mapping[str, Any]) -> bool:
    """Tell an event from a control leaf, which has a nonce."""
    return "nonce" not in leaf


def events(leaves: Iterable[Recorded], documents: Lookup) -> Iterator[Event]:
    """Yield the events whose text is there."""

    @lru_cache(maxsize=_VARIANTS_KEPT)
    def variant(sha256: str) -> Mapping[str, Any]:
        return dict(json.loads(documents(sha256) or b"{}"))

    for _index, text, openings in leaves:
        leaf = json.loads(text) if isinstance(text, str) else None
        if leaf is not None and is_event(leaf):
            shown = leaf.get("notice", {}).get("variant", "")
            yield Event(leaf=leaf, openings=openings, variant=variant(shown))

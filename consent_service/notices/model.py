"""Published notices and their variants, and what can be read from them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from consent_service.notices.texts import RICH


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One form of a notice, resolved for a locale and a profile. `body` is its canonical JSON."""

    profile: str
    locale: str
    sha256: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A published notice. `sha256` is that of its snapshot, which names each variant's hash."""

    site_id: str
    number: int
    sha256: str
    snapshot: str = field(repr=False)
    effective_at: datetime
    published_at: datetime
    variants: tuple[Variant, ...] = field(repr=False)

    @property
    def content(self) -> str:
        """The hash of what is shown, numbers apart: equal means nothing changed."""
        return str(json.loads(self.snapshot)["content"])

    def variant_of(self, sha256: str) -> Variant | None:
        """Return the variant of that hash."""
        return next((variant for variant in self.variants if variant.sha256 == sha256), None)


class Showing(StrEnum):
    """What is counted."""

    SHOWN = "shown"
    """The banner came up with a notice."""

    SIGNAL = "signal"
    """A browser of which nothing is on record sent an opt-out signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What a counter counts: one kind of showing of a notice, within an hour."""

    site_id: str
    hour: datetime
    kind: Showing
    notice: int
    profile: str
    locale: str


def notice_in_force(notices: Sequence[Notice], moment: datetime) -> Notice | None:
    """Return the current notice: the highest number whose `effective_at` has passed."""
    begun = [notice for notice in notices if notice.effective_at <= moment]
    return max(begun, key=lambda notice: notice.number, default=None)


def notices_up_to(notices: Sequence[Notice], moment: datetime) -> list[Notice]:
    """Return the notices that visitors were shown up to a moment: no higher one began before."""
    begun = [notice for notice in notices if notice.effective_at <= moment]
    return [
        notice
        for notice in begun
        if not any(
            other.number > notice.number and other.effective_at < notice.effective_at
            for other in begun
        )
    ]


def dangling_links(notice: Notice) -> set[str]:
    """Return the kinds of documents that a notice links to but does not show."""
    found: set[str] = set()
    for variant in notice.variants:
        body = json.loads(variant.body)
        linked = {
            part["document"] for key in RICH for part in body["texts"][key] if "document" in part
        }
        found |= linked - {document["kind"] for document in body["documents"]}
    return found

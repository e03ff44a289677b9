"""What a published variant lays down for decisions, read back from its body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from consent_service.notices.model import Variant

OPT_OUT = "opt-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeTerms:
    """A purpose as decisions see it. `services` maps each of its services to its `asked_since`."""

    key: str
    choice: bool
    before_choice: str
    sale_or_sharing: bool
    asked_since: int
    services: Mapping[str, int]

    @property
    def since(self) -> int:
        """The notice since which the purpose, with all its services, has meant the same."""
        return max([self.asked_since, *self.services.values()])

    @property
    def runs_unasked(self) -> bool:
        """True where it is allowed until the visitor objects."""
        return self.before_choice == "allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTerms:
    """A document version that a notice shows."""

    kind: str
    number: int
    sha256: str
    accept: str
    asked_since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a variant asks, and for how many days a decision holds (None: for good).

    After an objection nobody asks again for `quiet_days`.
    """

    model: str
    purposes: Mapping[str, PurposeTerms]
    documents: Mapping[str, DocumentTerms]
    granted_days: int
    denied_days: int | None
    quiet_days: int = 0

    def choices(self) -> list[str]:
        """Return the purposes that visitors decide about."""
        return [key for key, purpose in self.purposes.items() if purpose.choice]

    def services(self) -> list[str]:
        """Return the keys of all services."""
        return [key for purpose in self.purposes.values() for key in purpose.services]

    def purpose_of(self, service: str) -> str:
        """Return the purpose of a service; an empty text for an unknown one."""
        return next((key for key, p in self.purposes.items() if service in p.services), "")

    def runs_unasked(self, purpose: str) -> bool:
        """Tell whether a purpose is allowed until the visitor objects."""
        return purpose in self.purposes and self.purposes[purpose].runs_unasked

    def is_sale(self, purpose: str) -> bool:
        """Tell whether an opt-out signal concerns a purpose."""
        return purpose in self.purposes and self.purposes[purpose].sale_or_sharing


@lru_cache(maxsize=1024)
def terms_of(variant: Variant) -> Terms:
    """Read the terms of a variant."""
    body = json.loads(variant.body)
    services = body["services"]
    purposes = [
        PurposeTerms(
            key=each["key"],
            choice=each["choice"],
            before_choice=each["before_choice"],
            sale_or_sharing=each["sale_or_sharing"],
            asked_since=each["asked_since"],
            services={s["key"]: s["asked_since"] for s in services if s["purpose"] == each["key"]},
        )
        for each in body["purposes"]
    ]
    documents = [
        DocumentTerms(
            kind=each["kind"],
            number=each["number"],
            sha256=each["sha256"],
            accept=each["accept"],
            asked_since=each["asked_since"],
        )
        for each in body["documents"]
    ]
    return Terms(
        model=body["model"],
        purposes={purpose.key: purpose for purpose in purposes},
        documents={document.kind: document for document in documents},
        granted_days=body["lifetime"]["granted_days"],
        denied_days=body["lifetime"].get("denied_days"),
        quiet_days=body["lifetime"].get("quiet_days", 0),
    )

"""What notices say and what visitors send, as the second reading of the rules sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

GRANTED, DENIED, NOT_SUBJECT = "granted", "denied", "not_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a notice says of a purpose; `since` and those of its services are notice numbers."""

    since: int
    choice: bool
    runs: bool
    sale: bool
    services: Mapping[str, int] = field(default_factory=dict)

    @property
    def meant_since(self) -> int:
        return max([self.since, *self.services.values()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    n: int
    accept: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A published notice; no `denied_days`: for good."""

    number: int
    at: datetime
    purposes: Mapping[str, Purpose]
    documents: Mapping[str, Document]
    granted_days: int
    denied_days: int | None
    quiet_days: int
    is_opt_out: bool

    def purpose_of(self, service: str) -> str:
        return next((key for key, each in self.purposes.items() if service in each.services), "")

    def services(self) -> list[str]:
        return [key for purpose in self.purposes.values() for key in purpose.services]

    def choices(self) -> list[str]:
        return [key for key, each in self.purposes.items() if each.choice]

    def runs(self, purpose: str) -> bool:
        return purpose in self.purposes and self.purposes[purpose].runs

    def is_sale(self, purpose: str) -> bool:
        return purpose in self.purposes and self.purposes[purpose].sale


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was received: what was done under which notice. `made` is for kept answers."""

    at: datetime
    notice: Notice
    action: str
    purposes: Mapping[str, bool] = field(default_factory=dict)
    services: Mapping[str, bool] = field(default_factory=dict)
    documents: Mapping[str, int] = field(default_factory=dict)
    gpc: bool = False
    override: bool = False
    made: datetime | None = None

    @property
    def names_nothing(self) -> bool:
        return not (self.purposes or self.services or self.documents)

    @property
    def may_grant(self) -> bool:
        if self.action == "choose":
            return any(self.purposes.values()) or any(self.services.values())
        return self.action in ("accept", "acknowledge", "agree")

    @property
    def done_at(self) -> datetime:
        return self.at if self.made is None else min(self.made, self.at)

    def against(self, purpose: str) -> bool:
        """Tell whether the visitor's browser stands against a purpose."""
        return self.gpc and not self.override and self.notice.is_sale(purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The last word on a purpose or a service."""

    value: str
    notice: int
    at: datetime
    until: datetime | None
    override: bool = False

    def has_ended(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    n: int
    notice: int
    at: datetime
    ended: bool


Ruling = tuple[bool, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How everything stands: `{key: (allowed, why)}`, and `(group, key, why)` of each question."""

    purposes: Mapping[str, Ruling]
    services: Mapping[str, Ruling]
    questions: tuple[tuple[str, str, str], ...]

    @property
    def asks(self) -> str | None:
        groups = [group for group, _, _ in self.questions]
        return next((group for group in ("purposes", "documents") if group in groups), None)

"""Consent events and the state that follows from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent_service.core.canonical import canonical_json
from consent_service.core.clock import format_time, parse_time


class Action(StrEnum):
    """What a visitor did."""

    ACCEPT = "accept"
    REJECT = "reject"
    CHOOSE = "choose"
    WITHDRAW = "withdraw"
    ACKNOWLEDGE = "acknowledge"
    AGREE = "agree"
    SIGNAL = "signal"


class Value(StrEnum):
    """A decision about a purpose or a service."""

    GRANTED = "granted"
    DENIED = "denied"
    NOT_SUBJECT = "not_subject"


class EventType(StrEnum):
    """What an event records."""

    GIVEN = "consent.given"
    REFUSED = "consent.refused"
    UPDATED = "consent.updated"
    WITHDRAWN = "consent.withdrawn"
    EXPIRED = "consent.expired"
    IMPORTED = "consent.imported"
    AGREED = "documents.agreed"
    ACKNOWLEDGED = "notice.acknowledged"
    SIGNAL = "optout.signal"


class Method(StrEnum):
    """How a decision reached the service. A browser may say the first two only."""

    BANNER = "banner"
    PREFERENCES = "preferences"
    API = "api"
    GPC = "gpc"
    IMPORT = "import"


BROWSER_METHODS = (Method.BANNER, Method.PREFERENCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of a visitor.

    `made_at` is when it was made, for one that was kept on the visitor's side and sent later.
    """

    action: Action
    decisions: Mapping[str, bool] = field(default_factory=dict)
    services: Mapping[str, bool] = field(default_factory=dict)
    documents: Mapping[str, int] = field(default_factory=dict)
    gpc: bool = False
    override: bool = False
    made_at: datetime | None = None

    @property
    def is_grant(self) -> bool:
        """True where the act may allow something."""
        allowed = any(self.decisions.values()) or any(self.services.values())
        return self.action in (Action.ACCEPT, Action.ACKNOWLEDGE, Action.AGREE) or (
            self.action is Action.CHOOSE and allowed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision in a visitor's state: under which notice, when, and until when it holds.

    `override`: granted in a second act although the visitor's browser sends an opt-out signal.
    `ended`: its expiry is on record.
    """

    value: Value
    notice: int
    at: datetime
    until: datetime | None
    override: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A document version that a visitor acknowledged or agreed to; `ended` by withdrawal."""

    n: int
    sha256: str
    notice: int
    at: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that a visitor has decided so far, expired decisions too.

    `refused_at` is when the visitor last refused or withdrew everything.
    """

    purposes: Mapping[str, Decision] = field(default_factory=dict)
    services: Mapping[str, Decision] = field(default_factory=dict)
    documents: Mapping[str, Agreement] = field(default_factory=dict)
    refused_at: datetime | None = None

    def agreed(self) -> dict[str, Agreement]:
        """Return the acknowledgements and agreements that have not ended."""
        return {kind: each for kind, each in self.documents.items() if not each.ended}

    def dump(self) -> str:
        """Return the JSON text that `load` reads."""
        return canonical_json(
            {
                "purposes": _decisions_dump(self.purposes),
                "services": _decisions_dump(self.services),
                "documents": {
                    kind: {
                        "n": each.n,
                        "sha256": each.sha256,
                        "notice": each.notice,
                        "at": format_time(each.at),
                        "ended": each.ended,
                    }
                    for kind, each in self.documents.items()
                },
                **({"refused_at": format_time(self.refused_at)} if self.refused_at else {}),
            }
        )

    @classmethod
    def load(cls, text: str) -> "State":
        """Read a stored state."""
        data = json.loads(text)
        return cls(
            purposes={key: _decision(each) for key, each in data["purposes"].items()},
            services={key: _decision(each) for key, each in data["services"].items()},
            documents={
                kind: Agreement(**{**each, "at": parse_time(each["at"])})
                for kind, each in data["documents"].items()
            },
            refused_at=_moment(data.get("refused_at")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an act does: the event's type, the decisions made in it, and the state after it."""

    type: EventType
    decisions: Mapping[str, Value]
    services: Mapping[str, Value]
    documents: Mapping[str, Agreement]
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """A stored event. Erasure clears `visitor`, `reference` and `openings`."""

    event_id: str
    visitor: str | None
    visitor_seq: int
    type: EventType
    ts: datetime
    leaf: str = field(repr=False)
    leaf_hash: bytes = field(repr=False)
    openings: tuple[str, ...] = field(repr=False)
    reference: str | None
    state: str = field(repr=False)

    def body(self) -> dict[str, Any]:
        """Return the leaf as an object."""
        return dict(json.loads(self.leaf))


def _decisions_dump(decisions: Mapping[str, Decision]) -> dict[str, dict[str, Any]]:
    """Return decisions with the marks that only the service sees."""
    shown = decisions_json(decisions)
    for key, each in decisions.items():
        marks = {"override": each.override, "ended": each.ended}
        shown[key] |= {name: True for name, is_set in marks.items() if is_set}
    return shown


def decisions_json(decisions: Mapping[str, Decision]) -> dict[str, dict[str, Any]]:
    """Return decisions as `{key: {value, notice, at, until}}`; no `until` where there is no end."""
    return {
        key: {
            "value": each.value.value,
            "notice": each.notice,
            "at": format_time(each.at),
            **({"until": format_time(each.until)} if each.until else {}),
        }
        for key, each in decisions.items()
    }


def agreed_json(agreed: Mapping[str, Agreement]) -> dict[str, dict[str, Any]]:
    """Return agreements as `{kind: {n, notice, at}}`."""
    return {
        kind: {"n": each.n, "notice": each.notice, "at": format_time(each.at)}
        for kind, each in agreed.items()
    }


def _moment(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


def _decision(data: Mapping[str, Any]) -> Decision:
    return Decision(
        value=Value(data["value"]),
        notice=data["notice"],
        at=parse_time(data["at"]),
        until=_moment(data.get("until")),
        override=data.get("override", False),
        ended=data.get("ended", False),
    )

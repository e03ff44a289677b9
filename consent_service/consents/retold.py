"""Legal holds as the leaves of a log tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent_service.consents.store_holds import Hold

_HELD, _RELEASED = "retention.held", "retention.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A legal hold; whom it is about is a commitment."""

    entry_id: str
    reason: str
    has_visitor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Released:
    has_visitor: bool


class Holds:
    """The acts of legal holds in the order of the log.

    A release does not name what it ends. So a hold is over for certain only where as many of its
    kind, of a visitor or of the whole site, were released as were placed.
    """

    def __init__(self) -> None:
        self._acts: list[Held | _Released] = []

    def take(self, leaf: Mapping[str, Any]) -> None:
        """Note a leaf of a hold or of a release; others are passed over."""
        has_visitor = "visitor" in leaf.get("priv", {})
        if leaf.get("type") == _RELEASED:
            self._acts.append(_Released(has_visitor=has_visitor))
        elif leaf.get("type") == _HELD:
            held = Held(entry_id=leaf["id"], reason=leaf["reason"], has_visitor=has_visitor)
            self._acts.append(held)

    def missing(self, here: Sequence[Hold]) -> list[Held]:
        """Return those that may last and have none of their reason among those that last here."""
        found = []
        for has_visitor in (False, True):
            same = [hold for hold in here if (hold.visitor is not None) is has_visitor]
            reasons = [hold.reason for hold in same]
            for each in self._lasting(same, has_visitor=has_visitor):
                if each.reason in reasons:
                    reasons.remove(each.reason)
                else:
                    found.append(each)
        return found

    def _lasting(self, here: Sequence[Hold], *, has_visitor: bool) -> list[Held]:
        acts = [act for act in self._acts if act.has_visitor is has_visitor]
        told = {act.entry_id for act in acts if isinstance(act, Held)}
        # What lasts here and is not told was placed before these leaves, or after them.
        count = sum(hold.held_entry not in told for hold in here)
        lasting: list[Held] = []
        for act in acts:
            if isinstance(act, Held):
                lasting.append(act)
                count += 1
                continue
            count -= 1
            if count <= 0:
                lasting, count = [], 0
        return lasting

"""One act to decide about: what was done, under which terms, on top of what, and when."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consent_service.consents.model import Act, Agreement, Decision, State, Value
from consent_service.notices.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An act under the terms of a notice's number, for a state, received at `ts`."""

    act: Act
    terms: Terms
    notice: int
    state: State
    ts: datetime

    def decision(self, value: Value, purpose: str) -> Decision:
        """Return a decision about a purpose.

        A grant holds from when it was made; an objection to what runs without asking, for good.
        """
        return Decision(
            value=value,
            notice=self.notice,
            at=self.ts,
            until=self._until(value, purpose),
            override=value is Value.GRANTED and self.overrides_signal(purpose),
        )

    def exception(self, value: Value, purpose: str) -> Decision:
        """Return a decision about a service that differs from its purpose.

        A refused service stays so as long as it means the same: it does not start because time
        has passed.
        """
        decision = self.decision(value, purpose)
        return replace(decision, until=None) if value is Value.DENIED else decision

    def _until(self, value: Value, purpose: str) -> datetime | None:
        if value is Value.GRANTED:
            return self._made_at() + timedelta(days=self.terms.granted_days)
        days = self.terms.denied_days
        if value is not Value.DENIED or days is None or self.terms.runs_unasked(purpose):
            return None
        return self.ts + timedelta(days=days)

    def _made_at(self) -> datetime:
        return min(self.act.made_at or self.ts, self.ts)

    def heeds_signal(self, purpose: str) -> bool:
        """Tell whether the visitor's signal (Global Privacy Control) stands against a purpose."""
        return self.act.gpc and not self.act.override and self.terms.is_sale(purpose)

    def overrides_signal(self, purpose: str) -> bool:
        """Tell whether the visitor confirmed a purpose against their own signal."""
        return self.act.gpc and self.act.override and self.terms.is_sale(purpose)

    def is_void(self, previous: Decision | None) -> bool:
        """Tell whether a grant comes too late to count.

        That is where it has expired before it arrived; where, after it was made, something was
        received about the same thing or everything was refused; where a denial was received in
        the same millisecond; and where the visitor granted the same under a later notice already.
        """
        if self._made_at() + timedelta(days=self.terms.granted_days) <= self.ts:
            return True
        if self._is_before(self.state.refused_at):
            return True
        if previous is None:
            return False
        if self._is_before(previous.at):
            return True
        if previous.value is Value.DENIED:
            return previous.at == self.ts
        granted_later = previous.value is Value.GRANTED and previous.notice > self.notice
        return granted_later and _holds(previous, self.ts)

    def is_outdated(self, previous: Agreement | None) -> bool:
        """Tell whether a document's agreement comes too late to count.

        That is where something was received about it after it was made, where its end was received
        in the same millisecond, and where the visitor agreed under a later notice already.
        """
        if previous is None:
            return False
        if self._is_before(previous.at):
            return True
        return previous.at == self.ts if previous.ended else previous.notice > self.notice

    def _is_before(self, moment: datetime | None) -> bool:
        """Tell whether the act, kept and sent later, was made before a moment."""
        made_at = self.act.made_at
        return made_at is not None and moment is not None and moment > made_at


def _holds(decision: Decision, now: datetime) -> bool:
    return decision.until is None or now < decision.until

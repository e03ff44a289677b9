"""What a preference page shows, from a visitor's state and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale

from consent_service.consents.model import ConsentEvent, State, Value
from consent_service.consents.rules.standing import OPEN, Ruling, Why, standing_of
from consent_service.notices.terms import DocumentTerms, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a purpose stands on the page: what is ticked (None: nothing), until when, and why."""

    value: str | None
    until: datetime | None
    why: str
    override: bool = False


def shown_purposes(state: State, terms: Terms, now: datetime, *, gpc: bool) -> dict[str, Shown]:
    """Return how each purpose stands, while the visitor's opt-out signal is on or off."""
    rulings = standing_of(state, terms, now, gpc=gpc).purposes
    return {key: _shown(ruling) for key, ruling in rulings.items()}


def _shown(ruling: Ruling) -> Shown:
    decision = None if ruling.why in OPEN else ruling.decision
    off = ruling.why in (Why.SIGNAL, Why.OPTED_OUT)
    return Shown(
        value=decision.value.value if decision else Value.DENIED.value if off else None,
        until=decision.until if decision else None,
        why=ruling.why.value,
        override=decision is not None and decision.override,
    )


def changed_decisions(
    chosen: Mapping[str, bool], state: State, terms: Terms, now: datetime, *, gpc: bool
) -> dict[str, bool]:
    """Return the choices of a form that differ from what holds now.

    What stays as it was is not decided again, so its services keep their exceptions. A visitor's
    own word is compared, not what their signal makes of it: refusing what was allowed before the
    signal is a change, and so is allowing it against the signal.
    """
    own = standing_of(state, terms, now).purposes
    heeded = standing_of(state, terms, now, gpc=gpc).purposes
    return {
        key: allowed
        for key, allowed in chosen.items()
        if key not in own or (heeded if allowed else own)[key].why is not _word(allowed)
    }


def _word(allowed: bool) -> Why:
    return Why.GRANTED if allowed else Why.DENIED


def can_withdraw(state: State, now: datetime) -> bool:
    """Tell whether something was granted or agreed to that has neither expired nor ended."""
    decisions = [*state.purposes.values(), *state.services.values()]
    return bool(state.agreed()) or any(
        each.value is Value.GRANTED and not each.ended and (each.until is None or each.until > now)
        for each in decisions
    )


def asked_documents(state: State, terms: Terms, now: datetime) -> dict[str, DocumentTerms]:
    """Return the documents that are put before the visitor and not yet answered, by kind."""
    questions = standing_of(state, terms, now).questions
    return {each.key: terms.documents[each.key] for each in questions if each.group == "documents"}


def country_name(code: str, locale: str) -> str:
    """Return the name of a country by its ISO 3166 code; the code where there is none."""
    names = Locale.parse(locale.replace("-", "_")).territories
    return str(names.get(code, code))


def history_entry(event: ConsentEvent) -> dict[str, Any]:
    """Return an event as a row of the history."""
    leaf = event.body()
    return {
        "id": event.event_id,
        "type": event.type.value,
        "ts": event.ts,
        "decisions": {**leaf.get("decisions", {}), **leaf.get("services", {})},
        "documents": {kind: each["n"] for kind, each in leaf.get("documents", {}).items()},
        "notice": leaf["notice"]["n"],
        "method": leaf.get("method"),
    }

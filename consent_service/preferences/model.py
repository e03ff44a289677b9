"""What a preference page shows, from a visitor's state and history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consent_service.consents.model import ConsentEvent, State
from consent_service.consents.rules.standing import OPEN, standing_of
from consent_service.core.clock import Clock
from consent_service.notices.terms import Terms


def valid_decisions(state: State, terms: Terms, now: datetime) -> dict[str, dict[str, Any]]:
    """Return `{purpose: {value, until}}` of the decisions that still answer what is asked."""
    rulings = standing_of(state, terms, now).purposes
    return {
        key: {"value": ruling.decision.value.value, "until": ruling.decision.until}
        for key, ruling in rulings.items()
        if ruling.decision and ruling.why not in OPEN
    }


def changed_decisions(
    chosen: Mapping[str, bool], state: State, terms: Terms, clock: Clock
) -> dict[str, bool]:
    """Return the choices of a form that differ from what holds now.

    What stays as it was is not decided again, so its services keep their exceptions.
    """
    now = valid_decisions(state, terms, clock.now())
    values = {key: decision["value"] == "granted" for key, decision in now.items()}
    return {key: allowed for key, allowed in chosen.items() if values.get(key) is not allowed}


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
    }

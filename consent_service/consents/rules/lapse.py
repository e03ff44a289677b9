"""What has expired and is not on record as such yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from consent_service.consents.model import Change, Decision, EventType, State


def lapse(state: State, now: datetime) -> Change | None:
    """Return the change by which a state loses what has expired; None where nothing has.

    The change lists what ended with the value it had. The state keeps it, marked as ended, because
    an older answer that arrives late must not pass it.
    """
    purposes, services = _due(state.purposes, now), _due(state.services, now)
    if not (purposes or services):
        return None
    return Change(
        type=EventType.EXPIRED,
        decisions={key: each.value for key, each in purposes.items()},
        services={key: each.value for key, each in services.items()},
        documents={},
        state=replace(
            state,
            purposes={**state.purposes, **_ended(purposes)},
            services={**state.services, **_ended(services)},
        ),
    )


def next_expiry(state: State) -> datetime | None:
    """Return when the next decision of a state expires that has not been recorded as ended."""
    decisions = [*state.purposes.values(), *state.services.values()]
    return min((each.until for each in decisions if each.until and not each.ended), default=None)


def _due(decisions: Mapping[str, Decision], now: datetime) -> dict[str, Decision]:
    return {
        key: each
        for key, each in decisions.items()
        if each.until is not None and each.until <= now and not each.ended
    }


def _ended(decisions: Mapping[str, Decision]) -> dict[str, Decision]:
    return {key: replace(each, ended=True) for key, each in decisions.items()}

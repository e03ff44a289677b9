"""How the states of several visitors, who are one person, add up."""

from collections.abc import Iterable, Mapping, Sequence

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.notices.terms import Terms


def combined(states: Sequence[State], terms: Terms) -> State:
    """Return the state of a subject from those of its visitors.

    The newest decision about each purpose wins, and of two of the same moment the denial. So a
    denial on any device holds until a later explicit grant on any. A service that is allowed
    beside its purpose stays so only while nothing later was said about the purpose elsewhere.
    """
    purposes = _newest(state.purposes for state in states)
    services = _newest(state.services for state in states)
    kept = {
        key: each
        for key, each in services.items()
        if each.value is Value.DENIED
        or not _is_overruled(key, each, terms.purpose_of(key), states, purposes)
    }
    documents = _newest_agreements(state.documents for state in states)
    return State(purposes=purposes, services=kept, documents=documents)


def _is_overruled(
    service: str,
    decision: Decision,
    purpose: str,
    states: Sequence[State],
    purposes: Mapping[str, Decision],
) -> bool:
    newest = purposes.get(purpose)
    if newest is None or newest.at < decision.at:
        return False
    same_device = any(
        state.services.get(service) == decision and state.purposes.get(purpose) == newest
        for state in states
    )
    return not same_device


def _newest(groups: Iterable[Mapping[str, Decision]]) -> dict[str, Decision]:
    found: dict[str, Decision] = {}
    for group in groups:
        for key, each in group.items():
            if key not in found or _rank(each) > _rank(found[key]):
                found[key] = each
    return found


def _rank(decision: Decision) -> tuple[object, ...]:
    is_decided = decision.value is not Value.NOT_SUBJECT
    return is_decided, decision.at, decision.value is Value.DENIED


def _newest_agreements(groups: Iterable[Mapping[str, Agreement]]) -> dict[str, Agreement]:
    found: dict[str, Agreement] = {}
    for group in groups:
        for kind, each in group.items():
            if kind not in found or (each.at, each.ended) > (found[kind].at, found[kind].ended):
                found[kind] = each
    return found

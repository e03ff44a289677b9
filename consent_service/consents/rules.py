"""What an act of a visitor changes. Pure: from the act, the terms, the state and the time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from consent_service.consents.fit import check_fits
from consent_service.consents.model import (
    Act,
    Action,
    Agreement,
    Change,
    Decision,
    EventType,
    State,
    Value,
)
from consent_service.core.errors import InvalidRequestError
from consent_service.notices.terms import Terms

_ALLOWED = "allowed"


def decide(act: Act, terms: Terms, notice: int, state: State, ts: datetime) -> Change | None:
    """Return what an act under a notice changes at `ts`; None where it changes nothing.

    Raises:
        InvalidRequestError: the act names what the notice does not have, or does not fit it.
    """
    check_fits(act, terms, state)
    if act.action is Action.WITHDRAW:
        if state == State() and terms.choices() and not act.documents:
            return _choose(_as_refusal(act), terms, notice, state, ts)
        return _withdraw(act, terms, notice, state, ts)
    if act.action in (Action.ACKNOWLEDGE, Action.AGREE):
        return _agree(act, terms, notice, state, ts)
    return _choose(act, terms, notice, state, ts)


def is_valid(decision: Decision, asked_since: int, now: datetime) -> bool:
    """Tell whether a decision still answers what is asked: same meaning, not expired."""
    return decision.notice >= asked_since and (decision.until is None or now < decision.until)


def _choose(act: Act, terms: Terms, notice: int, state: State, ts: datetime) -> Change | None:
    wanted = _wanted(act, terms)
    if not wanted and not act.services:
        raise InvalidRequestError.of("decisions", "name at least one purpose or service")
    values = {
        key: value
        for key, value in wanted.items()
        if not (value is Value.GRANTED and _is_void(state.purposes.get(key), act, ts))
    }
    services = {
        key: value
        for key, value in _wanted_services(act, terms).items()
        if not (value is Value.GRANTED and _is_void(_service_decision(state, terms, key), act, ts))
    }
    if set(values.values()) <= {Value.NOT_SUBJECT} and not services:
        return None
    new = _merged(act, terms, state, values, services, notice=notice, ts=ts)
    return Change(
        type=_type_of(act, state, new),
        decisions=values,
        services={key: value for key, value in services.items() if key in new.services},
        documents={},
        state=new,
    )


def _wanted(act: Act, terms: Terms) -> dict[str, Value]:
    """Return the value that an act asks for each purpose it is about."""
    if act.action is Action.CHOOSE:
        asked = {key: _value(allowed) for key, allowed in act.decisions.items()}
    elif not terms.choices():
        raise InvalidRequestError.of("action", "this notice asks for no consent: acknowledge it")
    else:
        answer = Value.GRANTED if act.action is Action.ACCEPT else Value.DENIED
        asked = {
            key: answer if p.choice else Value.NOT_SUBJECT for key, p in terms.purposes.items()
        }
    return {
        key: Value.DENIED if value is Value.GRANTED and _is_opted_out(act, terms, key) else value
        for key, value in asked.items()
    }


def _wanted_services(act: Act, terms: Terms) -> dict[str, Value]:
    return {
        key: _value(allowed and not _is_opted_out(act, terms, terms.service_purpose(key) or ""))
        for key, allowed in act.services.items()
    }


def _is_opted_out(act: Act, terms: Terms, purpose: str) -> bool:
    """Tell whether the visitor's signal (Global Privacy Control) stands against a purpose."""
    return act.gpc and not act.override and terms.purposes[purpose].sale_or_sharing


def _withdraw(act: Act, terms: Terms, notice: int, state: State, ts: datetime) -> Change | None:
    everything = not (act.decisions or act.services or act.documents)
    allowed = _allowed_purposes(terms, state)
    values = {key: Value.DENIED for key in allowed if everything or key in act.decisions}
    own = [key for key, each in state.services.items() if each.value is Value.GRANTED]
    following = _following_services(terms, state, allowed)
    services = {key: Value.DENIED for key in own + following if key in act.services} | {
        key: Value.DENIED
        for key in own
        if everything or terms.service_purpose(key) in act.decisions
    }
    ended = {
        kind: replace(each, notice=notice, at=ts, ended=True)
        for kind, each in state.agreed().items()
        if everything or kind in act.documents
    }
    if not (values or services or ended):
        return None
    new = _merged(act, terms, state, values, services, notice=notice, ts=ts)
    new = replace(new, documents={**state.documents, **ended})
    return Change(
        type=EventType.WITHDRAWN, decisions=values, services=services, documents=ended, state=new
    )


def _agree(act: Act, terms: Terms, notice: int, state: State, ts: datetime) -> Change | None:
    asked = [doc for doc in terms.documents.values() if doc.accept == act.action.value]
    named = [terms.documents[kind] for kind in act.documents] or asked
    if not named:
        raise InvalidRequestError.of("action", f"this notice has no document to {act.action.value}")
    agreed = {
        doc.kind: Agreement(n=doc.number, sha256=doc.sha256, notice=notice, at=ts)
        for doc in named
        if not _is_outdated(state.documents.get(doc.kind), act, ts)
    }
    if not agreed:
        return None
    return Change(
        type=EventType.AGREED if act.action is Action.AGREE else EventType.ACKNOWLEDGED,
        decisions={},
        services={},
        documents=agreed,
        state=replace(state, documents={**state.documents, **agreed}),
    )


def _merged(
    act: Act,
    terms: Terms,
    state: State,
    values: Mapping[str, Value],
    services: Mapping[str, Value],
    *,
    notice: int,
    ts: datetime,
) -> State:
    """Lay decisions over a state; a service has its own only where it differs from its purpose."""
    made = {key: _decision(value, terms, notice, ts) for key, value in values.items()}
    purposes = {**state.purposes, **made}
    kept = {
        key: each
        for key, each in state.services.items()
        if key not in services
        and _stays(act, values.get(terms.service_purpose(key) or ""), each, ts)
    }
    exceptions = {
        key: _decision(value, terms, notice, ts)
        for key, value in services.items()
        if value is not _decided_value(purposes, terms.service_purpose(key))
    }
    return State(purposes=purposes, services={**kept, **exceptions}, documents=state.documents)


def _stays(act: Act, purpose: Value | None, service: Decision, ts: datetime) -> bool:
    """Tell whether a service's own decision outlives what an act says about its purpose.

    A refused service stays refused when its purpose is chosen: only accepting everything, and
    later than the refusal, includes it.
    """
    if purpose is None:
        return True
    refused = service.value is Value.DENIED and purpose is Value.GRANTED
    return refused and (act.action is Action.CHOOSE or _is_void(service, act, ts))


def _decision(value: Value, terms: Terms, notice: int, ts: datetime) -> Decision:
    days = {Value.GRANTED: terms.granted_days, Value.DENIED: terms.denied_days}.get(value)
    until = ts + timedelta(days=days) if days else None
    return Decision(value=value, notice=notice, at=ts, until=until)


def _decided_value(purposes: Mapping[str, Decision], purpose: str | None) -> Value | None:
    decision = purposes.get(purpose or "")
    return decision.value if decision else None


def _allowed_purposes(terms: Terms, state: State) -> list[str]:
    """Return the purposes that run now by the visitor's grant, or until the visitor objects."""
    granted = [key for key, each in state.purposes.items() if each.value is Value.GRANTED]
    open_to_objection = [
        key
        for key in terms.choices()
        if key not in state.purposes and terms.purposes[key].before_choice == _ALLOWED
    ]
    return granted + open_to_objection


def _as_refusal(act: Act) -> Act:
    """Who has given nothing and withdraws says no: that is kept as a refusal."""
    named = act.decisions or act.services
    return replace(act, action=Action.CHOOSE if named else Action.REJECT)


def _following_services(terms: Terms, state: State, allowed: list[str]) -> list[str]:
    """Return the services that run with their purpose, about which nothing else was said."""
    silent = (key for key in terms.services() if key not in state.services)
    return [key for key in silent if terms.service_purpose(key) in allowed]


def _type_of(act: Act, before: State, after: State) -> EventType:
    if act.action is Action.REJECT:
        return EventType.REFUSED
    decided = [*after.purposes.values(), *after.services.values()]
    if not any(each.value is Value.GRANTED for each in decided):
        return EventType.REFUSED
    if act.action is Action.ACCEPT or not (before.purposes or before.services):
        return EventType.GIVEN
    return EventType.UPDATED


def _is_void(previous: Decision | None, act: Act, ts: datetime) -> bool:
    """A grant is void where something later was received about its purpose, or a denial with it."""
    if previous is None:
        return False
    if act.made_at is not None and previous.at > act.made_at:
        return True
    return previous.value is Value.DENIED and previous.at == ts


def _is_outdated(previous: Agreement | None, act: Act, ts: datetime) -> bool:
    """Tell whether something later was received about a document, or its end with it."""
    if previous is None:
        return False
    if act.made_at is not None and previous.at > act.made_at:
        return True
    return previous.ended and previous.at == ts


def _service_decision(state: State, terms: Terms, service: str) -> Decision | None:
    return state.services.get(service) or state.purposes.get(terms.service_purpose(service) or "")


def _value(allowed: bool) -> Value:
    return Value.GRANTED if allowed else Value.DENIED

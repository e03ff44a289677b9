"""What an act of a visitor changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

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
from consent_service.consents.rules.case import Case
from consent_service.consents.rules.fit import check_fits
from consent_service.consents.rules.standing import standing_of
from consent_service.core.errors import InvalidRequestError
from consent_service.notices.terms import Terms


def decide(act: Act, terms: Terms, notice: int, state: State, ts: datetime) -> Change | None:
    """Return what an act under a notice changes at `ts`; None where it changes nothing.

    Raises:
        InvalidRequestError: the act names what the notice does not have, or does not fit it.
    """
    check_fits(act, terms, state)
    case = Case(act=act, terms=terms, notice=notice, state=state, ts=ts)
    if act.action is Action.SIGNAL:
        return _opt_out(case)
    if act.action is Action.WITHDRAW:
        return _refuse(case) if _refuses(case) else _withdraw(case)
    if act.action in (Action.ACKNOWLEDGE, Action.AGREE):
        return _agree(case)
    return _choose(case)


def _choose(case: Case) -> Change | None:
    wanted = _wanted(case)
    if not wanted and not case.act.services:
        raise InvalidRequestError.of("decisions", "name at least one purpose or service")
    state, terms = case.state, case.terms
    values = {
        key: value
        for key, value in wanted.items()
        if not (value is Value.GRANTED and case.is_void(state.purposes.get(key)))
    }
    services = {
        key: value
        for key, value in _wanted_services(case).items()
        if not (value is Value.GRANTED and case.is_void(_service_decision(state, terms, key)))
    }
    if set(values.values()) <= {Value.NOT_SUBJECT} and not services:
        return None
    new = _merged(case, values, services)
    if case.act.action is Action.REJECT:
        new = replace(new, refused_at=case.ts)
    return Change(
        type=_type_of(case.act, state, new),
        decisions=values,
        services={key: value for key, value in services.items() if key in new.services},
        documents={},
        state=new,
    )


def _wanted(case: Case) -> dict[str, Value]:
    """Return the value that an act asks for each purpose it is about."""
    act, terms = case.act, case.terms
    if act.action is Action.CHOOSE:
        asked = {key: _value(allowed) for key, allowed in act.decisions.items()}
    elif not terms.choices():
        raise InvalidRequestError.of("action", "this notice asks for no consent: acknowledge it")
    else:
        answer = Value.GRANTED if act.action is Action.ACCEPT else Value.DENIED
        asked = {
            key: answer if p.choice else Value.NOT_SUBJECT for key, p in terms.purposes.items()
        }
    if act.action is Action.REJECT:
        asked |= dict.fromkeys(_granted(case.state), Value.DENIED)
    return {
        key: Value.DENIED if value is Value.GRANTED and case.heeds_signal(key) else value
        for key, value in asked.items()
    }


def _granted(state: State) -> list[str]:
    return [key for key, each in state.purposes.items() if each.value is Value.GRANTED]


def _wanted_services(case: Case) -> dict[str, Value]:
    return {
        key: _value(allowed and not case.heeds_signal(case.terms.purpose_of(key)))
        for key, allowed in case.act.services.items()
    }


def _refuses(case: Case) -> bool:
    """Who has given nothing and withdraws says no: that is kept as a refusal."""
    act = case.act
    documents_only = act.documents and not (act.decisions or act.services)
    return case.state == State() and bool(case.terms.choices()) and not documents_only


def _refuse(case: Case) -> Change | None:
    named = case.act.decisions or case.act.services
    action = Action.CHOOSE if named else Action.REJECT
    return _choose(replace(case, act=replace(case.act, action=action)))


def _withdraw(case: Case) -> Change | None:
    act, terms, state = case.act, case.terms, case.state
    everything = not (act.decisions or act.services or act.documents)
    allowed = _allowed_purposes(case)
    values = {key: Value.DENIED for key in allowed if everything or key in act.decisions}
    own = [key for key, each in state.services.items() if each.value is Value.GRANTED]
    following = _following_services(terms, state, allowed)
    services = {key: Value.DENIED for key in own + following if key in act.services} | {
        key: Value.DENIED for key in own if everything or terms.purpose_of(key) in act.decisions
    }
    ended = {
        kind: replace(each, notice=case.notice, at=case.ts, ended=True)
        for kind, each in state.agreed().items()
        if everything or kind in act.documents
    }
    if not (values or services or ended):
        return None
    new = _merged(case, values, services)
    new = replace(new, documents={**state.documents, **ended})
    if everything:
        new = replace(new, refused_at=case.ts)
    return Change(
        type=EventType.WITHDRAWN, decisions=values, services=services, documents=ended, state=new
    )


def _opt_out(case: Case) -> Change | None:
    """Switch off what the visitor's signal stands against and what runs now (11 CCR 7025(c))."""
    now = standing_of(case.state, case.terms, case.ts)
    heeded = standing_of(case.state, case.terms, case.ts, gpc=True)
    values = {
        key: Value.DENIED
        for key, ruling in now.purposes.items()
        if ruling.allowed and not heeded.purposes[key].allowed
    }
    services = {
        key: Value.DENIED
        for key, ruling in now.services.items()
        if ruling.allowed
        and not heeded.services[key].allowed
        and case.terms.purpose_of(key) not in values
    }
    if not (values or services):
        return None
    return Change(
        type=EventType.SIGNAL,
        decisions=values,
        services=services,
        documents={},
        state=_merged(case, values, services),
    )


def _agree(case: Case) -> Change | None:
    act, terms = case.act, case.terms
    asked = [doc for doc in terms.documents.values() if doc.accept == act.action.value]
    named = [terms.documents[kind] for kind in act.documents] or asked
    if not named:
        raise InvalidRequestError.of("action", f"this notice has no document to {act.action.value}")
    agreed = {
        doc.kind: Agreement(n=doc.number, sha256=doc.sha256, notice=case.notice, at=case.ts)
        for doc in named
        if not case.is_outdated(case.state.documents.get(doc.kind))
    }
    if not agreed:
        return None
    return Change(
        type=EventType.AGREED if act.action is Action.AGREE else EventType.ACKNOWLEDGED,
        decisions={},
        services={},
        documents=agreed,
        state=replace(case.state, documents={**case.state.documents, **agreed}),
    )


def _merged(case: Case, values: Mapping[str, Value], services: Mapping[str, Value]) -> State:
    """Lay decisions over a state; a service has its own only where it differs from its purpose."""
    state, terms = case.state, case.terms
    made = {key: case.decision(value, key) for key, value in values.items()}
    purposes = {**state.purposes, **made}
    kept = {
        key: each
        for key, each in state.services.items()
        if key not in services and _stays(case, values.get(terms.purpose_of(key)), each)
    }
    exceptions = {
        key: case.exception(value, terms.purpose_of(key))
        for key, value in services.items()
        if value is not _decided_value(purposes, terms.purpose_of(key))
    }
    return replace(state, purposes=purposes, services={**kept, **exceptions})


def _stays(case: Case, purpose: Value | None, service: Decision) -> bool:
    """Tell whether a service's own decision outlives what an act says about its purpose.

    A refused service stays refused when its purpose is chosen: only accepting everything, and
    later than the refusal, includes it. Refusing everything ends what was allowed by itself, also
    where its notice does not show the purpose.
    """
    if purpose is None:
        return case.act.action is not Action.REJECT or service.value is Value.DENIED
    refused = service.value is Value.DENIED and purpose is Value.GRANTED
    return refused and (case.act.action is Action.CHOOSE or case.is_void(service))


def _decided_value(purposes: Mapping[str, Decision], purpose: str) -> Value | None:
    decision = purposes.get(purpose)
    return decision.value if decision else None


def _allowed_purposes(case: Case) -> list[str]:
    """Return the purposes that the visitor granted, and those that run unasked."""
    running = [
        key
        for key, ruling in standing_of(case.state, case.terms, case.ts).purposes.items()
        if ruling.allowed and case.terms.purposes[key].choice
    ]
    return list(dict.fromkeys([*_granted(case.state), *running]))


def _following_services(terms: Terms, state: State, allowed: list[str]) -> list[str]:
    """Return the services that run with their purpose, about which nothing else was said."""
    silent = (key for key in terms.services() if key not in state.services)
    return [key for key in silent if terms.purpose_of(key) in allowed]


def _type_of(act: Act, before: State, after: State) -> EventType:
    if act.action is Action.REJECT:
        return EventType.REFUSED
    decided = [*after.purposes.values(), *after.services.values()]
    if not any(each.value is Value.GRANTED for each in decided):
        return EventType.REFUSED
    if act.action is Action.ACCEPT or not (before.purposes or before.services):
        return EventType.GIVEN
    return EventType.UPDATED


def _service_decision(state: State, terms: Terms, service: str) -> Decision | None:
    return state.services.get(service) or state.purposes.get(terms.purpose_of(service))


def _value(allowed: bool) -> Value:
    return Value.GRANTED if allowed else Value.DENIED

"""What the tests of the rules share: terms to decide under, and short ways to act."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consent_service.consents.model import Act, Action, Change, Decision, State, Value
from consent_service.consents.rules.acts import decide
from consent_service.consents.rules.standing import Standing, standing_of
from consent_service.notices.terms import DocumentTerms, PurposeTerms, Terms

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NOTICE = 3
GRANTED, DENIED, NOT_SUBJECT = Value.GRANTED, Value.DENIED, Value.NOT_SUBJECT


def purpose(key: str, *services: str, choice: bool = True, sale: bool = False) -> PurposeTerms:
    return PurposeTerms(
        key=key,
        choice=choice,
        before_choice="denied" if choice else "allowed",
        sale_or_sharing=sale,
        asked_since=1,
        services=dict.fromkeys(services, 1),
    )


def document(kind: str, accept: str, number: int = 1) -> DocumentTerms:
    return DocumentTerms(
        kind=kind, number=number, sha256=f"{number:064x}", accept=accept, asked_since=1
    )


PURPOSES = (
    purpose("necessary", "basket", choice=False),
    purpose("analytics", "tally", "heatmap"),
    purpose("marketing", "adverra", sale=True),
)
DOCUMENTS = (
    document("privacy-policy", "inform"),
    document("terms", "agree"),
    document("rules", "acknowledge"),
)
TERMS = Terms(
    model="opt-in",
    purposes={each.key: each for each in PURPOSES},
    documents={each.kind: each for each in DOCUMENTS},
    granted_days=185,
    denied_days=100,
)
PLAIN = Terms(
    model="notice",
    purposes={"necessary": PURPOSES[0]},
    documents=TERMS.documents,
    granted_days=185,
    denied_days=185,
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def decided(
    act: Act,
    state: State | None = None,
    *,
    terms: Terms = TERMS,
    notice: int = NOTICE,
    minutes: float = 0,
) -> Change | None:
    return decide(act, terms, notice, state or State(), at(minutes))


def changed(
    action: Action,
    state: State | None = None,
    *,
    terms: Terms = TERMS,
    minutes: float = 0,
    made: float | None = None,
    **members: object,
) -> Change:
    """Decide an act that changes something; `made` is when it was made, if kept and sent later."""
    made_at = None if made is None else at(made)
    act = Act(action=action, made_at=made_at, **members)  # type: ignore[arg-type]
    change = decided(act, state, terms=terms, minutes=minutes)
    assert change is not None
    return change


def chosen(
    decisions: Mapping[str, bool] | None = None, services: Mapping[str, bool] | None = None
) -> Act:
    return Act(action=Action.CHOOSE, decisions=decisions or {}, services=services or {})


def values(state: State) -> dict[str, Value]:
    return {key: each.value for key, each in state.purposes.items()}


def exceptions(state: State) -> dict[str, Value]:
    return {key: each.value for key, each in state.services.items()}


def decision(
    value: Value,
    minutes: float = 0,
    notice: int = NOTICE,
    until: float | None = None,
    **marks: bool,
) -> Decision:
    """Return a decision of a minute; `until` is the minute of its end."""
    end = None if until is None else at(until)
    return Decision(value=value, notice=notice, at=at(minutes), until=end, **marks)


def days(count: float) -> float:
    """Return days in minutes."""
    return count * 24 * 60


def opt_out(terms: Terms = TERMS) -> Terms:
    """Return terms under which purposes run until the visitor objects, and objections last."""
    allowed = {key: replace(each, before_choice="allowed") for key, each in terms.purposes.items()}
    return replace(terms, model="opt-out", purposes=allowed, denied_days=None, quiet_days=365)


def since(notice: int, *keys: str, terms: Terms = TERMS) -> Terms:
    """Return terms in which some purposes mean something else since a notice."""
    changed = {key: replace(terms.purposes[key], asked_since=notice) for key in keys}
    return replace(terms, purposes={**terms.purposes, **changed})


def standing(
    state: State, *, terms: Terms = TERMS, minutes: float = 0, gpc: bool = False
) -> Standing:
    return standing_of(state, terms, at(minutes), gpc=gpc)


def allowed(found: Standing) -> dict[str, bool]:
    return {key: each.allowed for key, each in found.purposes.items()}


def reasons(found: Standing) -> dict[str, str]:
    return {key: each.why.value for key, each in found.purposes.items()}


def asked(found: Standing) -> dict[str, str]:
    """Return what has to be asked, with the reason."""
    return {each.key: each.why.value for each in found.questions}

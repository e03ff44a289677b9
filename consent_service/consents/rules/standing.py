"""What holds for a visitor at a moment, what has to be asked, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from consent_service.consents.model import Decision, State, Value
from consent_service.notices.terms import OPT_OUT, DocumentTerms, PurposeTerms, Terms


class Why(StrEnum):
    """Why something is allowed or not, or is asked about: a code that a person can read."""

    GRANTED = "granted"
    """The visitor said yes."""

    DENIED = "denied"
    """The visitor said no."""

    SIGNAL = "signal"
    """The visitor's browser sends an opt-out signal."""

    OPTED_OUT = "opted_out"
    """The visitor opted out of another sale, which holds for this later one too."""

    NOT_SUBJECT = "not_subject"
    """It needs no consent."""

    NOT_ASKED = "not_asked"
    """It would need consent, for which this site's visitors may not be asked: they are children."""

    UNDECIDED = "undecided"
    """The visitor has not said anything."""

    EXPIRED = "expired"
    """What the visitor said was too long ago."""

    CHANGED = "changed"
    """What the visitor said was about something else: its meaning has changed since."""

    ENDED = "ended"
    """The visitor took the agreement back."""

    UNKNOWN = "unknown"
    """The notice does not have it."""

    NOT_ON_RECORD = "not_on_record"
    """Nothing is on record about whom the question names: erased, or never there."""


OPEN = frozenset({Why.UNDECIDED, Why.EXPIRED, Why.CHANGED})
"""Nothing valid was said: how it stands follows from the law, not from the visitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """How a purpose or a service stands. `decision` is the visitor's own, where one says so."""

    allowed: bool
    why: Why
    decision: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to ask about: a purpose or a document (`group` is `purposes` or `documents`)."""

    group: str
    key: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that holds for a visitor at a moment."""

    purposes: Mapping[str, Ruling]
    services: Mapping[str, Ruling]
    questions: tuple[Question, ...]

    @property
    def asks(self) -> str | None:
        """What the visitor is shown now: `purposes` first, else `documents`, else nothing."""
        groups = {question.group for question in self.questions}
        return next((group for group in ("purposes", "documents") if group in groups), None)


NOTHING = Ruling(allowed=False, why=Why.UNKNOWN)
"""How what no notice names stands."""


def standing_of(state: State, terms: Terms, now: datetime, *, gpc: bool = False) -> Standing:
    """Return how a state stands at a moment under the notice of that moment.

    `gpc` tells whether the visitor's opt-out signal (Global Privacy Control) is on.
    """
    rulings = {
        key: _purpose_ruling(purpose, state, terms, now, gpc=gpc)
        for key, purpose in terms.purposes.items()
    }
    services = {
        key: _service_ruling(key, purpose, state, rulings[purpose.key], now, gpc=gpc)
        for purpose in terms.purposes.values()
        for key in purpose.services
    }
    questions = (
        *_purpose_questions(terms, state, now, gpc=gpc),
        *_document_questions(terms, state),
    )
    return Standing(purposes=rulings, services=services, questions=questions)


def validity(decision: Decision | None, since: int, now: datetime) -> Why:
    """Tell what a decision says about what means the same since a notice, or why it says nothing.

    Valid is what was decided under that notice or a later one and has not expired.
    """
    if decision is None or decision.value is Value.NOT_SUBJECT:
        return Why.UNDECIDED
    if decision.notice < since:
        return Why.CHANGED
    if decision.ended or (decision.until is not None and decision.until <= now):
        return Why.EXPIRED
    return Why.GRANTED if decision.value is Value.GRANTED else Why.DENIED


def _said(purpose: PurposeTerms, state: State, now: datetime) -> Why:
    """Tell what a visitor has said about a purpose."""
    decision = state.purposes.get(purpose.key)
    if _objects(decision, purpose):
        return Why.DENIED
    return validity(decision, purpose.since, now)


def _objects(decision: Decision | None, purpose: PurposeTerms) -> bool:
    """Tell whether a decision objects to what runs unasked: that stays, whatever changes."""
    return decision is not None and decision.value is Value.DENIED and purpose.runs_unasked


def _purpose_ruling(
    purpose: PurposeTerms, state: State, terms: Terms, now: datetime, *, gpc: bool
) -> Ruling:
    if not purpose.choice:
        allowed = purpose.runs_unasked
        return Ruling(allowed=allowed, why=Why.NOT_SUBJECT if allowed else Why.NOT_ASKED)
    said = _said(purpose, state, now)
    decision = state.purposes.get(purpose.key)
    if gpc and purpose.sale_or_sharing and not (said is Why.GRANTED and _overrides(decision)):
        return Ruling(allowed=False, why=Why.SIGNAL)
    if said not in OPEN:
        return Ruling(allowed=said is Why.GRANTED, why=said, decision=decision)
    if purpose.runs_unasked and purpose.sale_or_sharing and _opted_out(terms, state):
        return Ruling(allowed=False, why=Why.OPTED_OUT)
    return Ruling(allowed=purpose.runs_unasked, why=said)


def _service_ruling(
    key: str, purpose: PurposeTerms, state: State, ruling: Ruling, now: datetime, *, gpc: bool
) -> Ruling:
    """Return how a service stands: as its purpose, unless the visitor said otherwise."""
    own = state.services.get(key)
    said = Why.DENIED if _objects(own, purpose) else validity(own, _since(own, purpose, key), now)
    if not purpose.choice or said in OPEN:
        return ruling
    if gpc and purpose.sale_or_sharing and not (said is Why.GRANTED and _overrides(own)):
        return Ruling(allowed=False, why=Why.SIGNAL)
    return Ruling(allowed=said is Why.GRANTED, why=said, decision=own)


def _since(own: Decision | None, purpose: PurposeTerms, service: str) -> int:
    """Return since when a service has meant what the visitor decided about.

    A refused service stays refused when only its purpose changes: saying yes to that says nothing
    about the service.
    """
    if own is not None and own.value is Value.DENIED:
        return purpose.services[service]
    return max(purpose.asked_since, purpose.services[service])


def _overrides(decision: Decision | None) -> bool:
    return decision is not None and decision.override


def _opted_out(terms: Terms, state: State) -> bool:
    """Tell whether a visitor opted out of a sale: that holds for sales that come later."""
    return any(
        each.sale_or_sharing
        and each.runs_unasked
        and key in state.purposes
        and state.purposes[key].value is Value.DENIED
        for key, each in terms.purposes.items()
    )


def _purpose_questions(
    terms: Terms, state: State, now: datetime, *, gpc: bool
) -> Iterator[Question]:
    if terms.quiet_days and _is_quiet(state, now, timedelta(days=terms.quiet_days)):
        return
    for key, purpose in terms.purposes.items():
        said = _said(purpose, state, now)
        if purpose.choice and said in OPEN and not _is_answered(purpose, terms, state, gpc=gpc):
            yield Question(group="purposes", key=key, why=said)


def _is_answered(purpose: PurposeTerms, terms: Terms, state: State, *, gpc: bool) -> bool:
    """Tell whether a signal, or an opt-out from another sale, speaks for the visitor."""
    if not purpose.sale_or_sharing:
        return False
    return (gpc and terms.model == OPT_OUT) or (purpose.runs_unasked and _opted_out(terms, state))


def _is_quiet(state: State, now: datetime, rest: timedelta) -> bool:
    """Tell whether the visitor objected too short ago to be asked again (Cal. Civ. Code 1798.135).

    Twelve months under profiles for opting out, whatever has become of what was objected to.
    """
    denials = (each for each in state.purposes.values() if each.value is Value.DENIED)
    return any(now < each.at + rest for each in denials)


def _document_questions(terms: Terms, state: State) -> Iterator[Question]:
    for kind, document in terms.documents.items():
        why = _unanswered(document, state)
        if why:
            yield Question(group="documents", key=kind, why=why)


def _unanswered(document: DocumentTerms, state: State) -> Why | None:
    """Tell why a document has to be put before the visitor; None where it has not."""
    if document.accept == "inform":
        return None
    agreement = state.documents.get(document.kind)
    if agreement is None:
        return Why.UNDECIDED
    if agreement.ended:
        return Why.ENDED
    return Why.CHANGED if agreement.notice < document.asked_since else None

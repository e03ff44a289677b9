"""What a consent that was recorded elsewhere is worth here: never more than it proves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent_service.consents.model import (
    Agreement,
    Change,
    Decision,
    EventType,
    State,
    Value,
)
from consent_service.core.errors import FieldError, InvalidRequestError
from consent_service.notices.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """What somebody decided before, at `at`, about purposes by name.

    `documents` are the versions that they agreed to, as they were in force then.
    """

    at: datetime
    decisions: Mapping[str, bool]
    documents: Mapping[str, Agreement]


def adopt(older: Older, terms: Terms, notice: int) -> Change:
    """Return the change by which a first event takes over an older consent.

    A decision counts from when it was made: it expires as if it had been made here, and loses
    against whatever was decided later. `notice` is the one whose purposes mean the same.

    Raises:
        InvalidRequestError: it names what visitors do not decide about under that notice.
    """
    choices = terms.choices()
    foreign = [
        FieldError(f"decisions.{key}", f"is no purpose that notice {notice} asks about")
        for key in older.decisions
        if key not in choices
    ]
    if foreign:
        raise InvalidRequestError("the record does not fit the notice", foreign)
    if not (older.decisions or older.documents):
        raise InvalidRequestError.of("decisions", "name at least one purpose or document")
    made = {key: _decision(on, key, older, terms, notice) for key, on in older.decisions.items()}
    return Change(
        type=EventType.IMPORTED,
        decisions={key: each.value for key, each in made.items()},
        services={},
        documents=older.documents,
        state=State(purposes=made, documents=older.documents),
    )


def _decision(granted: bool, key: str, older: Older, terms: Terms, notice: int) -> Decision:
    value = Value.GRANTED if granted else Value.DENIED
    days = terms.granted_days if granted else terms.denied_days
    if days is None or (not granted and terms.runs_unasked(key)):
        return Decision(value=value, notice=notice, at=older.at, until=None)
    return Decision(value=value, notice=notice, at=older.at, until=older.at + timedelta(days=days))

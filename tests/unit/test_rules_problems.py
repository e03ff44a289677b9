"""What is said to whoever sends an act that does not fit: each problem, word for word."""

from dataclasses import replace

import pytest

from consent_service.consents.model import Act, Action, State
from consent_service.consents.rules.imported import Older, adopt
from consent_service.core.errors import InvalidRequestError
from consent_service.notices.terms import Terms
from tests.unit.acts import NOTICE, PLAIN, START, TERMS, chosen, decided, document

ACCEPT, REJECT, CHOOSE, WITHDRAW = Action.ACCEPT, Action.REJECT, Action.CHOOSE, Action.WITHDRAW
ACKNOWLEDGE, AGREE, SIGNAL = Action.ACKNOWLEDGE, Action.AGREE, Action.SIGNAL
NO_QUESTIONS = replace(TERMS, documents={"terms": document("terms", "inform")})

PURPOSES, SERVICES = {"analytics": False}, {"tally": False}
ONLY_CHOSEN = "go with choose and withdraw only"
NO_PURPOSE, NO_CHOICE = "is no purpose of this notice", "is nothing that visitors decide about here"
NO_SERVICE = "is no service that can be chosen here"
NOT_A_GRANT = "must be false in a withdrawal"
BUNDLED, NO_DOCUMENT = "consent is never bundled with documents", "is no document of this notice"


@pytest.mark.parametrize(
    ("act", "field", "message"),
    [
        (Act(action=ACCEPT, decisions=PURPOSES), "decisions", ONLY_CHOSEN),
        (Act(action=REJECT, services=SERVICES), "services", ONLY_CHOSEN),
        (Act(action=AGREE, decisions=PURPOSES), "decisions", ONLY_CHOSEN),
        (Act(action=ACKNOWLEDGE, services=SERVICES), "services", ONLY_CHOSEN),
        (chosen({"unknown": True}), "decisions.unknown", NO_PURPOSE),
        (Act(action=WITHDRAW, decisions={"gone": False}), "decisions.gone", NO_PURPOSE),
        (chosen({"necessary": False}), "decisions.necessary", NO_CHOICE),
        (Act(action=WITHDRAW, decisions={"analytics": True}), "decisions.analytics", NOT_A_GRANT),
        (chosen({}, {"unknown": True}), "services.unknown", NO_SERVICE),
        (chosen({}, {"basket": False}), "services.basket", NO_SERVICE),
        (Act(action=WITHDRAW, services={"tally": True}), "services.tally", NOT_A_GRANT),
        (Act(action=ACCEPT, documents={"terms": 1}), "documents", BUNDLED),
        (Act(action=AGREE, documents={"gone": 1}), "documents.gone", NO_DOCUMENT),
        (Act(action=WITHDRAW, documents={"gone": 1}), "documents.gone", NO_DOCUMENT),
        (
            Act(action=AGREE, documents={"terms": 2}),
            "documents.terms",
            "the notice shows version 1, to agree",
        ),
        (
            Act(action=ACKNOWLEDGE, documents={"terms": 1}),
            "documents.terms",
            "the notice shows version 1, to agree",
        ),
        (Act(action=SIGNAL), "signals.gpc", "must be true with signal"),
    ],
)
def test_an_act_that_does_not_fit_is_told_why(act: Act, field: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        decided(act)
    assert caught.value.detail == "the act does not fit the notice"
    assert [(each.field, each.message) for each in caught.value.fields] == [(field, message)]


@pytest.mark.parametrize(
    ("act", "terms", "field", "message"),
    [
        (chosen(), TERMS, "decisions", "name at least one purpose or service"),
        (
            Act(action=ACCEPT),
            PLAIN,
            "action",
            "this notice asks for no consent: acknowledge it",
        ),
        (Act(action=AGREE), NO_QUESTIONS, "action", "this notice has no document to agree"),
        (
            Act(action=ACKNOWLEDGE),
            NO_QUESTIONS,
            "action",
            "this notice has no document to acknowledge",
        ),
    ],
)
def test_an_act_that_comes_to_nothing_is_told_why(
    act: Act, terms: Terms, field: str, message: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        decided(act, terms=terms)
    assert caught.value.detail == f"{field}: {message}"
    assert [(each.field, each.message) for each in caught.value.fields] == [(field, message)]


def test_a_record_of_other_purposes_is_told_which() -> None:
    older = Older(at=START, decisions={"gone": True, "analytics": True}, documents={})
    with pytest.raises(InvalidRequestError) as caught:
        adopt(older, TERMS, NOTICE)
    assert caught.value.detail == "the record does not fit the notice"
    assert [(each.field, each.message) for each in caught.value.fields] == [
        ("decisions.gone", "is no purpose that notice 3 asks about")
    ]


def test_a_record_that_says_nothing_is_told_what_to_say() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        adopt(Older(at=START, decisions={}, documents={}), TERMS, NOTICE)
    assert caught.value.detail == "decisions: name at least one purpose or document"
    assert [(each.field, each.message) for each in caught.value.fields] == [
        ("decisions", "name at least one purpose or document")
    ]


def test_what_is_on_record_can_be_withdrawn_under_any_notice_and_version() -> None:
    agreed = decided(Act(action=AGREE))
    assert agreed is not None
    state = State(documents={"gone": agreed.documents["terms"], **agreed.documents})
    for named in ({"gone": 7}, {"terms": 7}):
        change = decided(Act(action=WITHDRAW, documents=named), state, minutes=1)
        assert change is not None
        assert set(change.documents) == set(named)
    with pytest.raises(InvalidRequestError):
        decided(Act(action=AGREE, documents={"terms": 7}), state, minutes=1)

"""Acknowledging and agreeing: documents by version, never bundled with consent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.consents.model import (
    Act,
    Action,
    Agreement,
    Decision,
    EventType,
    State,
    Value,
    agreed_json,
    decisions_json,
)
from consent_service.core.errors import InvalidRequestError
from tests.unit.acts import PLAIN, START, TERMS, at, changed, decided, document

ACKNOWLEDGE, AGREE = Action.ACKNOWLEDGE, Action.AGREE
KEYS = st.text("abc-", min_size=1, max_size=5)
MOMENTS = st.integers(0, 10**9).map(lambda minutes: at(minutes / 1000 // 1))
DECISIONS = st.builds(
    Decision,
    value=st.sampled_from(Value),
    notice=st.integers(1, 999),
    at=MOMENTS,
    until=st.none() | MOMENTS,
)
AGREEMENTS = st.builds(
    Agreement,
    n=st.integers(1, 99),
    sha256=st.just("ab" * 32),
    notice=st.integers(1, 999),
    at=MOMENTS,
    ended=st.booleans(),
)
STATES = st.builds(
    State,
    purposes=st.dictionaries(KEYS, DECISIONS, max_size=3),
    services=st.dictionaries(KEYS, DECISIONS, max_size=3),
    documents=st.dictionaries(KEYS, AGREEMENTS, max_size=3),
)


def test_agreeing_is_to_what_the_notice_asks_to_agree_to() -> None:
    change = changed(AGREE)
    assert change.type is EventType.AGREED
    assert change.documents.keys() == {"terms"}
    assert change.decisions == {}
    assert change.state.purposes == {}


def test_acknowledging_is_of_what_the_notice_asks_to_acknowledge() -> None:
    change = changed(ACKNOWLEDGE)
    assert change.type is EventType.ACKNOWLEDGED
    assert change.documents.keys() == {"rules"}


def test_a_plain_notice_is_acknowledged_and_grants_nothing() -> None:
    change = changed(ACKNOWLEDGE, terms=PLAIN)
    assert change.state.purposes == {}
    assert change.decisions == {}


def test_an_agreement_keeps_version_hash_notice_and_time() -> None:
    agreement = changed(AGREE, minutes=4).state.documents["terms"]
    assert agreement == Agreement(n=1, sha256=f"{1:064x}", notice=3, at=at(4))


def test_one_may_agree_to_more_than_is_asked() -> None:
    change = changed(AGREE, documents={"rules": 1, "privacy-policy": 1})
    assert change.documents.keys() == {"rules", "privacy-policy"}


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (Act(action=AGREE, documents={"terms": 2}), "documents.terms"),
        (Act(action=AGREE, documents={"unknown": 1}), "documents.unknown"),
        (Act(action=ACKNOWLEDGE, documents={"terms": 1}), "documents.terms"),
        (Act(action=AGREE, decisions={"analytics": True}), "decisions"),
        (Act(action=ACKNOWLEDGE, services={"tally": True}), "services"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(act: Act, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        decided(act)
    assert [each.field for each in caught.value.fields] == [field]


@pytest.mark.parametrize("action", [ACKNOWLEDGE, AGREE])
def test_where_nothing_is_asked_nothing_can_be_confirmed(action: Action) -> None:
    silent = replace(TERMS, documents={"terms": document("terms", "inform")})
    with pytest.raises(InvalidRequestError, match="no document"):
        decided(Act(action=action), terms=silent)


@pytest.mark.parametrize(
    ("act", "is_grant"),
    [
        (Act(action=Action.ACCEPT), True),
        (Act(action=ACKNOWLEDGE), True),
        (Act(action=AGREE), True),
        (Act(action=Action.REJECT), False),
        (Act(action=Action.WITHDRAW), False),
        (Act(action=Action.CHOOSE, decisions={"a": False}), False),
        (Act(action=Action.CHOOSE, decisions={"a": False, "b": True}), True),
        (Act(action=Action.CHOOSE, services={"a": True}), True),
    ],
)
def test_what_may_allow_something_is_told_from_what_cannot(act: Act, is_grant: bool) -> None:
    assert act.is_grant is is_grant


@given(STATES)
def test_a_state_is_read_back_as_it_was_stored(state: State) -> None:
    assert State.load(state.dump()) == state
    assert State.load(state.dump()).dump() == state.dump()


def test_a_decision_without_an_end_has_no_until() -> None:
    decision = Decision(value=Value.DENIED, notice=1, at=START, until=None)
    assert decisions_json({"a": decision}) == {
        "a": {"value": "denied", "notice": 1, "at": "2026-11-23T10:00:00.000Z"}
    }


def test_agreements_are_told_without_their_hash() -> None:
    state = changed(AGREE).state
    assert agreed_json(state.agreed()) == {
        "terms": {"n": 1, "notice": 3, "at": "2026-11-23T10:00:00.000Z"}
    }

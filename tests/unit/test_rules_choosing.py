"""Accepting, refusing and choosing: what is decided, for how long, and what it is called."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from consent_service.consents.model import Act, Action, EventType, State
from consent_service.consents.rules.standing import Why, validity
from consent_service.core.errors import InvalidRequestError
from tests.unit.acts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    NOTICE,
    PLAIN,
    START,
    TERMS,
    at,
    changed,
    chosen,
    decided,
    decision,
    exceptions,
    opt_out,
    values,
)

ACCEPT, REJECT, CHOOSE = Action.ACCEPT, Action.REJECT, Action.CHOOSE


def test_accepting_grants_every_choice() -> None:
    change = changed(ACCEPT)
    assert change.type is EventType.GIVEN
    assert change.decisions == {
        "necessary": NOT_SUBJECT,
        "analytics": GRANTED,
        "marketing": GRANTED,
    }
    assert values(change.state) == change.decisions
    assert change.services == {}


def test_refusing_denies_every_choice() -> None:
    change = changed(REJECT)
    assert change.type is EventType.REFUSED
    assert change.decisions == {"necessary": NOT_SUBJECT, "analytics": DENIED, "marketing": DENIED}


def test_refusing_after_accepting_denies_every_choice() -> None:
    change = changed(REJECT, changed(ACCEPT).state, minutes=1)
    assert change.type is EventType.REFUSED
    assert GRANTED not in values(change.state).values()


def test_refusing_is_a_refusal_even_if_an_older_notice_had_more_purposes() -> None:
    before = State(purposes={"gone": decision(GRANTED)})
    assert changed(REJECT, before, minutes=1).type is EventType.REFUSED


@pytest.mark.parametrize(("analytics", "marketing"), list(product([True, False], repeat=2)))
def test_choosing_decides_what_it_names(analytics: bool, marketing: bool) -> None:
    change = changed(CHOOSE, decisions={"analytics": analytics, "marketing": marketing})
    assert change.decisions == {
        "analytics": GRANTED if analytics else DENIED,
        "marketing": GRANTED if marketing else DENIED,
    }
    assert change.type is (EventType.GIVEN if analytics or marketing else EventType.REFUSED)


@pytest.mark.parametrize("named", ["analytics", "marketing"])
@pytest.mark.parametrize("allowed", [True, False])
def test_choosing_leaves_what_it_does_not_name(named: str, allowed: bool) -> None:
    for first in (ACCEPT, REJECT):
        before = changed(first).state
        change = changed(CHOOSE, before, minutes=1, decisions={named: allowed})
        assert set(change.decisions) == {named}
        for key in set(TERMS.purposes) - {named}:
            assert change.state.purposes[key] == before.purposes[key]


def test_choosing_after_a_first_decision_updates() -> None:
    before = changed(REJECT).state
    change = changed(CHOOSE, before, minutes=1, decisions={"analytics": True})
    assert change.type is EventType.UPDATED


def test_choosing_everything_away_is_a_refusal() -> None:
    before = changed(ACCEPT).state
    change = changed(CHOOSE, before, minutes=1, decisions={"analytics": False, "marketing": False})
    assert change.type is EventType.REFUSED


def test_a_service_can_differ_from_its_purpose() -> None:
    change = changed(CHOOSE, decisions={"analytics": True}, services={"tally": False})
    assert change.services == {"tally": DENIED}
    assert exceptions(change.state) == {"tally": DENIED}


def test_a_service_that_follows_its_purpose_is_no_exception() -> None:
    change = changed(CHOOSE, decisions={"analytics": True}, services={"tally": True})
    assert change.services == {}
    assert exceptions(change.state) == {}


def test_a_new_decision_about_a_purpose_ends_the_exceptions_under_it() -> None:
    before = changed(CHOOSE, decisions={"analytics": False}, services={"tally": True}).state
    change = changed(CHOOSE, before, minutes=1, decisions={"analytics": False})
    assert exceptions(change.state) == {}


def test_a_decision_about_another_purpose_leaves_exceptions() -> None:
    before = changed(CHOOSE, decisions={"analytics": False}, services={"tally": True}).state
    change = changed(CHOOSE, before, minutes=1, decisions={"marketing": False})
    assert exceptions(change.state) == {"tally": GRANTED}


def test_a_signal_turns_the_grant_of_a_sale_into_a_denial() -> None:
    accepted = changed(ACCEPT, gpc=True)
    chosen_so = changed(CHOOSE, gpc=True, decisions={"analytics": True, "marketing": True})
    for change in (accepted, chosen_so):
        assert change.decisions["marketing"] is DENIED
        assert change.decisions["analytics"] is GRANTED


def test_a_second_act_overrides_the_signal() -> None:
    assert changed(ACCEPT, gpc=True, override=True).decisions["marketing"] is GRANTED


def test_a_signal_never_switches_anything_on() -> None:
    assert GRANTED not in changed(REJECT, gpc=True).decisions.values()


def test_a_signal_holds_for_each_service_of_a_sale_too() -> None:
    for decisions in ({}, {"marketing": False}, {"marketing": True}):
        act = Act(action=CHOOSE, decisions=decisions, services={"adverra": True}, gpc=True)
        change = decided(act)
        state = change.state if change else State()
        assert GRANTED not in [*values(state).values(), *exceptions(state).values()], decisions


def test_a_grant_lasts_as_long_as_the_terms_say_and_a_denial_too() -> None:
    state = changed(CHOOSE, decisions={"analytics": True, "marketing": False}).state
    assert state.purposes["analytics"].until == START + timedelta(days=185)
    assert state.purposes["marketing"].until == START + timedelta(days=100)


def test_what_needs_no_consent_and_an_objection_for_good_have_no_end() -> None:
    state = changed(REJECT, terms=opt_out()).state
    assert [each.until for each in state.purposes.values()] == [None] * 3


def test_a_decision_holds_until_its_end_and_while_its_meaning_is_the_same() -> None:
    granted = changed(ACCEPT).state.purposes["analytics"]
    assert granted.until is not None
    moment = timedelta(milliseconds=1)
    assert validity(granted, NOTICE, granted.until - moment) is Why.GRANTED
    assert validity(granted, NOTICE, granted.until) is Why.EXPIRED
    assert validity(granted, NOTICE - 1, START) is Why.GRANTED
    assert validity(granted, NOTICE + 1, START) is Why.CHANGED
    for_good = replace(granted, until=None)
    assert validity(for_good, NOTICE, START + timedelta(days=9999)) is Why.GRANTED


def test_each_decision_keeps_when_and_under_which_notice_it_was_made() -> None:
    state = changed(ACCEPT, minutes=7).state
    assert {(each.at, each.notice) for each in state.purposes.values()} == {(at(7), NOTICE)}


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (chosen(), "decisions"),
        (chosen({"unknown": True}), "decisions.unknown"),
        (chosen({"necessary": False}), "decisions.necessary"),
        (chosen({"necessary": True}), "decisions.necessary"),
        (chosen({}, {"unknown": True}), "services.unknown"),
        (chosen({}, {"basket": False}), "services.basket"),
        (Act(action=ACCEPT, decisions={"analytics": True}), "decisions"),
        (Act(action=REJECT, decisions={"analytics": False}), "decisions"),
        (Act(action=ACCEPT, services={"tally": True}), "services"),
        (Act(action=ACCEPT, documents={"terms": 1}), "documents"),
        (Act(action=REJECT, documents={"terms": 1}), "documents"),
        (Act(action=CHOOSE, decisions={"analytics": True}, documents={"terms": 1}), "documents"),
    ],
)
def test_what_does_not_fit_the_notice_is_refused_by_name(act: Act, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        decided(act)
    assert field in {each.field for each in caught.value.fields}


def test_every_breach_is_named_at_once() -> None:
    act = Act(
        action=CHOOSE,
        decisions={"unknown": True, "necessary": False},
        services={"nothing": True},
        documents={"terms": 1},
    )
    with pytest.raises(InvalidRequestError) as caught:
        decided(act)
    assert {each.field for each in caught.value.fields} == {
        "decisions.unknown",
        "decisions.necessary",
        "services.nothing",
        "documents",
    }


@pytest.mark.parametrize("action", [ACCEPT, REJECT])
def test_a_plain_notice_takes_no_consent(action: Action) -> None:
    with pytest.raises(InvalidRequestError, match="acknowledge"):
        decided(Act(action=action), terms=PLAIN)

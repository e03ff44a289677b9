"""What each change keeps: of other things, of what it is about, and for how long."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consent_service.consents.model import Act, Action, State
from consent_service.consents.rules.imported import Older, adopt
from consent_service.notices.terms import Terms
from tests.unit.acts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    NOTICE,
    START,
    TERMS,
    at,
    changed,
    chosen,
    decided,
    decision,
    exceptions,
    opt_out,
    purpose,
    standing,
)

ACCEPT, REJECT, CHOOSE, AGREE = Action.ACCEPT, Action.REJECT, Action.CHOOSE, Action.AGREE

OBJECTION = replace(
    TERMS,
    purposes={**TERMS.purposes, "analytics": opt_out().purposes["analytics"]},
)
"""Terms as in the United Kingdom: measurement runs until the visitor objects."""

FOR_GOOD = replace(TERMS, denied_days=None)


def test_a_choice_is_about_no_document_and_an_agreement_about_no_service() -> None:
    assert changed(ACCEPT).documents == {}
    assert changed(AGREE).services == {}


def test_deciding_about_purposes_keeps_agreements() -> None:
    agreed = changed(AGREE).state
    assert changed(ACCEPT, agreed, minutes=1).state.documents == agreed.documents


def test_an_agreement_that_ends_keeps_under_which_notice_it_ended() -> None:
    agreed = changed(AGREE).state
    change = decided(Act(action=Action.WITHDRAW), agreed, notice=NOTICE + 2, minutes=1)
    assert change is not None
    ended = change.documents["terms"]
    assert (ended.n, ended.notice, ended.ended) == (1, NOTICE + 2, True)


def test_an_agreement_under_an_older_notice_does_not_take_the_place_of_a_newer_one() -> None:
    newer = changed(AGREE).state
    assert decided(Act(action=AGREE), newer, notice=NOTICE - 1, minutes=1) is None
    again = decided(Act(action=AGREE), newer, notice=NOTICE, minutes=1)
    assert again is not None
    assert again.documents["terms"].at == at(1)


def test_who_took_an_agreement_back_may_agree_under_an_older_notice() -> None:
    ended = changed(Action.WITHDRAW, changed(AGREE).state, minutes=1).state
    change = decided(Act(action=AGREE), ended, notice=NOTICE - 1, minutes=2)
    assert change is not None
    assert change.documents["terms"].notice == NOTICE - 1


# ------------------------------------------------------------------------------ for how long


@pytest.mark.parametrize(
    ("terms", "allowed", "days"),
    [
        (TERMS, True, 185),
        (TERMS, False, 100),
        (OBJECTION, True, 185),
        (OBJECTION, False, None),
        (FOR_GOOD, True, 185),
        (FOR_GOOD, False, None),
    ],
)
def test_a_decision_holds_as_long_for_an_older_consent_and_a_refused_service_for_good(
    terms: Terms, allowed: bool, days: int | None
) -> None:
    until = None if days is None else START + timedelta(days=days)
    for_purpose = changed(CHOOSE, terms=terms, decisions={"analytics": allowed}).state
    assert for_purpose.purposes["analytics"].until == until
    for_service = changed(CHOOSE, terms=terms, services={"tally": allowed}).state
    assert for_service.services["tally"].until == (until if allowed else None)
    older = Older(at=START, decisions={"analytics": allowed}, documents={})
    assert adopt(older, terms, NOTICE).state.purposes == for_purpose.purposes


def test_what_is_nothing_to_decide_about_has_no_end_whether_it_runs_or_not() -> None:
    silent = replace(TERMS.purposes["analytics"], choice=False)
    terms = replace(TERMS, purposes={**TERMS.purposes, "analytics": silent})
    found = changed(ACCEPT, terms=terms).state.purposes["analytics"]
    assert (found.value, found.until) == (NOT_SUBJECT, None)


def test_a_service_that_was_confirmed_against_the_signal_keeps_that() -> None:
    for services, confirmed in (({"adverra": True}, True), ({"tally": True}, False)):
        act = Act(action=CHOOSE, services=services, gpc=True, override=True)
        change = decided(act)
        assert change is not None
        assert [each.override for each in change.state.services.values()] == [confirmed]


def test_a_grant_that_was_made_when_a_refusal_arrived_counts() -> None:
    refused = changed(REJECT, minutes=10).state
    change = changed(ACCEPT, refused, made=10, minutes=20)
    assert change.decisions["analytics"] is GRANTED


# ------------------------------------------------------------------------------ services


def test_a_service_that_was_allowed_by_itself_follows_its_purpose_once_that_is() -> None:
    alone = changed(CHOOSE, decisions={"analytics": False}, services={"tally": True}).state
    after = changed(CHOOSE, alone, minutes=1, decisions={"analytics": True}).state
    assert exceptions(after) == {}


def test_a_refused_service_stays_so_when_its_purpose_is_chosen_not_when_all_is_accepted() -> None:
    refused = changed(CHOOSE, services={"tally": False}).state
    chosen_again = changed(CHOOSE, refused, minutes=1, decisions={"analytics": True}).state
    assert exceptions(chosen_again) == {"tally": DENIED}
    assert exceptions(changed(ACCEPT, refused, minutes=1).state) == {}


def test_refusing_under_a_notice_that_lacks_a_service_does_not_bring_it_back() -> None:
    before = decided(chosen({}, {"tally": False, "heatmap": True}), terms=OBJECTION)
    assert before is not None
    older = {key: each for key, each in OBJECTION.purposes.items() if key != "analytics"}
    change = decided(
        Act(action=REJECT),
        before.state,
        terms=replace(OBJECTION, purposes=older),
        notice=NOTICE - 1,
        minutes=1,
    )
    assert change is not None
    assert exceptions(change.state) == {"tally": DENIED}
    assert not standing(change.state, terms=OBJECTION, minutes=2).services["tally"].allowed


def test_an_objection_to_a_service_stays_when_the_service_changes() -> None:
    objected = changed(CHOOSE, terms=OBJECTION, services={"tally": False}).state
    analytics = OBJECTION.purposes["analytics"]
    for newer in (
        replace(analytics, services={"tally": NOTICE + 1, "heatmap": 1}),
        replace(analytics, asked_since=NOTICE + 1),
    ):
        terms = replace(OBJECTION, purposes={**OBJECTION.purposes, "analytics": newer})
        found = standing(objected, terms=terms, minutes=1).services
        assert (found["tally"].allowed, found["tally"].why.value) == (False, "denied")
        assert found["heatmap"].allowed


def test_who_opted_out_of_one_sale_has_nothing_sold_by_another() -> None:
    resale = replace(purpose("resale", "broker", sale=True), before_choice="allowed")
    terms = opt_out()
    terms = replace(terms, purposes={**terms.purposes, "resale": resale})
    found = standing(State(purposes={"marketing": decision(DENIED)}), terms=terms)
    assert found.purposes["resale"].allowed is False
    assert found.purposes["resale"].why.value == "opted_out"

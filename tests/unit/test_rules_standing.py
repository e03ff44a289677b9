"""What holds for a visitor at a moment, what has to be asked, and why."""

from dataclasses import replace

import pytest

from consent_service.consents.model import Action, State
from consent_service.notices.terms import Terms
from tests.unit.acts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    NOTICE,
    PLAIN,
    PURPOSES,
    TERMS,
    allowed,
    asked,
    changed,
    days,
    decision,
    document,
    opt_out,
    purpose,
    reasons,
    since,
    standing,
)

NO_DOCUMENTS = replace(TERMS, documents={})
OPT_OUT = opt_out(NO_DOCUMENTS)
ACCEPTED = changed(Action.ACCEPT).state
REFUSED = changed(Action.REJECT).state


def test_before_any_choice_only_what_needs_no_consent_runs() -> None:
    found = standing(State(), terms=NO_DOCUMENTS)
    assert allowed(found) == {"necessary": True, "analytics": False, "marketing": False}
    assert reasons(found) == {
        "necessary": "not_subject",
        "analytics": "undecided",
        "marketing": "undecided",
    }
    assert asked(found) == {"analytics": "undecided", "marketing": "undecided"}
    assert found.asks == "purposes"


def test_under_a_profile_for_opting_out_everything_runs_until_the_visitor_objects() -> None:
    found = standing(State(), terms=OPT_OUT)
    assert allowed(found) == {"necessary": True, "analytics": True, "marketing": True}
    assert asked(found) == {"analytics": "undecided", "marketing": "undecided"}


def test_who_decided_is_not_asked() -> None:
    for state, is_allowed in ((ACCEPTED, True), (REFUSED, False)):
        found = standing(state, terms=NO_DOCUMENTS)
        assert allowed(found)["analytics"] is is_allowed
        assert asked(found) == {}
        assert found.asks is None


def test_a_ruling_names_the_decision_that_it_follows_from() -> None:
    found = standing(ACCEPTED)
    assert found.purposes["analytics"].decision == ACCEPTED.purposes["analytics"]
    assert found.purposes["necessary"].decision is None
    assert standing(State()).purposes["analytics"].decision is None


@pytest.mark.parametrize(("minutes", "why"), [(99, "granted"), (100, "expired"), (101, "expired")])
def test_a_decision_that_has_expired_says_nothing(minutes: float, why: str) -> None:
    state = State(purposes={"analytics": decision(GRANTED, until=100)})
    found = standing(state, terms=NO_DOCUMENTS, minutes=minutes)
    assert reasons(found)["analytics"] == why
    assert allowed(found)["analytics"] is (why == "granted")
    assert ("analytics" in asked(found)) is (why == "expired")


def test_what_is_on_record_as_ended_stays_so_even_if_the_clock_goes_back() -> None:
    state = State(purposes={"analytics": decision(GRANTED, until=100, ended=True)})
    assert reasons(standing(state, minutes=50))["analytics"] == "expired"


def test_only_what_changed_is_asked_again() -> None:
    found = standing(ACCEPTED, terms=since(NOTICE + 1, "marketing", terms=NO_DOCUMENTS))
    assert allowed(found) == {"necessary": True, "analytics": True, "marketing": False}
    assert asked(found) == {"marketing": "changed"}


def test_a_decision_of_the_very_notice_that_changed_it_counts() -> None:
    found = standing(ACCEPTED, terms=since(NOTICE, "marketing", terms=NO_DOCUMENTS))
    assert asked(found) == {}


def test_a_new_service_asks_about_its_purpose_again() -> None:
    grown = replace(PURPOSES[1], services={"tally": 1, "heatmap": NOTICE + 1})
    terms = replace(NO_DOCUMENTS, purposes={**TERMS.purposes, "analytics": grown})
    found = standing(ACCEPTED, terms=terms)
    assert asked(found) == {"analytics": "changed"}
    assert allowed(found) == {"necessary": True, "analytics": False, "marketing": True}


def test_a_purpose_that_needed_no_consent_when_it_was_decided_is_undecided() -> None:
    state = State(purposes={"analytics": decision(NOT_SUBJECT)})
    assert reasons(standing(state))["analytics"] == "undecided"
    assert not standing(state).purposes["analytics"].allowed


def test_an_objection_to_what_runs_unasked_holds_whatever_happens() -> None:
    state = State(purposes={"analytics": decision(DENIED, until=100, ended=True)})
    terms = since(NOTICE + 5, "analytics", terms=OPT_OUT)
    found = standing(state, terms=terms, minutes=days(4000))
    assert reasons(found)["analytics"] == "denied"
    assert not found.purposes["analytics"].allowed
    assert "analytics" not in asked(found)


def test_a_grant_that_expired_runs_on_only_where_nobody_needs_to_ask() -> None:
    state = State(purposes={"analytics": decision(GRANTED, until=10)})
    assert standing(state, terms=OPT_OUT, minutes=20).purposes["analytics"].allowed
    assert not standing(state, minutes=20).purposes["analytics"].allowed


# ------------------------------------------------------------------- the opt-out signal


def test_the_signal_switches_sales_off_and_nothing_else() -> None:
    found = standing(ACCEPTED, gpc=True)
    assert allowed(found) == {"necessary": True, "analytics": True, "marketing": False}
    assert reasons(found)["marketing"] == "signal"
    assert found.purposes["marketing"].decision is None


def test_the_signal_switches_nothing_on() -> None:
    assert not any(
        standing(REFUSED, gpc=True).purposes[key].allowed for key in ("analytics", "marketing")
    )


@pytest.mark.parametrize("until", [None, 100])
def test_a_grant_against_the_signal_holds_while_it_is_valid(until: float | None) -> None:
    state = State(purposes={"marketing": decision(GRANTED, until=until, override=True)})
    assert standing(state, gpc=True).purposes["marketing"].allowed
    assert standing(state, gpc=True, minutes=200).purposes["marketing"].allowed is (until is None)


def test_a_denial_is_no_override() -> None:
    state = State(purposes={"marketing": decision(DENIED, override=True)})
    assert not standing(state, gpc=True).purposes["marketing"].allowed


def test_under_opt_in_the_signal_does_not_keep_the_banner_away() -> None:
    found = standing(State(), terms=NO_DOCUMENTS, gpc=True)
    assert asked(found) == {"analytics": "undecided", "marketing": "undecided"}


def test_under_opt_out_the_signal_answers_for_sales() -> None:
    found = standing(State(), terms=OPT_OUT, gpc=True)
    assert asked(found) == {"analytics": "undecided"}
    assert allowed(found) == {"necessary": True, "analytics": True, "marketing": False}


# ------------------------------------------------------------- opting out, and peace after it


def two_sales(model: Terms = OPT_OUT) -> Terms:
    resale = replace(model.purposes["marketing"], key="resale", services={})
    return replace(model, purposes={**model.purposes, "resale": resale})


def test_an_opt_out_from_one_sale_holds_for_a_sale_that_comes_later() -> None:
    state = State(purposes={"marketing": decision(DENIED)})
    found = standing(state, terms=two_sales(), minutes=days(400))
    assert reasons(found)["resale"] == "opted_out"
    assert not found.purposes["resale"].allowed
    assert asked(found) == {"analytics": "undecided"}


def test_an_opt_out_from_what_is_no_sale_leaves_sales_alone() -> None:
    state = State(purposes={"analytics": decision(DENIED)})
    assert standing(state, terms=two_sales()).purposes["resale"].allowed


def test_a_grant_of_a_sale_is_no_opt_out_from_another() -> None:
    state = State(purposes={"marketing": decision(GRANTED)})
    assert standing(state, terms=two_sales()).purposes["resale"].allowed


def test_under_opt_in_a_refused_sale_says_nothing_about_another() -> None:
    state = State(purposes={"marketing": decision(DENIED)})
    found = standing(state, terms=two_sales(NO_DOCUMENTS))
    assert reasons(found)["resale"] == "undecided"
    assert "resale" in asked(found)


@pytest.mark.parametrize(("day", "quiet"), [(0, True), (364.99, True), (365, False), (366, False)])
def test_after_an_opt_out_nobody_asks_for_twelve_months(day: float, quiet: bool) -> None:
    state = State(purposes={"marketing": decision(DENIED)})
    assert (asked(standing(state, terms=OPT_OUT, minutes=days(day))) == {}) is quiet


def test_a_clock_that_went_back_keeps_no_question_away_under_opt_in() -> None:
    state = State(purposes={"marketing": decision(DENIED, minutes=10)})
    assert asked(standing(state, terms=NO_DOCUMENTS, minutes=0)) == {"analytics": "undecided"}


def test_a_grant_keeps_nobody_quiet() -> None:
    granted = State(purposes={"marketing": decision(GRANTED)})
    assert "analytics" in asked(standing(granted, terms=OPT_OUT, minutes=1))


def test_an_objection_to_what_is_no_purpose_any_more_keeps_quiet_too() -> None:
    objected = State(purposes={"gone": decision(DENIED)})
    assert asked(standing(objected, terms=OPT_OUT, minutes=1)) == {}


def test_a_refusal_under_opt_in_does_not_keep_new_purposes_from_being_asked() -> None:
    found = standing(REFUSED, terms=since(NOTICE + 1, "marketing", terms=NO_DOCUMENTS), minutes=1)
    assert asked(found) == {"marketing": "changed"}


# ------------------------------------------------------------------------------ services


def ruling(state: State, service: str, terms: Terms = TERMS, gpc: bool = False) -> tuple[bool, str]:
    found = standing(state, terms=terms, gpc=gpc).services[service]
    return found.allowed, found.why.value


def test_a_service_stands_as_its_purpose() -> None:
    assert ruling(ACCEPTED, "tally") == (True, "granted")
    assert ruling(State(), "tally") == (False, "undecided")
    assert ruling(State(), "basket") == (True, "not_subject")


def test_a_service_may_differ_from_its_purpose() -> None:
    refused = replace(ACCEPTED, services={"tally": decision(DENIED)})
    assert ruling(refused, "tally") == (False, "denied")
    assert ruling(refused, "heatmap") == (True, "granted")
    alone = State(services={"tally": decision(GRANTED)})
    assert ruling(alone, "tally") == (True, "granted")
    assert standing(alone).services["tally"].decision == alone.services["tally"]


def test_an_exception_that_means_something_else_now_says_nothing() -> None:
    state = State(services={"tally": decision(GRANTED, notice=2)})
    changed_service = replace(PURPOSES[1], services={"tally": 3, "heatmap": 1})
    changed_purpose = replace(PURPOSES[1], asked_since=3)
    for each in (changed_service, changed_purpose):
        terms = replace(TERMS, purposes={**TERMS.purposes, "analytics": each})
        assert ruling(state, "tally", terms) == (False, "undecided")
    assert ruling(state, "tally") == (True, "granted")


def test_an_exception_to_what_needs_no_consent_means_nothing() -> None:
    assert ruling(State(services={"basket": decision(DENIED)}), "basket") == (True, "not_subject")


def test_the_signal_stands_against_a_service_of_a_sale_too() -> None:
    granted = State(services={"adverra": decision(GRANTED), "tally": decision(GRANTED)})
    assert ruling(granted, "adverra", gpc=True) == (False, "signal")
    assert ruling(granted, "tally", gpc=True) == (True, "granted")
    confirmed = State(services={"adverra": decision(GRANTED, override=True)})
    assert ruling(confirmed, "adverra", gpc=True) == (True, "granted")


# ------------------------------------------------------------------ children, plain notices


def test_children_are_asked_nothing_and_nothing_runs_for_them() -> None:
    closed = {
        key: replace(each, choice=False) if each.choice else each
        for key, each in NO_DOCUMENTS.purposes.items()
    }
    found = standing(ACCEPTED, terms=replace(NO_DOCUMENTS, purposes=closed))
    assert allowed(found) == {"necessary": True, "analytics": False, "marketing": False}
    assert reasons(found)["analytics"] == "not_asked"
    assert found.services["tally"].why.value == "not_asked"
    assert found.asks is None


def test_a_plain_notice_asks_about_documents_only() -> None:
    found = standing(State(), terms=PLAIN)
    assert found.asks == "documents"
    assert asked(found) == {"terms": "undecided", "rules": "undecided"}


# ------------------------------------------------------------------------------ documents


def test_purposes_are_asked_before_documents() -> None:
    assert standing(State()).asks == "purposes"
    assert standing(ACCEPTED).asks == "documents"


def test_a_document_is_asked_about_until_it_is_agreed_to() -> None:
    state = changed(Action.AGREE, ACCEPTED).state
    assert asked(standing(state)) == {"rules": "undecided"}
    state = changed(Action.ACKNOWLEDGE, state).state
    assert asked(standing(state)) == {}


def test_a_material_version_is_asked_about_again_and_says_why() -> None:
    state = changed(Action.AGREE, ACCEPTED).state
    newer = replace(document("terms", "agree", 2), asked_since=NOTICE + 1)
    terms = replace(TERMS, documents={"terms": newer})
    assert asked(standing(state, terms=terms)) == {"terms": "changed"}
    same = replace(document("terms", "agree", 2), asked_since=NOTICE)
    assert asked(standing(state, terms=replace(TERMS, documents={"terms": same}))) == {}


def test_an_agreement_that_was_taken_back_is_asked_about_again() -> None:
    state = changed(Action.AGREE, ACCEPTED).state
    ended = changed(Action.WITHDRAW, state, documents={"terms": 1}).state
    assert asked(standing(ended))["terms"] == "ended"


def test_who_refused_everything_has_no_consent_to_anything() -> None:
    found = standing(REFUSED)
    assert [each.why.value for each in found.purposes.values()].count("granted") == 0
    assert {key for key, is_on in allowed(found).items() if is_on} == {"necessary"}


def test_a_sensitive_sale_waits_for_a_yes_and_the_signal_keeps_it_from_being_asked() -> None:
    sensitive = replace(purpose("health", sale=True), before_choice="denied")
    terms = replace(OPT_OUT, purposes={**OPT_OUT.purposes, "health": sensitive})
    assert "health" in asked(standing(State(), terms=terms))
    assert "health" not in asked(standing(State(), terms=terms, gpc=True))
    assert not standing(State(), terms=terms).purposes["health"].allowed

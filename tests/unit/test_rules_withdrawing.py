"""Withdrawing: what was granted ends, all or what is named, and nothing else changes."""

import pytest

from consent_service.consents.model import Act, Action, EventType, State
from consent_service.core.errors import InvalidRequestError
from tests.unit.acts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    at,
    changed,
    decided,
    decision,
    exceptions,
    opt_out,
    values,
)

WITHDRAW, ACCEPT, CHOOSE = Action.WITHDRAW, Action.ACCEPT, Action.CHOOSE


def test_withdrawal_ends_what_was_granted() -> None:
    change = changed(WITHDRAW, changed(ACCEPT).state, minutes=1)
    assert change.type is EventType.WITHDRAWN
    assert change.decisions == {"analytics": DENIED, "marketing": DENIED}
    assert values(change.state) == {
        "necessary": NOT_SUBJECT,
        "analytics": DENIED,
        "marketing": DENIED,
    }


def test_withdrawing_names_only_what_ended() -> None:
    before = changed(CHOOSE, decisions={"analytics": True, "marketing": False}).state
    change = changed(WITHDRAW, before, minutes=1)
    assert change.decisions == {"analytics": DENIED}
    assert change.state.purposes["marketing"] == before.purposes["marketing"]


def test_withdrawing_one_purpose_leaves_the_others() -> None:
    before = changed(ACCEPT).state
    change = changed(WITHDRAW, before, minutes=1, decisions={"marketing": False})
    assert change.decisions == {"marketing": DENIED}
    assert change.state.purposes["analytics"] == before.purposes["analytics"]


def test_withdrawing_where_nothing_is_granted_changes_nothing() -> None:
    assert decided(Act(action=WITHDRAW), changed(Action.REJECT).state, minutes=1) is None


def test_who_never_gave_anything_and_withdraws_says_no() -> None:
    change = changed(WITHDRAW)
    assert change.type is EventType.REFUSED
    assert values(change.state) == {
        "necessary": NOT_SUBJECT,
        "analytics": DENIED,
        "marketing": DENIED,
    }
    assert changed(WITHDRAW, decisions={"analytics": False}).decisions == {"analytics": DENIED}


def test_withdrawing_twice_changes_nothing_more() -> None:
    after = changed(WITHDRAW, changed(ACCEPT).state, minutes=1).state
    assert decided(Act(action=WITHDRAW), after, minutes=2) is None


def test_withdrawing_everything_ends_granted_services_too() -> None:
    before = changed(CHOOSE, decisions={"analytics": False}, services={"tally": True}).state
    change = changed(WITHDRAW, before, minutes=1)
    assert change.services == {"tally": DENIED}
    assert GRANTED not in exceptions(change.state).values()


def test_withdrawing_a_purpose_ends_services_granted_under_it() -> None:
    before = changed(CHOOSE, decisions={"analytics": False}, services={"tally": True}).state
    change = decided(Act(action=WITHDRAW, decisions={"analytics": False}), before, minutes=1)
    after = change.state if change else before
    assert GRANTED not in exceptions(after).values()


def test_withdrawing_a_service_leaves_its_purpose() -> None:
    before = changed(ACCEPT).state
    change = changed(WITHDRAW, before, minutes=1, services={"tally": False})
    assert change.services == {"tally": DENIED}
    assert change.decisions == {}
    assert exceptions(change.state) == {"tally": DENIED}
    assert values(change.state)["analytics"] is GRANTED


def test_what_an_older_notice_asked_can_be_withdrawn() -> None:
    before = State(purposes={"gone": decision(GRANTED)}, services={"old": decision(GRANTED)})
    named = changed(WITHDRAW, before, minutes=1, decisions={"gone": False})
    assert named.decisions == {"gone": DENIED}
    everything = changed(WITHDRAW, before, minutes=1).state
    assert GRANTED not in [*values(everything).values(), *exceptions(everything).values()]


def test_withdrawing_under_opt_out_objects_to_what_runs_unasked() -> None:
    change = changed(WITHDRAW, changed(Action.AGREE).state, minutes=1, terms=opt_out())
    assert change.decisions == {"analytics": DENIED, "marketing": DENIED}


def test_withdrawal_ends_agreements_and_keeps_which_they_were() -> None:
    before = changed(Action.AGREE).state
    change = changed(WITHDRAW, before, minutes=5)
    assert change.state.agreed() == {}
    ended = change.documents["terms"]
    assert (ended.n, ended.ended, ended.at) == (1, True, at(5))


def test_withdrawing_an_agreement_leaves_purposes() -> None:
    before = changed(Action.AGREE, changed(ACCEPT).state, minutes=1).state
    change = changed(WITHDRAW, before, minutes=2, documents={"terms": 1})
    assert change.decisions == {}
    assert values(change.state)["analytics"] is GRANTED
    assert change.state.agreed() == {}


def test_withdrawing_purposes_leaves_agreements() -> None:
    before = changed(Action.AGREE, changed(ACCEPT).state, minutes=1).state
    change = changed(WITHDRAW, before, minutes=2, decisions={"analytics": False})
    assert change.state.agreed().keys() == {"terms"}


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (Act(action=WITHDRAW, decisions={"analytics": True}), "decisions.analytics"),
        (Act(action=WITHDRAW, decisions={"unknown": False}), "decisions.unknown"),
        (Act(action=WITHDRAW, decisions={"necessary": False}), "decisions.necessary"),
        (Act(action=WITHDRAW, services={"tally": True}), "services.tally"),
        (Act(action=WITHDRAW, services={"unknown": False}), "services.unknown"),
        (Act(action=WITHDRAW, documents={"unknown": 1}), "documents.unknown"),
    ],
)
def test_a_withdrawal_that_does_not_fit_is_refused_by_name(act: Act, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        decided(act, changed(ACCEPT).state)
    assert [each.field for each in caught.value.fields] == [field]

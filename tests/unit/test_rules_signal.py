"""The opt-out signal as an act: it switches off what runs, once, and is no grant of anything."""

from dataclasses import replace

import pytest

from consent_service.consents.model import Act, Action, EventType, State
from consent_service.core.errors import InvalidRequestError
from tests.unit.acts import (
    DENIED,
    GRANTED,
    NOTICE,
    TERMS,
    at,
    changed,
    chosen,
    decided,
    decision,
    exceptions,
    opt_out,
    since,
    standing,
    values,
)

SIGNAL = Act(action=Action.SIGNAL, gpc=True)


def test_the_signal_denies_the_sales_that_were_granted() -> None:
    change = decided(SIGNAL, changed(Action.ACCEPT).state, minutes=1)
    assert change is not None
    assert change.type is EventType.SIGNAL
    assert change.decisions == {"marketing": DENIED}
    assert values(change.state)["analytics"] is GRANTED
    assert values(change.state)["marketing"] is DENIED
    assert change.documents == {}


def test_the_signal_is_recorded_once() -> None:
    after = decided(SIGNAL, changed(Action.ACCEPT).state, minutes=1)
    assert after is not None
    assert decided(SIGNAL, after.state, minutes=2) is None


@pytest.mark.parametrize("action", [Action.REJECT, Action.AGREE])
def test_where_no_sale_runs_the_signal_changes_nothing(action: Action) -> None:
    assert decided(SIGNAL, changed(action).state, minutes=1) is None


def test_the_signal_opts_out_of_what_runs_unasked() -> None:
    change = decided(SIGNAL, State(), terms=opt_out())
    assert change is not None
    assert change.decisions == {"marketing": DENIED}
    assert change.state.purposes["marketing"].until is None


def test_the_signal_does_not_undo_what_was_confirmed_against_it() -> None:
    grant = Act(action=Action.CHOOSE, decisions={"marketing": True}, gpc=True, override=True)
    confirmed = decided(grant)
    assert confirmed is not None
    assert confirmed.state.purposes["marketing"].override
    assert decided(SIGNAL, confirmed.state, minutes=1) is None


def test_only_what_the_signal_concerns_is_marked_as_confirmed_against_it() -> None:
    act = Act(action=Action.ACCEPT, gpc=True, override=True)
    change = decided(act)
    assert change is not None
    marked = {key for key, each in change.state.purposes.items() if each.override}
    assert marked == {"marketing"}
    plain = decided(Act(action=Action.ACCEPT, override=True))
    assert plain is not None
    assert not any(each.override for each in plain.state.purposes.values())


def test_a_denial_is_not_marked_as_confirmed() -> None:
    change = decided(Act(action=Action.REJECT, gpc=True, override=True))
    assert change is not None
    assert not any(each.override for each in change.state.purposes.values())


def test_the_signal_denies_a_service_that_was_allowed_beside_its_purpose() -> None:
    state = decided(chosen(services={"adverra": True, "tally": True}))
    assert state is not None
    change = decided(SIGNAL, state.state, minutes=1)
    assert change is not None
    assert change.decisions == {}
    assert change.services == {"adverra": DENIED}
    assert exceptions(change.state) == {"tally": GRANTED, "adverra": DENIED}
    assert decided(SIGNAL, change.state, minutes=2) is None


def test_a_service_that_falls_with_its_purpose_is_not_listed() -> None:
    accepted = changed(Action.ACCEPT).state
    state = replace(accepted, services={"adverra": decision(GRANTED)})
    change = decided(SIGNAL, state, minutes=1)
    assert change is not None
    assert change.services == {}
    assert not standing(change.state, minutes=1).services["adverra"].allowed


def test_a_signal_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        decided(Act(action=Action.SIGNAL))
    assert [each.field for each in refusal.value.fields] == ["signals.gpc"]


def test_a_refusal_takes_back_what_a_later_notice_has_added() -> None:
    state = State(
        purposes={"analytics": decision(GRANTED), "added": decision(GRANTED, notice=NOTICE + 1)},
        services={"new": decision(GRANTED, notice=NOTICE + 1)},
    )
    change = decided(Act(action=Action.REJECT), state, minutes=1)
    assert change is not None
    assert change.decisions["added"] is DENIED
    assert GRANTED not in values(change.state).values()
    assert exceptions(change.state) == {}


def test_a_grant_under_an_older_notice_does_not_take_the_place_of_a_later_one() -> None:
    state = State(purposes={"analytics": decision(GRANTED, notice=NOTICE + 1, until=100)})
    change = decided(Act(action=Action.ACCEPT), state, minutes=1)
    assert change is not None
    assert "analytics" not in change.decisions
    assert change.state.purposes["analytics"] == state.purposes["analytics"]
    expired = decided(Act(action=Action.ACCEPT), state, minutes=100)
    assert expired is not None
    assert expired.state.purposes["analytics"].notice == NOTICE
    for_good = State(purposes={"analytics": decision(GRANTED, notice=NOTICE + 1)})
    kept = decided(Act(action=Action.ACCEPT), for_good, minutes=1)
    assert kept is not None
    assert "analytics" not in kept.decisions


def test_a_later_yes_counts_after_a_no_under_a_later_notice() -> None:
    state = State(purposes={"analytics": decision(DENIED, notice=NOTICE + 1)})
    change = decided(Act(action=Action.ACCEPT), state, minutes=1)
    assert change is not None
    assert change.state.purposes["analytics"].value is GRANTED


def test_withdrawing_ends_what_runs_although_it_needed_no_consent_once() -> None:
    state = changed(Action.CHOOSE, terms=opt_out(), decisions={"marketing": True}).state
    change = decided(Act(action=Action.WITHDRAW), state, terms=opt_out(), minutes=1)
    assert change is not None
    assert change.decisions == {"analytics": DENIED, "marketing": DENIED}


def test_what_changed_its_meaning_and_runs_unasked_is_withdrawn_too() -> None:
    state = changed(Action.CHOOSE, terms=opt_out(), decisions={"marketing": True}).state
    terms = since(NOTICE + 1, "analytics", "marketing", terms=opt_out())
    change = decided(Act(action=Action.WITHDRAW), state, terms=terms, minutes=1)
    assert change is not None
    assert set(change.decisions) == {"analytics", "marketing"}


def test_a_kept_grant_holds_from_when_it_was_made() -> None:
    made = at(-60)
    change = decided(Act(action=Action.ACCEPT, made_at=made), minutes=0)
    assert change is not None
    granted = change.state.purposes["analytics"]
    assert granted.at == at(0)
    assert granted.until is not None
    assert (granted.until - made).days == TERMS.granted_days


def test_a_grant_that_had_expired_before_it_arrived_is_void() -> None:
    late = Act(action=Action.ACCEPT, made_at=at(-TERMS.granted_days * 24 * 60))
    assert decided(late) is None
    just = Act(action=Action.ACCEPT, made_at=at(-TERMS.granted_days * 24 * 60 + 1))
    assert decided(just) is not None


def test_a_device_that_is_ahead_gains_no_time() -> None:
    change = decided(Act(action=Action.ACCEPT, made_at=at(60)))
    assert change is not None
    until = change.state.purposes["analytics"].until
    assert until is not None
    assert (until - at(0)).days == TERMS.granted_days

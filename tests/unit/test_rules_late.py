"""Late answers: a grant never overtakes a later word about the same thing; a denial always acts."""

from dataclasses import replace

import pytest

from consent_service.consents.model import Act, Action, State
from tests.unit.acts import (
    DENIED,
    GRANTED,
    TERMS,
    at,
    changed,
    decided,
    document,
    exceptions,
    purpose,
    values,
)

ACCEPT, REJECT, CHOOSE, AGREE = Action.ACCEPT, Action.REJECT, Action.CHOOSE, Action.AGREE


def late(action: Action, state: State, *, made: float, minutes: float, **members: object) -> State:
    """Return the state after a kept answer that was made before it was received."""
    act = Act(action=action, made_at=at(made), **members)  # type: ignore[arg-type]
    change = decided(act, state, minutes=minutes)
    return change.state if change else state


def test_a_late_grant_is_void_after_a_later_refusal() -> None:
    refused = changed(REJECT, minutes=10).state
    assert values(late(ACCEPT, refused, made=5, minutes=20)) == values(refused)


def test_a_late_grant_counts_where_nothing_came_after_it() -> None:
    refused = changed(REJECT, minutes=10).state
    assert values(late(ACCEPT, refused, made=15, minutes=20))["analytics"] is GRANTED


def test_a_late_grant_is_void_only_where_something_came_after_it() -> None:
    before = changed(CHOOSE, minutes=10, decisions={"analytics": False}).state
    after = late(ACCEPT, before, made=5, minutes=20)
    assert values(after)["analytics"] is DENIED
    assert values(after)["marketing"] is GRANTED


def test_a_late_grant_changes_nothing_where_all_of_it_is_void() -> None:
    refused = changed(CHOOSE, minutes=10, decisions={"analytics": False}).state
    act = Act(action=CHOOSE, decisions={"analytics": True}, made_at=at(5))
    assert decided(act, refused, minutes=20) is None


def test_a_late_acceptance_changes_nothing_where_all_that_is_asked_is_void() -> None:
    refused = changed(REJECT, minutes=10).state
    assert decided(Act(action=ACCEPT, made_at=at(5)), refused, minutes=20) is None


def test_a_late_denial_always_acts() -> None:
    granted = changed(ACCEPT, minutes=10).state
    after = late(REJECT, granted, made=5, minutes=20)
    assert GRANTED not in values(after).values()


@pytest.mark.parametrize("first", [ACCEPT, REJECT])
def test_of_two_at_the_same_moment_the_refusal_wins(first: Action) -> None:
    second = REJECT if first is ACCEPT else ACCEPT
    before = changed(first, minutes=10).state
    change = decided(Act(action=second), before, minutes=10)
    after = change.state if change else before
    assert values(after)["analytics"] is DENIED
    assert values(after)["marketing"] is DENIED


def test_a_late_grant_of_a_service_is_void_after_a_later_word_about_it() -> None:
    before = changed(CHOOSE, decisions={"analytics": True}).state
    before = changed(CHOOSE, before, minutes=10, services={"tally": False}).state
    after = late(CHOOSE, before, made=5, minutes=20, services={"tally": True})
    assert exceptions(after) == {"tally": DENIED}


def test_a_late_grant_of_a_service_is_void_after_a_later_word_about_its_purpose() -> None:
    before = changed(REJECT, minutes=10).state
    after = late(CHOOSE, before, made=5, minutes=20, services={"tally": True})
    assert exceptions(after) == {}


def test_a_late_grant_of_a_purpose_does_not_undo_a_later_denial_of_its_service() -> None:
    before = changed(ACCEPT).state
    before = changed(CHOOSE, before, minutes=10, services={"tally": False}).state
    after = late(ACCEPT, before, made=5, minutes=20)
    assert exceptions(after) == {"tally": DENIED}


def test_a_grant_at_the_same_moment_does_not_undo_the_denial_of_a_service() -> None:
    before = changed(ACCEPT).state
    before = changed(CHOOSE, before, minutes=10, services={"tally": False}).state
    change = decided(Act(action=ACCEPT), before, minutes=10)
    assert exceptions(change.state if change else before) == {"tally": DENIED}


def test_a_late_agreement_is_void_after_a_later_withdrawal() -> None:
    agreed = changed(AGREE).state
    ended = changed(Action.WITHDRAW, agreed, minutes=10).state
    assert late(AGREE, ended, made=5, minutes=20).agreed() == {}
    assert late(AGREE, ended, made=15, minutes=20).agreed().keys() == {"terms"}


def test_a_late_agreement_to_an_older_version_leaves_the_newer_one() -> None:
    newer = replace(TERMS, documents={"terms": document("terms", "agree", 2)})
    agreed = changed(AGREE, terms=newer, minutes=10).state
    after = late(AGREE, agreed, made=5, minutes=20)
    assert after.agreed()["terms"].n == 2


def test_a_late_grant_is_void_after_everything_was_refused_even_what_was_not_there() -> None:
    added = replace(TERMS, purposes={**TERMS.purposes, "added": purpose("added")})
    accepted = changed(ACCEPT).state
    for action in (Action.WITHDRAW, REJECT):
        refused = changed(action, accepted, minutes=10).state
        assert refused.refused_at == at(10)
        before = changed(
            CHOOSE, refused, terms=added, minutes=20, made=11, decisions={"added": True}
        )
        assert values(before.state)["added"] is GRANTED
        late_act = Act(action=CHOOSE, decisions={"added": True}, made_at=at(9))
        assert decided(late_act, refused, terms=added, minutes=20) is None


def test_what_is_refused_in_part_says_nothing_about_the_rest() -> None:
    accepted = changed(ACCEPT).state
    part = changed(Action.WITHDRAW, accepted, minutes=10, decisions={"analytics": False}).state
    assert part.refused_at is None
    assert State.load(part.dump()) == part
    whole = changed(Action.WITHDRAW, part, minutes=11).state
    assert State.load(whole.dump()) == whole


def test_who_is_new_and_withdraws_purposes_and_documents_refuses_the_purposes() -> None:
    act = Act(action=Action.WITHDRAW, decisions={"analytics": False}, documents={"terms": 1})
    change = decided(act)
    assert change is not None
    assert values(change.state) == {"analytics": DENIED}
    assert decided(Act(action=Action.WITHDRAW, documents={"terms": 1})) is None

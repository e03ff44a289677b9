"""Several visitors of one person: the newest word wins, and a no holds until a later yes."""

from consent_service.consents.model import Action, State
from consent_service.consents.rules.subjects import combined
from tests.unit.acts import DENIED, GRANTED, NOT_SUBJECT, TERMS, at, changed, decision


def of(**purposes: object) -> State:
    return State(purposes=purposes)  # type: ignore[arg-type]


def together(*states: State) -> State:
    return combined(states, TERMS)


def test_nobody_has_decided_anything() -> None:
    assert together() == State()


def test_the_newest_decision_about_each_purpose_wins() -> None:
    phone = of(analytics=decision(GRANTED, 1), marketing=decision(DENIED, 9))
    desk = of(analytics=decision(DENIED, 5), marketing=decision(GRANTED, 2))
    for states in ((phone, desk), (desk, phone)):
        found = together(*states).purposes
        assert found["analytics"] == desk.purposes["analytics"]
        assert found["marketing"] == phone.purposes["marketing"]


def test_a_no_on_one_device_holds_where_the_other_says_nothing() -> None:
    assert (
        together(of(marketing=decision(DENIED, 1)), State()).purposes["marketing"].value is DENIED
    )


def test_a_later_yes_on_another_device_ends_a_no() -> None:
    states = of(analytics=decision(DENIED, 1)), of(analytics=decision(GRANTED, 2))
    assert together(*states).purposes["analytics"].value is GRANTED


def test_of_two_of_the_same_moment_the_no_wins() -> None:
    states = of(analytics=decision(GRANTED, 1)), of(analytics=decision(DENIED, 1))
    for pair in (states, states[::-1]):
        assert together(*pair).purposes["analytics"].value is DENIED


def test_a_no_that_expired_does_not_bring_an_older_yes_back() -> None:
    states = of(analytics=decision(GRANTED, 1)), of(analytics=decision(DENIED, 2, until=3))
    assert together(*states).purposes["analytics"].value is DENIED


def test_what_needed_no_consent_is_no_answer_to_a_no() -> None:
    states = of(analytics=decision(DENIED, 1)), of(analytics=decision(NOT_SUBJECT, 2))
    for pair in (states, states[::-1]):
        assert together(*pair).purposes["analytics"].value is DENIED


def test_a_service_keeps_its_exception_on_the_device_that_made_it() -> None:
    state = State(
        purposes={"analytics": decision(DENIED, 1)}, services={"tally": decision(GRANTED, 1)}
    )
    assert together(state) == state
    assert together(state, State()).services == state.services


def test_a_later_word_about_the_purpose_elsewhere_ends_an_exception() -> None:
    phone = State(services={"tally": decision(GRANTED, 1)})
    for minute, kept in ((0, True), (1, False), (2, False)):
        desk = of(analytics=decision(DENIED, minute))
        assert ("tally" in together(phone, desk).services) is kept


def test_a_service_that_was_refused_stays_so_until_it_is_allowed() -> None:
    phone = State(services={"tally": decision(DENIED, 1)})
    desk = of(analytics=decision(GRANTED, 2))
    assert together(phone, desk).services["tally"].value is DENIED
    later = State(services={"tally": decision(GRANTED, 3)})
    assert together(phone, desk, later).services["tally"].value is GRANTED


def test_the_newest_agreement_to_a_document_wins_and_of_two_at_once_its_end() -> None:
    agreed = changed(Action.AGREE, minutes=1).state
    ended = changed(Action.WITHDRAW, agreed, minutes=5).state
    again = changed(Action.AGREE, ended, minutes=9).state
    for states in ((agreed, ended), (ended, agreed)):
        assert together(*states).documents["terms"].ended
    assert together(again, ended).documents["terms"].at == at(9)
    at_once = changed(Action.AGREE, minutes=5).state
    for states in ((at_once, ended), (ended, at_once)):
        assert together(*states).documents["terms"].ended

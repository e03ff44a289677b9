"""What has expired is recorded once, with the value it had."""

from consent_service.consents.model import Action, EventType, State
from consent_service.consents.rules.lapse import lapse, next_expiry
from tests.unit.acts import DENIED, GRANTED, NOT_SUBJECT, at, changed, decision


def test_what_expired_is_listed_with_its_value_and_kept_as_ended() -> None:
    state = State(
        purposes={
            "analytics": decision(GRANTED, until=10),
            "marketing": decision(DENIED, until=10),
            "other": decision(GRANTED, until=11),
            "necessary": decision(NOT_SUBJECT),
        },
        services={"tally": decision(DENIED, until=5), "heatmap": decision(GRANTED, until=11)},
    )
    change = lapse(state, at(10))
    assert change is not None
    assert change.type is EventType.EXPIRED
    assert change.decisions == {"analytics": GRANTED, "marketing": DENIED}
    assert change.services == {"tally": DENIED}
    assert change.documents == {}
    assert {key for key, each in change.state.purposes.items() if each.ended} == {
        "analytics",
        "marketing",
    }
    assert change.state.services["tally"].ended
    assert not change.state.services["heatmap"].ended
    assert change.state.purposes["analytics"].at == at(0)


def test_it_is_listed_once() -> None:
    state = State(purposes={"analytics": decision(GRANTED, until=10)})
    change = lapse(state, at(10))
    assert change is not None
    assert lapse(change.state, at(20)) is None
    assert next_expiry(change.state) is None


def test_a_service_alone_may_expire() -> None:
    state = State(services={"tally": decision(GRANTED, until=10)})
    change = lapse(state, at(10))
    assert change is not None
    assert change.decisions == {}


def test_nothing_ends_before_its_time() -> None:
    state = State(purposes={"analytics": decision(GRANTED, until=10)})
    assert lapse(state, at(9.999)) is None
    assert lapse(State(), at(9)) is None


def test_the_next_to_expire_is_the_earliest_of_all() -> None:
    state = State(
        purposes={
            "a": decision(GRANTED, until=30),
            "b": decision(GRANTED, until=5, ended=True),
            "c": decision(NOT_SUBJECT),
        },
        services={"s": decision(DENIED, until=20)},
    )
    assert next_expiry(state) == at(20)
    assert next_expiry(State()) is None


def test_documents_stay_as_they_are() -> None:
    state = changed(Action.AGREE, changed(Action.ACCEPT).state).state
    change = lapse(state, at(400 * 24 * 60))
    assert change is not None
    assert change.state.documents == state.documents

"""When an event is over, and when its time is past."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.consents.rules.keeping import (
    Kept,
    end_alone,
    ends,
    link_is_past,
    months_after,
    newest_past,
    proof_is_past,
)
from consent_service.sites.model import Retention

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def decided(value: Value, at: datetime, days: int | None = 100) -> Decision:
    return Decision(value=value, notice=1, at=at, until=at + days * DAY if days else None)


def agreed(at: datetime, *, ended: bool = False) -> Agreement:
    return Agreement(n=1, sha256="0" * 64, notice=1, at=at, ended=ended)


def event(name: str, day: int, state: State, **named: Mapping[str, Any]) -> Kept:
    return Kept(event_id=name, ts=START + day * DAY, named=named, state=state)


def granted(name: str, day: int, days: int | None = 100) -> Kept:
    at = START + day * DAY
    state = State(purposes={"analytics": decided(Value.GRANTED, at, days)})
    return event(name, day, state, decisions={"analytics": "granted"})


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2027, 12, 31), 2, (2028, 2, 29)),
        ((2026, 11, 23), 36, (2029, 11, 23)),
        ((2026, 12, 1), 1, (2027, 1, 1)),
        ((2026, 3, 31), -1, (2026, 2, 28)),
        ((2026, 1, 15), -12, (2025, 1, 15)),
    ],
)
def test_months_are_those_of_the_calendar(
    day: tuple[int, int, int], months: int, expected: tuple[int, int, int]
) -> None:
    moment = datetime(*day, 7, 30, tzinfo=UTC)
    assert months_after(moment, months) == datetime(*expected, 7, 30, tzinfo=UTC)


def test_a_decision_is_over_when_it_runs_out() -> None:
    only = granted("a", 0)
    assert ends([only]) == {"a": START + 100 * DAY}
    assert end_alone(only) == START + 100 * DAY


def test_a_decision_is_over_when_another_takes_its_place() -> None:
    assert ends([granted("a", 0), granted("b", 30)])["a"] == START + 30 * DAY
    assert ends([granted("a", 0), granted("b", 130)])["a"] == START + 100 * DAY


def test_an_event_stands_as_long_as_any_of_its_decisions() -> None:
    both = {name: decided(Value.GRANTED, START) for name in ("analytics", "marketing")}
    later = START + 30 * DAY
    first = event("a", 0, State(purposes=both), decisions=dict.fromkeys(both, "granted"))
    changed = State(purposes={**both, "marketing": decided(Value.DENIED, later)})
    second = event("b", 30, changed, decisions={"marketing": "denied"})
    assert ends([first, second]) == {"a": START + 100 * DAY, "b": later + 100 * DAY}


def test_what_has_no_end_stands_until_it_is_replaced() -> None:
    assert ends([granted("a", 0, None)]) == {"a": None}
    assert end_alone(granted("a", 0, None)) is None
    assert ends([granted("a", 0, None), granted("b", 30)])["a"] == START + 30 * DAY


def test_the_newest_event_stands_for_all_that_its_state_holds() -> None:
    objection = decided(Value.DENIED, START, None)
    first = event("a", 0, State(purposes={"sale": objection}), decisions={"sale": "denied"})
    later = START + DAY
    carried = State(purposes={"sale": objection, "analytics": decided(Value.GRANTED, later)})
    second = event("b", 1, carried, decisions={"analytics": "granted"})
    assert ends([first, second]) == {"a": None, "b": None}
    third = replace(second, event_id="c", ts=START + 2 * DAY)
    assert ends([first, second, third])["b"] == later + 100 * DAY


def test_a_service_counts_like_a_purpose() -> None:
    state = State(services={"youtube": decided(Value.DENIED, START, None)})
    first = event("a", 0, state, services={"youtube": "denied"})
    assert ends([first]) == {"a": None}
    assert ends([first, granted("b", 5)])["a"] == START + 5 * DAY


def test_an_agreement_stands_until_it_ends() -> None:
    first = event("a", 0, State(documents={"terms": agreed(START)}), documents={"terms": {}})
    assert ends([first]) == {"a": None}
    ended = State(documents={"terms": agreed(START, ended=True)})
    second = event("b", 9, ended, documents={"terms": {}})
    assert ends([first, second]) == {"a": START + 9 * DAY, "b": START + 9 * DAY}


def test_what_needs_no_consent_keeps_nothing() -> None:
    state = State(purposes={"necessary": decided(Value.NOT_SUBJECT, START, None)})
    assert ends([event("a", 0, state, decisions={"necessary": "not_subject"})]) == {"a": START}


def test_an_event_without_decisions_is_over_with_the_next() -> None:
    assert ends([event("a", 0, State()), granted("b", 7)])["a"] == START + 7 * DAY
    assert ends([event("a", 3, State())]) == {"a": START + 3 * DAY}


def test_nobody_s_first_event_goes_after_a_later_one() -> None:
    history = [granted("a", 0), granted("b", 20, None), granted("c", 40)]
    moments = [moment for moment in ends(history).values() if moment]
    assert moments == sorted(moments)
    assert len(moments) == 3


def test_proof_and_link_have_times_of_their_own() -> None:
    retention = Retention(proof_months=1, openings_days=10)
    for past, last in (
        (proof_is_past, datetime(2026, 2, 28, 12, tzinfo=UTC)),
        (link_is_past, START + 10 * DAY),
    ):
        assert past(START, retention, last)
        assert not past(START, retention, last - timedelta(milliseconds=1))
        assert not past(None, retention, last + 1000 * DAY)
    assert not link_is_past(START, Retention(proof_months=1), START + 1000 * DAY)


@pytest.mark.parametrize("openings_days", [None, 1, 29, 400])
@pytest.mark.parametrize("day", range(0, 90, 7))
def test_whatever_is_past_was_recorded_early_enough(openings_days: int | None, day: int) -> None:
    retention = Retention(proof_months=1, openings_days=openings_days)
    now, end = START + 60 * DAY, START + day * DAY
    if proof_is_past(end, retention, now) or link_is_past(end, retention, now):
        assert end <= newest_past(retention, now)

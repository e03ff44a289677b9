"""Time: one written form, one precision, no guesses about zones."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.clock import (
    SystemClock,
    epoch_milliseconds,
    epoch_seconds,
    format_time,
    parse_time,
    to_milliseconds,
)

MOMENTS = st.datetimes(
    min_value=datetime.fromisoformat("1900-01-01"),
    max_value=datetime.fromisoformat("2200-01-01"),
    timezones=st.just(UTC),
)


def test_a_time_is_written_in_24_characters_with_milliseconds() -> None:
    assert format_time(datetime(2026, 11, 23, 10, 0, tzinfo=UTC)) == "2026-11-23T10:00:00.000Z"


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    moment = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2025-12-31T22:30:00.000Z"


def test_milliseconds_are_cut_never_rounded_up() -> None:
    moment = datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    assert format_time(moment) == "2026-01-01T23:59:59.999Z"


@given(MOMENTS)
def test_what_is_written_is_read_back(moment: datetime) -> None:
    text = format_time(moment)
    assert len(text) == 24
    assert parse_time(text) == to_milliseconds(moment)


@given(MOMENTS, MOMENTS)
def test_written_times_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    assert (format_time(one) < format_time(other)) == (
        epoch_milliseconds(one) < epoch_milliseconds(other)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"),
        ("2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"),
        ("2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:00.123Z"),
        ("2026-11-23T11:30:00+01:30", "2026-11-23T10:00:00.000Z"),
        ("2026-11-23T05:00:00-05:00", "2026-11-23T10:00:00.000Z"),
    ],
)
def test_every_rfc_3339_time_is_read(text: str, expected: str) -> None:
    assert format_time(parse_time(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-11-23T10:00Z",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00.1234567890Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T10:00:00+0100",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00Z\n",
        "٢٠٢٦-11-23T10:00:00Z",
        "20261123T100000Z",
        "2026-W48-1T10:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_seconds_round_down_before_1970_too() -> None:
    assert epoch_seconds(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)) == -1
    assert epoch_seconds(datetime(1970, 1, 1, 0, 0, 1, 999_000, tzinfo=UTC)) == 1


def test_milliseconds_are_exact_where_floating_point_is_not() -> None:
    assert epoch_milliseconds(datetime(2026, 11, 23, 10, 0, 0, 1000, tzinfo=UTC)) % 1000 == 1
    assert epoch_milliseconds(datetime(1970, 1, 1, tzinfo=UTC)) == 0


def test_the_machines_clock_tells_whole_milliseconds_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0

"""Time as the service uses it: UTC, milliseconds, written `2026-11-23T10:00:00.000Z`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

_FORMAT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Clock(Protocol):
    """Tells the time; handed in, so that tests can move it."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC, whole milliseconds."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the machine's time in UTC, whole milliseconds."""
        return to_milliseconds(datetime.now(UTC))


def to_milliseconds(moment: datetime) -> datetime:
    """Return `moment` in UTC, cut to whole milliseconds."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_time(moment: datetime) -> str:
    """Return `moment` as `YYYY-MM-DDTHH:MM:SS.mmmZ`, 24 characters."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with its zone.

    Raises:
        ValueError: it is no such time.
    """
    if not _FORMAT.fullmatch(text):
        raise ValueError(f"not an RFC 3339 time with a zone: {text!r}")
    try:
        return to_milliseconds(datetime.fromisoformat(text))
    except OverflowError as error:
        raise ValueError(f"beyond the years that can be told in UTC: {text!r}") from error


def epoch_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return int(moment.timestamp() // 1)


def epoch_milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

"""How long what is on record is kept: months of the calendar, and when an event is over."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.sites.model import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An event of one visitor, as far as it matters how long it is kept.

    `named` are the members `decisions`, `services` and `documents` of its leaf.
    """

    event_id: str
    ts: datetime
    named: Mapping[str, Mapping[str, Any]]
    state: State


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day some months later (earlier where negative), or that month's last day."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def proof_is_past(end: datetime | None, retention: Retention, now: datetime) -> bool:
    """Tell whether the proof of an event that was over at `end` need no longer be kept."""
    return end is not None and months_after(end, retention.proof_months) <= now


def link_is_past(end: datetime | None, retention: Retention, now: datetime) -> bool:
    """Tell whether the link of such an event to its visitor need no longer be kept."""
    days = retention.openings_days
    return end is not None and days is not None and end + timedelta(days=days) <= now


def newest_past(retention: Retention, now: datetime) -> datetime:
    """Return a moment after which no event was recorded that is past its time in any way."""
    proofs = months_after(now, -retention.proof_months) + timedelta(days=3)
    if retention.openings_days is None:
        return proofs
    return max(proofs, now - timedelta(days=retention.openings_days))


def ends(history: Sequence[Kept]) -> dict[str, datetime | None]:
    """Return when each event of a visitor is over, by its id; None where it still stands.

    `history` is whole, oldest first. An event is over when none of its decisions and agreements
    holds any more: each has run out, or a later event has put another in its place. The newest
    event carries all that holds, so it is over last.
    """
    found = {}
    for position, event in enumerate(history):
        later = history[position + 1 :]
        named = _all_named(event.state) if not later else _named(event)
        found[event.event_id] = _end(event, named, later)
    return found


def end_alone(event: Kept) -> datetime | None:
    """Return when the decisions of an event ran out that nothing links to others any more."""
    return _end(event, _named(event), ())


def _end(event: Kept, named: Sequence[tuple[str, str]], later: Sequence[Kept]) -> datetime | None:
    last = event.ts if named or not later else later[0].ts
    for group, key in named:
        end = _end_of_part(group, key, event, later)
        if end is None:
            return None
        last = max(last, end)
    return last


def _end_of_part(group: str, key: str, event: Kept, later: Sequence[Kept]) -> datetime | None:
    """Return when a decision or an agreement ran out or was replaced, whichever came first."""
    part = _part(event.state, group, key)
    if part is None or _decides_nothing(part):
        return event.ts
    until = part.until if isinstance(part, Decision) else None
    replaced = next(_replacements(part, group, key, later), None)
    return min((each for each in (until, replaced) if each is not None), default=None)


def _decides_nothing(part: Decision | Agreement) -> bool:
    """Tell whether nothing hangs on a part: an agreement that ended, or what needs no consent."""
    if isinstance(part, Agreement):
        return part.ended
    return part.value is Value.NOT_SUBJECT


def _replacements(
    part: Decision | Agreement, group: str, key: str, later: Sequence[Kept]
) -> Iterator[datetime]:
    for event in later:
        now = _part(event.state, group, key)
        if now is None or now.at != part.at or (isinstance(now, Agreement) and now.ended):
            yield event.ts


def _part(state: State, group: str, key: str) -> Decision | Agreement | None:
    parts: Mapping[str, Mapping[str, Decision | Agreement]] = {
        "decisions": state.purposes,
        "services": state.services,
        "documents": state.documents,
    }
    return parts[group].get(key)


def _named(event: Kept) -> list[tuple[str, str]]:
    return [(group, key) for group, keys in event.named.items() for key in keys]


def _all_named(state: State) -> list[tuple[str, str]]:
    groups = (
        ("decisions", state.purposes),
        ("services", state.services),
        ("documents", state.documents),
    )
    return [(group, key) for group, parts in groups for key in parts]

"""What an export is of, and the two formats that are written line by line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent_service.core.commitments import opened
from consent_service.core.errors import UnavailableError
from consent_service.core.notes import encode_base64
from consent_service.evidence.derived import table

DERIVED = {
    "csv": "events.csv",
    "27560": "receipts27560.jsonl",
    "kantara": "kantara.jsonl",
}
"""What may be added to a bundle, and the file that it is."""


def _columns() -> tuple[str, ...]:
    place = table.COLUMNS.index("visitor") + 1
    return (*table.COLUMNS[:place], "visitor_seq", "reference", *table.COLUMNS[place:])


COLUMNS = _columns()


class Format(StrEnum):
    """How events are written."""

    CSV = "csv"
    JSONL = "jsonl"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events: times are inclusive from, exclusive to."""

    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None
    visitor: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An event with its place in the log; `leaf` is None once its text is gone."""

    index: int
    event_id: str
    leaf_hash: bytes
    leaf: str | None
    visitor: str | None
    visitor_seq: int
    reference: str | None
    openings: str | None


class OvertakenError(UnavailableError):
    """While an export ran, something that it still had to read was erased or hidden."""

    title = "The export was overtaken by an erasure"


def header(form: Format) -> str:
    """Return what stands before the first event."""
    return table.csv_line(COLUMNS) if form is Format.CSV else ""


def lines(form: Format, events: Sequence[Exported]) -> str:
    """Return events as lines of a format."""
    write = _csv_event if form is Format.CSV else _json_event
    return "".join(write(event) for event in events)


def _json_event(event: Exported) -> str:
    """The leaf stands verbatim under `event`, so its hash can be taken from the line."""
    around = {
        "index": event.index,
        "leaf_hash": event.leaf_hash.hex(),
        "visitor": event.visitor,
        "visitor_seq": event.visitor_seq,
        "reference": event.reference,
        "openings": _openings(event),
    }
    leaf = event.leaf or json.dumps({"$redacted": encode_base64(event.leaf_hash)})
    return f'{json.dumps(around, ensure_ascii=False)[:-1]}, "event": {leaf}}}\n'


def _csv_event(event: Exported) -> str:
    recorded = (event.index, event.leaf or event.leaf_hash, opened(_openings(event)))
    cells: dict[str, Any] = {
        **table.cells_of(recorded),
        "id": event.event_id,
        "visitor": event.visitor,
        "visitor_seq": event.visitor_seq,
        "reference": event.reference,
    }
    return table.csv_line([cells.get(column) for column in COLUMNS])


def _openings(event: Exported) -> list[str]:
    return list(json.loads(event.openings)) if event.openings else []

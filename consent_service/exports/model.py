"""The two formats, line by line."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent_service.core.commitments import opened

COLUMNS = (
    "index",
    "id",
    "ts",
    "type",
    "visitor",
    "visitor_seq",
    "reference",
    "decisions",
    "services",
    "documents",
    "notice",
    "notice_sha256",
    "variant",
    "locale",
    "method",
    "layer",
    "profile",
    "why",
    "signals",
    "banner",
    "claimed_at",
    "leaf_hash",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Format(StrEnum):
    """How events are written."""

    CSV = "csv"
    JSONL = "jsonl"


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
    """An event with its place in the log."""

    index: int
    event_id: str
    leaf_hash: bytes
    leaf: str
    visitor: str | None
    visitor_seq: int
    reference: str | None
    openings: str | None


def header(form: Format) -> str:
    """Return what stands before the first event."""
    return _csv_line(COLUMNS) if form is Format.CSV else ""


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
        "openings": json.loads(event.openings) if event.openings else [],
    }
    return f'{json.dumps(around, ensure_ascii=False)[:-1]}, "event": {event.leaf}}}\n'


def _csv_event(event: Exported) -> str:
    leaf: dict[str, Any] = json.loads(event.leaf)
    personal = opened(json.loads(event.openings)) if event.openings else {}
    notice = leaf["notice"]
    values = {
        "index": event.index,
        "id": leaf["id"],
        "ts": leaf["ts"],
        "type": leaf["type"],
        "visitor": event.visitor,
        "visitor_seq": event.visitor_seq,
        "reference": event.reference,
        "decisions": _pairs(leaf.get("decisions", {})),
        "services": _pairs(leaf.get("services", {})),
        "documents": ";".join(
            f"{kind}@{each['n']}:{each['sha256']}"
            for kind, each in leaf.get("documents", {}).items()
        ),
        "notice": notice["n"],
        "notice_sha256": notice["sha256"],
        "variant": notice.get("variant"),
        "locale": leaf.get("locale"),
        "method": leaf.get("method"),
        "layer": leaf.get("layer"),
        "profile": leaf["profile"],
        "why": leaf["why"],
        "signals": _pairs({key: str(on).lower() for key, on in leaf.get("signals", {}).items()}),
        "banner": leaf.get("banner"),
        "claimed_at": personal.get("claimed_at"),
        "leaf_hash": event.leaf_hash.hex(),
    }
    return _csv_line([_cell(values[column]) for column in COLUMNS])


def _pairs(values: dict[str, str]) -> str:
    return ";".join(f"{key}={value}" for key, value in values.items())


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv_line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()

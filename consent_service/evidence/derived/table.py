"""`events.csv`: one row an event, safe to open in a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from consent_service.core.merkle import leaf_hash
from consent_service.evidence.derived.leaves import Lookup, Recorded, is_event

COLUMNS = (
    "index",
    "id",
    "ts",
    "type",
    "visitor",
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
    "erased",
)
REDACTED = "leaf"
"""What `erased` says of a leaf whose text is gone."""

# Spreadsheets take full-width signs for formulas too.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_COPIED = ("id", "ts", "type", "locale", "method", "layer", "profile", "why", "banner")


def make(leaves: Iterable[Recorded], _documents: Lookup) -> Iterator[bytes]:
    """Yield the file, a row at a time."""
    yield csv_line(COLUMNS).encode()
    for recorded in leaves:
        if cells := cells_of(recorded):
            yield csv_line([cells.get(column) for column in COLUMNS]).encode()


def cells_of(recorded: Recorded) -> dict[str, Any]:
    """Return the cells of an event by column; none for a control leaf.

    `erased` names the personal fields whose openings are not there.
    """
    index, text, openings = recorded
    if isinstance(text, bytes):
        return {"index": index, "leaf_hash": text.hex(), "erased": REDACTED}
    leaf = json.loads(text)
    if not is_event(leaf):
        return {}
    notice = leaf.get("notice", {})
    return {column: leaf.get(column) for column in _COPIED} | {
        "index": index,
        "visitor": openings.get("visitor"),
        "decisions": _pairs(leaf.get("decisions", {})),
        "services": _pairs(leaf.get("services", {})),
        "documents": ";".join(
            f"{kind}@{each['n']}:{each['sha256']}"
            for kind, each in leaf.get("documents", {}).items()
        ),
        "notice": notice.get("n"),
        "notice_sha256": notice.get("sha256"),
        "variant": notice.get("variant"),
        "signals": _pairs({key: _signal(value) for key, value in leaf.get("signals", {}).items()}),
        "claimed_at": openings.get("claimed_at"),
        "leaf_hash": leaf_hash(text.encode()).hex(),
        "erased": ";".join(field for field in leaf.get("priv", {}) if field not in openings),
    }


def csv_line(cells: Sequence[object]) -> str:
    """Return a line of CSV (RFC 4180), in which no cell is a formula."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_cell(value) for value in cells])
    return buffer.getvalue()


def _pairs(values: Mapping[str, str]) -> str:
    return ";".join(f"{key}={value}" for key, value in values.items())


def _signal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

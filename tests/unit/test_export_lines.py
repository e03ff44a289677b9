"""Exported lines: leaves verbatim, and no cell that a spreadsheet would run."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.canonical import canonical_json
from consent_service.core.commitments import commit
from consent_service.core.ids import Ids
from consent_service.core.merkle import leaf_hash
from consent_service.exports.model import COLUMNS, Exported, Format, header, lines
from tests.support.clock import FakeClock

FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
BODY = {
    "v": 1,
    "log": "log-1/shop",
    "id": "018bcfe5-6800-7000-8000-000000000001",
    "type": "consent.given",
    "ts": "2026-11-23T10:00:00.000Z",
    "decisions": {"analytics": "granted", "marketing": "denied"},
    "documents": {"terms": {"n": 2, "sha256": "ab" * 32}},
    "notice": {"n": 3, "sha256": "cd" * 32, "variant": "ef" * 32},
    "locale": "de",
    "method": "banner",
    "layer": 1,
    "profile": "eu-opt-in",
    "why": "site:only",
    "signals": {"gpc": False},
    "priv": {},
}


def exported(**changes: object) -> Exported:
    leaf = canonical_json({**BODY, **changes})
    _, openings = commit(
        {"visitor": "somebody", "claimed_at": "2026-11-23T09:00:00.000Z"}, Ids(FakeClock())
    )
    return Exported(
        index=7,
        event_id=str(BODY["id"]),
        leaf_hash=leaf_hash(leaf.encode()),
        leaf=leaf,
        visitor="somebody",
        visitor_seq=2,
        reference="0123456789AB",
        openings=json.dumps(openings),
    )


def rows(*events: Exported) -> list[dict[str, str]]:
    text = header(Format.CSV) + lines(Format.CSV, events)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_csv_file_begins_with_its_columns() -> None:
    assert header(Format.CSV) == ",".join(COLUMNS) + "\r\n"
    assert header(Format.JSONL) == ""


def test_a_csv_row_tells_the_event() -> None:
    (row,) = rows(exported())
    assert row == {
        "index": "7",
        "id": BODY["id"],
        "ts": BODY["ts"],
        "type": "consent.given",
        "visitor": "somebody",
        "visitor_seq": "2",
        "reference": "0123456789AB",
        "decisions": "analytics=granted;marketing=denied",
        "services": "",
        "documents": f"terms@2:{'ab' * 32}",
        "notice": "3",
        "notice_sha256": "cd" * 32,
        "variant": "ef" * 32,
        "locale": "de",
        "method": "banner",
        "layer": "1",
        "profile": "eu-opt-in",
        "why": "site:only",
        "signals": "gpc=false",
        "banner": "",
        "claimed_at": "2026-11-23T09:00:00.000Z",
        "leaf_hash": exported().leaf_hash.hex(),
        "erased": "",
    }


def test_an_erased_event_keeps_its_row_without_what_was_personal() -> None:
    erased = replace(exported(), visitor=None, reference=None, openings=None)
    (row,) = rows(erased)
    assert (row["visitor"], row["reference"], row["claimed_at"]) == ("", "", "")
    assert row["decisions"] == "analytics=granted;marketing=denied"


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_cell_begins_like_a_formula(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    (row,) = rows(exported(why=text, locale=text, profile=text))
    assert [row["why"], row["locale"], row["profile"]] == [f"'{text}"] * 3


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_stays_in_its_cell(text: str) -> None:
    (row,) = rows(exported(why=text))
    assert row["why"].removeprefix("'" if text.startswith(tuple(FORMULA_STARTS)) else "") == text
    assert not row["why"].startswith(tuple(FORMULA_STARTS))
    assert None not in row


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_json_line_is_one_line_with_the_leaf_verbatim(text: str) -> None:
    event = exported(why=text)
    written = lines(Format.JSONL, [event])
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert f'"event": {event.leaf}}}' in written
    parsed = json.loads(written)
    assert parsed["event"]["why"] == text
    assert leaf_hash(canonical_json(parsed["event"]).encode()).hex() == parsed["leaf_hash"]


def test_a_json_line_names_place_and_visitor() -> None:
    parsed = json.loads(lines(Format.JSONL, [exported()]))
    assert parsed["index"] == 7
    assert parsed["visitor"] == "somebody"
    assert parsed["visitor_seq"] == 2
    assert parsed["reference"] == "0123456789AB"
    assert len(parsed["openings"]) == 2


def test_events_stay_in_their_order() -> None:
    events = [replace(exported(), index=index) for index in (3, 1, 2)]
    written = lines(Format.JSONL, events).splitlines()
    assert [json.loads(line)["index"] for line in written] == [3, 1, 2]

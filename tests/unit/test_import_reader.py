"""Reading older consents: each line is a record, or is named with what is wrong with it."""

import io

import pytest

from consent_service.core.errors import InvalidRequestError
from consent_service.imports.model import Format, Record, Wrong
from consent_service.imports.reader import LONGEST_LINE, read_records

HEADER = "id,at,decisions\n"
GOOD = "1,2026-09-01T12:00:00Z,analytics=granted;marketing=denied\n"


def csv(content: str | bytes) -> list[Record | Wrong]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(read_records(io.BytesIO(data), Format.CSV))


def jsonl(content: str | bytes) -> list[Record | Wrong]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(read_records(io.BytesIO(data), Format.JSONL))


def records(found: list[Record | Wrong]) -> list[Record]:
    assert all(isinstance(each, Record) for each in found), found
    return [each for each in found if isinstance(each, Record)]


def wrong(found: list[Record | Wrong]) -> list[tuple[int, str]]:
    """Return `(line, field: message)` of what is no record."""
    return [
        (each.line, "; ".join(f"{p.field}: {p.message}" for p in each.problems))
        for each in found
        if isinstance(each, Wrong)
    ]


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_file_is_read_with_any_line_ends_and_mark(before: str, end: str) -> None:
    text = (
        before
        + "id,at,decisions,documents,notice,locale,subject\n"
        + (
            "a,2026-09-01T12:00:00+02:00,analytics=granted;marketing=denied,terms@2,3,de,u1\n"
            "b,2026-09-02T12:00:00Z,,terms@1,,,"
        )
    )
    first, second = records(csv(text.replace("\n", end)))
    assert (first.line, first.id, first.at.isoformat()) == (2, "a", "2026-09-01T10:00:00+00:00")
    assert dict(first.decisions) == {"analytics": True, "marketing": False}
    assert dict(first.documents) == {"terms": 2}
    assert (first.notice, first.locale, first.subject) == (3, "de", "u1")
    assert (second.line, second.notice, second.locale, second.subject) == (3, None, None, None)


def test_quotes_may_hold_commas_and_line_ends() -> None:
    rows = records(csv(HEADER + '"a,\nb",2026-09-01T12:00:00Z,analytics=granted\n' + GOOD))
    assert [(each.id, each.line) for each in rows] == [("a,\nb", 3), ("1", 4)]


def test_json_lines_are_read_and_empty_ones_left_out() -> None:
    line = '{"id": "1", "at": "2026-09-01T12:00:00Z", "decisions": {"analytics": "granted"}}'
    assert [each.line for each in records(jsonl(f"\ufeff{line}\r\n\n  \n{line}"))] == [1, 4]


def test_one_wrong_line_costs_no_other() -> None:
    rows = [
        "2,2026-09-01T12:00:00,analytics=granted",
        "3,2026-09-01T12:00:00Z,analytics",
        "4,2026-09-01T12:00:00Z,analytics=granted;analytics=denied",
        "5,2026-09-01T12:00:00Z,analytics=perhaps",
        "6,2026-09-01T12:00:00Z,ANALYTICS=granted",
        "7,2026-09-01T12:00:00Z",
        "8,2026-09-01T12:00:00Z,analytics=granted,9",
        "9,2026-09-01T12:00:00Z,",
        ",2026-09-01T12:00:00Z,analytics=granted",
        '10,2026-09-01T12:00:00Z,"ana"lytics',
        "x\x00y,2026-09-01T12:00:00Z,analytics",
    ]
    found = csv(HEADER + GOOD + "\n".join(rows) + "\n" + GOOD)
    assert [each.line for each in found if isinstance(each, Record)] == [2, 14]
    told = dict(wrong(found))
    for line, part in (
        (3, "at"),
        (4, "key=value"),
        (5, "twice"),
        (6, "decisions.analytics: must be granted or denied"),
        (7, "decisions.ANALYTICS: must be a key"),
        (8, "2 cells under 3 columns"),
        (9, "4 cells under 3 columns"),
        (10, "name at least one"),
        (11, "id"),
        (12, "is no CSV"),
        (13, ""),
    ):
        assert part in told[line], told[line]


@pytest.mark.parametrize("number", ["1.5", "one", "1_0", "+1", "-1", "٣", "0", "9" * 5000, "1e2"])
def test_a_number_is_written_in_digits(number: str) -> None:
    header = "id,at,documents,notice\n"
    (by_notice,) = csv(f"{header}1,2026-09-01T12:00:00Z,terms@1,{number}")
    (by_version,) = csv(f"{header}1,2026-09-01T12:00:00Z,terms@{number},1")
    assert isinstance(by_notice, Wrong)
    assert isinstance(by_version, Wrong)


@pytest.mark.parametrize(
    "line",
    [
        "7",
        "[]",
        "null",
        "{",
        '{"id": 1}',
        '{"id": "1", "id": "2"}',
        '{"id": "1", "at": "2026-09-01T12:00:00Z", "decisions": {"analytics": true}}',
        '{"id": "1", "at": "2026-09-01T12:00:00Z", "decisions": {"analytics": NaN}}',
        '{"id": "1", "at": "2026-09-01T12:00:00Z", "decisions": {}}',
        '{"id": "\\ud800", "at": "2026-09-01T12:00:00Z", "documents": {"terms": 1}}',
        '{"id": "1", "at": "0001-01-01T00:00:00+14:00", "documents": {"terms": 1}}',
        '{"id": "1", "at": "2026-09-01T12:00:00Z", "documents": {"terms": "1"}}',
        '{"id": "1", "at": "2026-09-01T12:00:00Z", "documents": {"terms": 1}, "name": "x"}',
        '{"id": "' + "x" * 201 + '", "at": "2026-09-01T12:00:00Z", "documents": {"terms": 1}}',
        "[" * 50_000,
        "a\x00b",
    ],
)
def test_a_line_that_holds_no_record_is_told(line: str) -> None:
    (found,) = wrong(jsonl(line))
    assert found[0] == 1
    assert found[1]


@pytest.mark.parametrize("read", [csv, jsonl])
def test_a_line_that_is_not_utf_8_is_told(read: object) -> None:
    json_line = b'{"id": "\xff", "at": "2026-09-01T12:00:00Z", "documents": {"terms": 1}}\n'
    csv_lines = HEADER.encode() + b"\xff,2026-09-01T12:00:00Z,analytics=granted\n"
    found = csv(csv_lines) if read is csv else jsonl(json_line)
    ((_, message),) = wrong(found)
    assert "UTF-8" in message


@pytest.mark.parametrize("size", [LONGEST_LINE + 1, 10_000_000])
def test_a_line_without_end_is_skipped(size: int) -> None:
    line = '{"id": "1", "at": "2026-09-01T12:00:00Z", "documents": {"terms": 1}}\n'
    found = jsonl("x" * size + "\n" + line)
    assert [each.line for each in found if isinstance(each, Record)] == [2]
    ((number, message),) = wrong(found)
    assert (number, str(LONGEST_LINE) in message) == (1, True)
    found = csv(HEADER + "x" * size + "\n" + GOOD)
    assert [each.line for each in found if isinstance(each, Record)] == [3]
    assert [number for number, _ in wrong(found)] == [2]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "id is missing"),
        ("id,at,colour\n", "colour is no column"),
        ("id,decisions\n", "at is missing"),
        ("id,at,id\n", "id stands twice"),
        ("ID,at\n", "id is missing"),
        ('"id,at\n', "is no CSV"),
        ("id,a\x00t\n", "header"),
        (b"id,at,\xff\n", "not UTF-8"),
        ("x" * 70_000, "header"),
    ],
)
def test_a_wrong_header_ends_it(header: str | bytes, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told) as caught:
        csv(header)
    caught.value.detail.encode()

"""Reads older consents from CSV and JSON Lines, one at a time."""

import csv
import re
from collections.abc import Iterator
from typing import IO, Any

from marshmallow import ValidationError

from consent_service.consents.model import Value
from consent_service.core.canonical import parse_strict
from consent_service.core.errors import FieldError, InvalidRequestError, field_errors
from consent_service.imports.model import Format, Record, Wrong
from consent_service.imports.schemas import COLUMNS, record_schema

LONGEST_LINE = 64 * 1024
_NUMBER = re.compile(r"[0-9]{1,10}")
_TOO_LONG = " " * (LONGEST_LINE + 1)


def read_records(file: IO[bytes], form: Format) -> Iterator[Record | Wrong]:
    """Yield the records of a file in UTF-8, and what is wrong with the lines that hold none.

    A CSV file has a header of column names; decisions stand as `analytics=granted;ads=denied`,
    documents as `terms@2`.

    Raises:
        InvalidRequestError: the header names a column that does not exist, or lacks `id` or `at`.
    """
    lines = _lines(file)
    rows = _csv_rows(lines) if form is Format.CSV else _json_rows(lines)
    for line, row in rows:
        yield row if isinstance(row, Wrong) else _record(line, row)


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines of a file; in place of one that is too long, a text that is too."""
    encoding = "utf-8-sig"
    while raw := file.readline(LONGEST_LINE + 1):
        if len(raw) <= LONGEST_LINE:
            yield raw.decode(encoding, errors="surrogateescape")
        else:
            _skip_line(file, raw)
            yield _TOO_LONG
        encoding = "utf-8"


def _skip_line(file: IO[bytes], read: bytes) -> None:
    while read and not read.endswith(b"\n"):
        read = file.readline(LONGEST_LINE)


def _json_rows(lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip() and len(line) <= LONGEST_LINE:
            continue
        try:
            yield number, parse_strict(_checked(line))
        except (ValueError, RecursionError) as error:
            yield number, _wrong(number, "", f"is no JSON: {error}")


def _csv_rows(lines: Iterator[str]) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(lines, strict=True)
    header = _header(reader)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, _wrong(reader.line_num, "", f"is no CSV: {error}")
            continue
        if any(cells):
            yield reader.line_num, _csv_row(reader.line_num, header, cells)


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [_checked(name) for name in next(rows, [])]
    except csv.Error as error:
        raise InvalidRequestError(f"the header of the file is no CSV: {error}") from error
    except ValueError as error:
        raise InvalidRequestError(f"the header of the file: {error}") from error
    _check_header(header)
    return header


def _check_header(header: list[str]) -> None:
    problems = [FieldError(name, "is no column") for name in header if name not in COLUMNS]
    problems += [FieldError(name, "is missing") for name in ("id", "at") if name not in header]
    problems += [
        FieldError(name, "stands twice") for name in sorted({*header}) if header.count(name) > 1
    ]
    if problems:
        named = ", ".join(f"{each.field} {each.message}" for each in problems)
        raise InvalidRequestError(f"the header of the file: {named}", problems)


def _csv_row(line: int, header: list[str], cells: list[str]) -> dict[str, Any] | Wrong:
    try:
        for cell in cells:
            _checked(cell)
        if len(cells) != len(header):
            raise ValueError(f"it has {len(cells)} cells under {len(header)} columns")
        row: dict[str, Any] = {n: cell for n, cell in zip(header, cells, strict=True) if cell}
        if "decisions" in row:
            row["decisions"] = _pairs(row["decisions"], "=")
        if "documents" in row:
            documents = _pairs(row["documents"], "@")
            row["documents"] = {kind: _number(text) for kind, text in documents.items()}
        if "notice" in row:
            row["notice"] = _number(row["notice"])
    except ValueError as error:
        return _wrong(line, "", str(error))
    return row


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:20]} is no number of a notice or version")
    return int(text)


def _pairs(text: str, separator: str) -> dict[str, str]:
    pairs = [part.strip().partition(separator) for part in text.split(";")]
    if not all(key and found and value for key, found, value in pairs):
        raise ValueError(f"{text} must be pairs such as key{separator}value;key{separator}value")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise ValueError(f"{text} names something twice")
    return {key: value for key, _, value in pairs}


def _record(line: int, row: Any) -> Record | Wrong:
    if not isinstance(row, dict):
        return _wrong(line, "", "is no object")
    try:
        data = record_schema.load(row)
    except ValidationError as error:
        return Wrong(line, list(field_errors(error.messages)))
    decisions = {key: value == Value.GRANTED.value for key, value in data["decisions"].items()}
    return Record(
        line=line,
        id=data["id"],
        at=data["at"],
        decisions=decisions,
        documents=data["documents"],
        notice=data.get("notice"),
        locale=data.get("locale"),
        subject=data.get("subject"),
    )


def _checked(text: str) -> str:
    """Return a text that is no longer than allowed and that was UTF-8."""
    if len(text) > LONGEST_LINE:
        raise ValueError(f"a line has more than {LONGEST_LINE} characters")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("it is not UTF-8")
    return text


def _wrong(line: int, field: str, message: str) -> Wrong:
    return Wrong(line, [FieldError(field, message)])

"""Files that were made to harm: a clear answer each, no traceback, no unbounded memory."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from consent_service.evidence import Verdict
from consent_service.evidence.lines import Lines, LineTooLongError
from consent_service.evidence.printing import printed
from tests.evidence.building import Files, Log, pack, sha256, shop
from tests.evidence.checking import checked, codes, errors

Change = Callable[[bytes], bytes]


def rezipped(change: Callable[[zipfile.ZipFile], None]) -> Change:
    def changed(data: bytes) -> bytes:
        buffer = io.BytesIO(data)
        with zipfile.ZipFile(buffer, "a") as archive:
            change(archive)
        return buffer.getvalue()

    return changed


def add(name: str, content: bytes = b"x") -> Change:
    return rezipped(lambda archive: archive.writestr(name, content))


def patched_flags(data: bytes) -> bytes:
    """Mark the first file as encrypted."""
    at = data.index(b"PK\1\2")
    changed = bytearray(data)
    changed[at + 8] |= 1
    return bytes(changed)


def other_method(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("checkpoint", b"x" * 100)
    return buffer.getvalue()


def twice(data: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("checkpoint", b"other")
    return buffer.getvalue()


def bomb(_: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.jsonl", bytes(50 * 2**20))
    return buffer.getvalue()


def overlapping(data: bytes) -> bytes:
    """Let the second file begin where the first does."""
    changed = bytearray(data)
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 4)
    changed[second + 42 : second + 46] = changed[first + 42 : first + 46]
    return bytes(changed)


def many_files(_: bytes) -> bytes:
    """Claim more files than there can be, in the old and in the new form."""
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10**6, 10**6, 46, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    return end + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 46, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"no ZIP file at all, but long enough to look like one",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"x",
        lambda data: data + bytes(100_000),
        lambda data: b"#!/bin/sh\n" + data,
        add("../up"),
        add("/etc/passwd"),
        add("a/../../b"),
        add("a\\b"),
        add("a//b"),
        add("a/"),
        add("C:x"),
        add("\x1b[2J"),
        add("schön"),
        add("x" * 500),
        patched_flags,
        other_method,
        twice,
        bomb,
        overlapping,
        many_files,
    ],
)
def test_what_is_no_safe_zip_file_is_unreadable(change: Change, tmp_path: Path) -> None:
    log = shop()
    report = checked(tmp_path, change(pack(log.bundle())), log)
    assert codes(report) == {"ZIP"}
    assert (report.verdict, report.exit_code) == (Verdict.UNREADABLE, 2)
    assert report.findings.listed[0].message


def test_damaged_bytes_of_a_file_are_told(tmp_path: Path) -> None:
    log = shop()
    data = bytearray(pack(log.bundle()))
    at = data.index(b"events.jsonl") + 200
    data[at] ^= 0xFF
    assert "FILE_HASH" in errors(checked(tmp_path, bytes(data), log))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        "[" * 100_000,
        '{"a":1,"a":1}',
        "\ufeff{}",
        '{"n":' + "9" * 5000 + "}",
        '{"n":NaN}',
        '{"s":"\\ud800"}',
    ],
)
def test_what_is_no_manifest_is_refused(text: str, tmp_path: Path) -> None:
    log = shop()
    files = log.bundle() | {"manifest.json": text.encode()}
    report = checked(tmp_path, files, log)
    assert errors(report) == {"MANIFEST"}
    assert report.exit_code == 1


def resealed(log: Log, /, **changes: object) -> Files:
    files = log.bundle()
    return log.seal(files, json.loads(files["manifest.json"]) | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "consent-audit-bundle/2"},
        {"more": 1},
        {"tree_size": 3},
        {"tree_size": -1},
        {"tree_size": True},
        {"range": {"count": 99, "first": 0}},
        {"range": {"indexes": [3, 2]}},
        {"range": {"indexes": []}},
        {"range": {"indexes": [99]}},
        {"range": []},
        {"created": "2026-13-01T00:00:00.000Z"},
        {"openings": "some"},
        {"counts": {}},
        {"log": {"origin": "x", "vkeys": []}},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    changes: dict[str, object], tmp_path: Path
) -> None:
    log = shop()
    assert errors(checked(tmp_path, resealed(log, **changes), log)) == {"MANIFEST"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("openings.jsonl", b"\xff\n", {"OPENING_SYNTAX"}),
        ("openings.jsonl", b"[" * 60_000 + b"\n", {"OPENING_SYNTAX"}),
        ("openings.jsonl", b'{"d":["AAAA"],"i":7}\r\n', {"OPENING_SYNTAX"}),
        ("openings.jsonl", b'{"d":[],"i":7}\n', {"OPENING_SYNTAX"}),
        ("openings.jsonl", b'{"d":["AAB"],"i":7}\n', {"OPENING_SYNTAX"}),
        ("openings.jsonl", b'{"d":["W1sx"],"i":7}\n', {"OPENING_SYNTAX"}),
        ("openings.jsonl", b'{"i":7,"d":["AAAA"]}\n', {"OPENING_SYNTAX"}),
        ("leaves.jsonl", b"\xff\n", {"PROOF"}),
        ("leaves.jsonl", b"{" * 60_000 + b"\n", {"PROOF"}),
        ("leaves.jsonl", b"x" * 65_000, {"PROOF", "LINE_END"}),
        ("checkpoint", b"\xff\n\n", {"CHECKPOINT"}),
        ("checkpoint", b"x" * 70_000, {"FILE_HASH"}),
        ("checkpoints/3", b"x\n", {"CHECKPOINT"}),
        ("checkpoints/99", b"x\n", {"CHECKPOINT"}),
    ],
)
def test_files_that_hold_something_else_are_told(
    name: str, content: bytes, expected: set[str], tmp_path: Path
) -> None:
    log = shop()
    files = log.seal(log.bundle() | {name: content})
    assert expected <= errors(checked(tmp_path, files, log))


def test_line_ends_of_windows_break_signatures(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle()
    files["checkpoint"] = files["checkpoint"].replace(b"\n", b"\r\n")
    assert "CHECKPOINT" in errors(checked(tmp_path, log.seal(files), log))


def test_a_document_must_hold_its_texts(tmp_path: Path) -> None:
    log = Log()
    log.genesis()
    text = b'{"texts":[1]}'
    log.documents[f"{sha256(text)}.json"] = text
    log.control("document.published", document={"kind": "terms", "n": 1, "sha256": sha256(text)})
    assert errors(checked(tmp_path, log.bundle(), log)) == {"DOCUMENT_HASH"}


def test_huge_lines_are_not_gathered() -> None:
    tracemalloc.start()
    lines = Lines(iter([b"x" * 2**18] * 400))
    with pytest.raises(LineTooLongError) as caught:
        lines.take(10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.line == 1
    assert peak < 4 * 2**20


def test_a_report_cannot_steer_a_terminal(tmp_path: Path) -> None:
    log = shop()
    log.control("retention.held", reason="\u001b]0;owned\u0007")
    log.erase(7, reason="\u001b[2J gone \u202e")
    report = checked(tmp_path, log.bundle(), log)
    assert not errors(report)
    shown = printed(report)
    assert not set(shown) & {"\u001b", "\u0007", "\u202e"}
    assert json.dumps(report.to_json()).isprintable()


def opening_lines(*indexes: int) -> list[bytes]:
    return [b'{"d":["AAAA"],"i":%d}\n' % index for index in indexes]


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_lines_are_taken_whole_and_in_portions(size: int) -> None:
    content = b"".join(opening_lines(*range(0, 100, 3)))
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    lines = Lines(iter(pieces))
    assert lines.take(2) == b"".join(opening_lines(0, 3))
    assert lines.take_below(10, 50) == b"".join(opening_lines(6, 9))
    assert lines.take_below(10, 50) == b""
    assert lines.take(1) == b"".join(opening_lines(12))
    assert lines.take_below(90, 50) == b"".join(opening_lines(*range(15, 90, 3)))
    assert lines.taken == 30
    assert lines.take(50) == b"".join(opening_lines(90, 93, 96, 99))
    assert lines.take(50) == lines.take_below(10**9, 50) == b""
    assert not lines.lacks_newline
    assert not lines.skip_rest()


def test_lines_before_one_that_is_too_long_are_taken() -> None:
    lines = Lines(iter([b"a\nb\n", b"x" * 70_000, b"y" * 70_000]))
    assert lines.take(10) == b"a\nb\n"
    with pytest.raises(LineTooLongError) as caught:
        lines.take(10)
    assert caught.value.line == 3


def test_openings_that_never_end_are_not_gathered() -> None:
    tracemalloc.start()
    lines = Lines(iter([b"".join(opening_lines(0)) * 10_000] * 300))
    taken = lines.take_below(2048, 2048)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(taken) < 2**20
    assert peak < 4 * 2**20
    assert lines.skip_rest()


def test_a_last_line_without_its_end_is_told() -> None:
    lines = Lines(iter([b"a\n", b"b"]))
    assert lines.take(10) == b"a\nb\n"
    assert lines.lacks_newline

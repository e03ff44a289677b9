"""Bundles that were made to pass although they should not, or to stop the verifier."""

import json
import os
import subprocess
import sys
import time as clock
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent_service.core.notes import parse_verifier_key
from consent_service.evidence import AnchorError, absences, passes, verify_receipt
from consent_service.evidence.batches import Facts
from consent_service.evidence.command import run
from consent_service.evidence.findings import Findings
from consent_service.evidence.tree import Seen
from tests.evidence.building import Files, Log, Signer, pack, shop, standard, time, urlsafe
from tests.evidence.checking import anchors, checked, codes, errors, key_of, told


def kept_back(monkeypatch: pytest.MonkeyPatch, kinds: int) -> Log:
    """Return a log that gives more reasons than are told apart, and an event without openings."""
    monkeypatch.setattr(absences, "_MOST_KINDS", kinds)
    log = Log()
    log.genesis()
    notice = log.publish_notice()
    log.event(notice=notice)
    for number in range(kinds):
        log.control("log.erasure", leaf="0" * 64, fields=["x"], reason=f"reason {number}")
    return log


def test_many_reasons_hide_no_opening_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(passes, "_BATCH", 4)
    log = kept_back(monkeypatch, 8)
    log.openings.pop(log.event(notice=log.leaf(2)["notice"]))
    redacted = log.event("consent.refused", notice=log.leaf(2)["notice"])
    log.openings.pop(redacted)
    log.leaves[redacted] = (log.hash(redacted),)
    expected = {"OPENING_MISSING_WITHOUT_ERASURE", "REDACTED_WITHOUT_RECORD"}
    assert errors(checked(tmp_path, log.bundle(), log)) == expected


def test_reasons_beyond_those_told_apart_are_counted_as_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = kept_back(monkeypatch, 8)
    log.erase(2, reason="the last of many")
    report = checked(tmp_path, log.bundle(), log)
    assert not errors(report)
    assert report.facts["gone"] == {"erased": {"other": 3}}


def test_more_kinds_of_missing_fields_than_are_told_apart_are_explained_by_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = kept_back(monkeypatch, 1)
    log.erase(2, reason="visitor")
    event = log.event(notice=log.leaf(2)["notice"])
    log.openings[event].pop()
    fields = sorted(log.leaf(event)["priv"])
    log.control("log.erasure", leaf=log.hash(event).hex(), fields=fields, reason="visitor")
    assert errors(checked(tmp_path, log.bundle(), log)) == {"OPENING_MISSING_WITHOUT_ERASURE"}


def test_the_work_on_what_is_missing_grows_with_the_bundle_only() -> None:
    found = absences.Absences()
    fields = tuple(f"f{number}" for number in range(32))
    found.miss((7, index, fields) for index in range(30_000))
    found.tell((7, ("other",), "erased", "visitor") for _ in range(30_000))
    start = clock.process_time()
    assert list(found.unexplained()) == [(0, list(fields))]
    assert clock.process_time() - start < 2


def stolen() -> tuple[Log, Signer, str, int]:
    """Return a log that a thief of revoked keys carried on, the key of today, its last checkpoint.

    The last number is the index of the leaf that revoked the keys.
    """
    log = Log()
    log.genesis()
    notice = log.publish_notice()
    log.event(notice=notice)
    old = log.checkpoint_keys, log.clock, log.export
    revoked = [
        {"use": use, "kid": each.kid, "revoked_at": time(log.now)}
        for use, each in (("checkpoint", old[0][0]), ("clock", old[1]), ("export", old[2]))
    ]
    new = Signer(log.tree, "the next key")
    log.checkpoint_keys = [new]
    log.clock, log.export = replace(old[1], seed="next clock"), replace(old[2], seed="next export")
    rotation = log.control("log.key_rotation", keys=log.keys(), revoked=revoked)
    log.event(notice=notice)
    kept = log.checkpoint()
    log.checkpoint_keys, log.clock, log.export = old
    log.event(notice=notice)
    return log, new, kept, rotation


def without(files: Files, log: Log, index: int) -> Files:
    lines = files["leaves.jsonl"].splitlines(keepends=True)
    start = b'{"i":%d,' % index
    files["leaves.jsonl"] = b"".join(line for line in lines if not line.startswith(start))
    return log.seal(files)


@pytest.mark.parametrize("part", [{"first": 5, "count": 1}, {"indexes": [5]}])
@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_part_of_a_log_cannot_hide_that_a_key_was_revoked(
    part: dict[str, object], is_hidden: bool, tmp_path: Path
) -> None:
    log, new, kept, rotation = stolen()
    size = len(log.leaves) - 1
    files = log.bundle(earlier=[size], **part)  # type: ignore[arg-type]
    files[f"checkpoints/{size}"] = kept.encode()
    files = without(files, log, rotation) if is_hidden else log.seal(files)
    trusted = parse_verifier_key(new.vkey)
    report = checked(tmp_path, files, verifiers=[trusted], anchors=anchors(kept))
    assert "CHECKPOINT_SIGNATURE" in errors(report)
    assert ("KEYS" in errors(report)) is is_hidden


@pytest.mark.parametrize("is_whole", [True, False])
def test_an_old_key_leads_through_a_whole_log_but_not_through_a_part(
    is_whole: bool, tmp_path: Path
) -> None:
    log = shop()
    old, new = log.checkpoint_keys[0], Signer(log.tree, "the next key")
    log.checkpoint_keys = [old, new]
    log.control("log.key_rotation", keys=log.keys(), revoked=[])
    size = len(log.leaves)
    both = log.checkpoint().encode()
    log.checkpoint_keys = [new]
    log.control("site.closed")
    files = log.bundle(earlier=[size]) if is_whole else log.bundle(earlier=[size], first=size)
    files = log.seal(files | {f"checkpoints/{size}": both})
    today = checked(tmp_path, files, verifiers=[parse_verifier_key(new.vkey)])
    assert codes(today) == {"NO_ANCHOR"}
    report = checked(tmp_path, files, verifiers=[parse_verifier_key(old.vkey)])
    assert errors(report) == (set() if is_whole else {"CHECKPOINT_SIGNATURE"})


def test_a_trusted_key_that_the_log_never_names_is_none_of_it(tmp_path: Path) -> None:
    log = shop()
    named = log.checkpoint_keys
    log.checkpoint_keys = [*named, Signer(log.tree, "never named")]
    trusted = parse_verifier_key(log.checkpoint_keys[1].vkey)
    assert errors(checked(tmp_path, log.bundle(), verifiers=[trusted])) == {"KEYS"}


def test_a_receipt_of_no_year_of_the_calendar_is_none() -> None:
    log = shop()
    for seconds in (253_402_300_800, 2**53 - 1):
        assert codes(verify_receipt(log.receipt(5, iat=seconds))) == {"RECEIPT"}
        with pytest.raises(AnchorError, match="iat"):
            anchors(log.receipt(5, iat=seconds))
    assert "RECEIPT" not in codes(verify_receipt(log.receipt(5, iat=253_402_300_799)))


def test_ids_may_begin_with_a_letter(tmp_path: Path) -> None:
    log = shop()
    notice = log.leaf(4)["notice"]
    for number in range(3):
        log.event(notice=notice, id=f"f000000{number}-0000-7000-8000-000000000000")
    assert not errors(checked(tmp_path, log.bundle(), log))


def test_times_before_1970_are_none_of_a_leaf(tmp_path: Path) -> None:
    log = shop()
    notice = log.leaf(4)["notice"]
    log.event(notice=notice, ts="0001-01-01T00:00:00.002Z")
    log.event(notice=notice, ts="0001-01-01T00:00:00.001Z")
    report = checked(tmp_path, log.bundle(), log)
    assert report.findings.counts["LEAF_SCHEMA"] == 2


@dataclass(frozen=True)
class OddClock(Signer):
    """A clock that states a time that no calendar has."""

    states: int = 0

    def line(self, text: str, at: int = 0) -> str:
        return super().line(text, self.states)


@pytest.mark.parametrize("states", [253_402_300_800, 2**62, 2**64 - 1])
def test_a_clock_behind_the_calendar_is_not_believed(states: int, tmp_path: Path) -> None:
    log = shop()
    log.clock = OddClock(log.clock.name, log.clock.seed, 4, states)
    assert "CHECKPOINT_SIGNATURE" in errors(checked(tmp_path, log.bundle(), log))
    report = verify_receipt(
        log.receipt_file(7), verifiers=[key_of(log), parse_verifier_key(log.clock.vkey)]
    )
    assert "CHECKPOINT_SIGNATURE" in codes(report)


@pytest.mark.parametrize("error", [OverflowError, ValueError, RecursionError, OSError])
def test_a_check_that_stops_is_told_and_passes_nothing(
    error: type[Exception], tmp_path: Path
) -> None:
    def stop(*_: object) -> None:
        raise error("unforeseen")

    log = shop()
    report = checked(tmp_path, log.bundle(), log, tell=stop)
    assert errors(report) == {"ZIP"}
    assert report.exit_code == 1

    class Keys(dict[str, bytes]):
        get = stop  # type: ignore[assignment]

    if error is not OSError:
        receipt = verify_receipt(log.receipt(7), receipt_keys=Keys(a=b""))
        assert errors(receipt) == {"RECEIPT"}


def later_epoch(**changes: Any) -> tuple[Log, Log]:
    """Return a log of two epochs, the first and the second of which tells how the first ended."""
    first = shop()
    second = Log(epoch=2, now=first.now + timedelta(hours=1))
    members = {"previous": previous_of(first, len(first.leaves))} | changes
    second.genesis(**{name: each for name, each in members.items() if each is not None})
    notice = second.publish_notice()
    for _ in range(3):
        second.event(notice=notice)
    return first, second


def previous_of(log: Log, size: int) -> dict[str, Any]:
    return {"origin": log.tree, "size": size, "root": standard(log.root(size))}


@pytest.mark.parametrize(
    "changes",
    [
        {"previous": None},
        {"previous": previous_of(Log(epoch=2), 0)},
        {"previous": previous_of(Log(site="news"), 0)},
        {"epoch": 1},
        {"epoch": 3},
    ],
)
def test_a_genesis_is_of_its_epoch_and_tells_how_the_one_before_ended(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    _, second = later_epoch()
    assert not errors(checked(tmp_path, second.bundle(), second))
    _, second = later_epoch(**changes)
    assert errors(checked(tmp_path, second.bundle(), second)) == {"KEYS"}


def test_one_genesis_begins_a_log(tmp_path: Path) -> None:
    twice, without_one, first = shop(), Log(), Log()
    twice.genesis()
    without_one.control("log.key_rotation", keys=without_one.keys(), revoked=[])
    first.genesis(previous=previous_of(Log(), 0))
    for log in (twice, without_one, first):
        assert errors(checked(tmp_path, log.bundle(), log)) == {"KEYS"}


def test_checkpoints_of_the_epoch_before_are_compared_with_its_end(tmp_path: Path) -> None:
    first, second = later_epoch()
    size = len(first.leaves)
    other, third = Log(seed="other"), Log(epoch=3)
    while len(other.leaves) < size:
        other.control("site.closed")
    other.checkpoint_keys = first.checkpoint_keys
    shown = first.checkpoint(), first.checkpoint(size - 1), other.checkpoint()
    first.control("site.closed")
    cases = [
        (shown[0], set()),
        (shown[1], {"ANCHOR_NOT_COVERED"}),
        (shown[2], {"FORK"}),
        (first.checkpoint(), {"ROLLBACK"}),
        (third.checkpoint(), {"ANCHOR_NOT_COVERED"}),
        (Log(seed="unknown").checkpoint(), {"ANCHOR_NOT_COVERED"}),
        (Log(site="news").checkpoint(), {"ANCHOR"}),
    ]
    for kept, expected in cases:
        report = checked(tmp_path, second.bundle(), second, anchors=anchors(kept))
        assert codes(report) == expected, list(told(report))


def with_origin(log: Log, index: int, size: int, origin: str | None = None, **changes: Any) -> str:
    place = {"root": urlsafe(log.root(size)), "size": size}
    return log.receipt(index, cp=place | {"origin": origin or log.tree}, **changes)


def test_receipts_that_name_a_tree_are_compared_with_that_one(tmp_path: Path) -> None:
    first, second = later_epoch()
    size = len(first.leaves)
    first.event(notice=first.leaf(4)["notice"])
    cases = [
        (with_origin(first, 7, size), {"RECEIPT_NOT_COVERED"}),
        (with_origin(first, 7, 5), {"ANCHOR_NOT_COVERED", "RECEIPT_NOT_COVERED"}),
        (with_origin(first, size, size + 1), {"ROLLBACK", "RECEIPT_NOT_COVERED"}),
        (with_origin(second, 3, 2), set()),
        (with_origin(second, 3, 2, first.tree), {"ANCHOR_NOT_COVERED"}),
    ]
    for kept, expected in cases:
        report = checked(tmp_path, second.bundle(), second, anchors=anchors(kept))
        assert codes(report) == expected, list(told(report))
    with pytest.raises(AnchorError, match="another log"):
        anchors(with_origin(first, 7, 5, "log-test/news/1"))


@pytest.mark.parametrize(("minutes", "expected"), [(5, "ANCHOR_NOT_COVERED"), (7, "FORK")])
def test_a_receipt_near_the_beginning_of_an_epoch_may_be_of_the_one_before(
    minutes: int, expected: str, tmp_path: Path
) -> None:
    first, second = later_epoch()
    issued = int((first.now + timedelta(hours=1, minutes=minutes)).timestamp())
    place = {"root": urlsafe(first.root(2)), "size": 2}
    report = checked(
        tmp_path, second.bundle(), second, anchors=anchors(second.receipt(3, iat=issued, cp=place))
    )
    assert codes(report) == {expected}
    agreed = anchors(second.receipt(3, 2, iat=issued))
    assert not codes(checked(tmp_path, second.bundle(), second, anchors=agreed))


def test_a_receipt_by_a_key_of_the_epoch_before_is_not_covered(tmp_path: Path) -> None:
    first, second = later_epoch()
    first.receipt_key = Signer("receipt", "of the first epoch")
    for kept in (first.receipt(7, 5), with_origin(first, 7, 5)):
        report = checked(tmp_path, second.bundle(), second, anchors=anchors(kept))
        assert codes(report) == {"ANCHOR_NOT_COVERED"}


def test_a_genesis_may_be_later_than_the_leaves_behind_it(tmp_path: Path) -> None:
    log = Log()
    log.genesis(ts="2026-11-23T12:00:00.000Z")
    notice = log.publish_notice()
    log.event(notice=notice)
    assert codes(checked(tmp_path, log.bundle(), log)) == {"NO_ANCHOR"}
    log.event(notice=notice, ts="2026-11-23T09:00:00.000Z")
    assert "TIME_OUT_OF_ORDER" in codes(checked(tmp_path, log.bundle(), log))


def test_keys_are_not_gathered_without_end(tmp_path: Path) -> None:
    log = Log()
    log.genesis()
    log.control("log.key_rotation", keys=[log.keys()[0]] * 65, revoked=[])
    assert "LEAF_SCHEMA" in errors(checked(tmp_path, log.bundle(), log))
    seen = Seen(Findings())
    leaf = {"type": "log.key_rotation", "keys": [{}]}
    seen.add(Facts(key_leaves=[(index, leaf) for index in range(10_001)]))
    assert seen.findings.counts["KEYS"] == 1
    assert len(seen.key_leaves) == 10_000
    many = Seen(Findings())
    many.add(Facts(key_leaves=[(index, leaf | {"keys": [{}] * 64}) for index in range(2000)]))
    assert many.findings.counts["KEYS"] == 1


@pytest.mark.parametrize("which", ["anchor", "proof"])
@pytest.mark.parametrize("word", ["Windows line ends", "byte order mark"])
def test_files_that_an_editor_changed_are_named(
    which: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = shop()
    bundle, receipt, kept = (tmp_path / name for name in ("shop.zip", "receipt", "kept"))
    bundle.write_bytes(pack(log.bundle()))
    receipt.write_text(log.receipt(7))
    note = (log.checkpoint() if which == "anchor" else log.proof(7)).encode()
    spoilt = note.replace(b"\n", b"\r\n") if word.startswith("W") else b"\xef\xbb\xbf" + note
    kept.write_bytes(spoilt)
    for arguments in (
        [str(bundle), "--anchor", str(kept)],
        *([["receipt", str(receipt), str(kept)]] if which == "proof" else []),
    ):
        assert run(arguments) == 2
        shown = capsys.readouterr().err
        assert word in shown
        assert str(kept) in shown


def test_a_receipt_may_have_windows_line_ends() -> None:
    log = shop()
    assert anchors(log.receipt(7) + "\r\n")
    pretty = json.dumps(json.loads(log.receipt_file(7)), indent=1).replace("\n", "\r\n")
    assert len(anchors(pretty)) == 2


def test_the_command_runs_where_little_is_known(
    tmp_path: Path,
) -> None:
    log = shop()
    log.erase(9, reason="Prüfung")
    path = tmp_path / "shop.zip"
    path.write_bytes(pack(log.bundle()))
    code = (
        "import os, sys; os.__dict__.pop('sched_getaffinity', None);"
        "from consent_service.evidence.command import run; sys.exit(run(sys.argv[1:]))"
    )
    for arguments, expected in (([str(path)], 3), (["--help"], 0), (["receipt", "--help"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == expected, done.stderr
        assert not done.stderr
    assert (
        b"Pr?fung"
        in subprocess.run(
            [sys.executable, "-m", "consent_service.evidence", str(path)],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
        ).stdout
    )

"""What was changed in a bundle shows, and shows as what it is."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consent_service.evidence import Verdict
from tests.counts import LONG
from tests.evidence.building import Files, Log, canonical, lines, sha256, shop, standard, urlsafe
from tests.evidence.checking import anchors, checked, codes, errors, told

FIRST_EVENT = 4
ERASED, RESTRICTED, REDACTED, KEPT = 4, 5, 6, 7
EARLIER = [3, 8]
ANCHOR = 9


def sound() -> tuple[Log, Files]:
    log = shop()
    return log, log.bundle(earlier=EARLIER)


Change = Callable[[Log, Files], Files]


@dataclass(frozen=True)
class Case:
    """A way to tamper: what must be reported, and what may be reported besides."""

    name: str
    change: Change
    expected: set[str]
    besides: set[str] = field(default_factory=set)


def rows(change: Callable[[list[bytes]], object], file: str = "events.jsonl") -> Change:
    def changed(_: Log, files: Files) -> Files:
        each = files[file].splitlines()
        change(each)
        return {**files, file: b"".join(line + b"\n" for line in each)}

    return changed


def leaf(index: int, **changes: Any) -> Change:
    def change(each: list[bytes]) -> None:
        each[index] = canonical({**json.loads(each[index]), **changes}).encode()

    return rows(change)


def replaced(index: int, old: bytes, new: bytes) -> Change:
    def change(each: list[bytes]) -> None:
        assert old in each[index]
        each[index] = each[index].replace(old, new, 1)

    return rows(change)


def swapped(one: int, other: int) -> Change:
    def change(each: list[bytes]) -> None:
        each[one], each[other] = each[other], each[one]

    return rows(change)


def content(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda _, files: {**files, name: change(files[name])}


def without(name: str) -> Change:
    return lambda _, files: {each: files[each] for each in files if each != name}


def document(ending: str) -> Callable[[Files], str]:
    return lambda files: next(name for name in files if name.endswith(ending))


def openings_of(index: int, change: Callable[[list[str]], list[str]]) -> Change:
    def changed(_: Log, files: Files) -> Files:
        each = [json.loads(line) for line in files["openings.jsonl"].splitlines()]
        for entry in each:
            if entry["i"] == index:
                entry["d"] = change(entry["d"])
        kept = [canonical(entry) for entry in each if entry["d"]]
        return {**files, "openings.jsonl": lines(kept)}

    return changed


def other_opening(opening: str, *, value: str | None = None, field_: str | None = None) -> str:
    parts = json.loads(base64.urlsafe_b64decode(opening + "=" * (-len(opening) % 4)))
    parts[1] = field_ or parts[1]
    parts[2] = value or parts[2]
    return urlsafe(json.dumps(parts).encode())


def older_checkpoint(log: Log, files: Files) -> Files:
    return {**files, "checkpoint": log.checkpoint(8).encode()}


def foreign_checkpoint(log: Log, files: Files) -> Files:
    other = shop()
    other.site = "news"
    other.__post_init__()
    return {**files, "checkpoint": other.checkpoint().encode()}


def forged_checkpoint(log: Log, files: Files) -> Files:
    forger = Log(seed="forger", leaves=log.leaves, now=log.now)
    return {**files, "checkpoint": forger.checkpoint().encode()}


def other_tree_by_the_right_key(log: Log, files: Files) -> Files:
    other = Log(leaves=[*log.leaves[:-1], log.leaves[0]], now=log.now)
    return {**files, "checkpoint": other.checkpoint().encode()}


HUGE = random.Random(1).randbytes(1_000_000).hex().encode()
ROOT = {"ROOT_MISMATCH"}
FORK = {"FORK", "CONSISTENCY"}
FOLLOWING = FORK | {"MANIFEST"}
OPENINGS = {"OPENING_MISMATCH", "OPENING_MISSING_WITHOUT_ERASURE"}

CASES = [
    Case("dropped", rows(lambda each: each.pop(KEPT)), ROOT | {"LEAF_COUNT"}, FOLLOWING),
    Case("altered", leaf(KEPT, locale="fr"), ROOT | {"FORK"}, FORK),
    Case("reordered", swapped(7, 8), ROOT | {"FORK"}, FORK | OPENINGS | {"MANIFEST"}),
    Case(
        "truncated",
        rows(lambda each: each.pop()),
        ROOT | {"LEAF_COUNT"},
        FOLLOWING | {"REDACTED_WITHOUT_RECORD"},
    ),
    Case(
        "duplicated",
        rows(lambda each: each.insert(8, each[7])),
        ROOT | {"LEAF_COUNT", "LEAF_DUPLICATE", "EVENT_ID_DUPLICATE"},
        FOLLOWING,
    ),
    Case(
        "a redacted row duplicated",
        rows(lambda each: each.insert(9, each[REDACTED])),
        ROOT | {"LEAF_COUNT", "LEAF_DUPLICATE"},
        FOLLOWING,
    ),
    Case(
        "older checkpoint",
        older_checkpoint,
        ROOT | {"LEAF_COUNT", "MANIFEST"},
        {"CONSISTENCY", "ROLLBACK", "CHECKPOINT", "EXTRA_FILE"},
    ),
    Case("other tree, right key", other_tree_by_the_right_key, ROOT | {"CONSISTENCY"}),
    Case(
        "foreign checkpoint",
        foreign_checkpoint,
        {"CHECKPOINT_SIGNATURE"},
    ),
    Case("forged checkpoint", forged_checkpoint, {"CHECKPOINT_SIGNATURE"}),
    Case(
        "edited checkpoint",
        content("checkpoint", lambda data: data.replace(b"\n13\n", b"\n14\n")),
        {"CHECKPOINT_SIGNATURE", "LEAF_COUNT", "ROOT_MISMATCH", "CONSISTENCY", "MANIFEST"},
        {"EXTRA_FILE"},
    ),
    Case("no checkpoint", without("checkpoint"), {"FILE_MISSING"}),
    Case("unreadable checkpoint", content("checkpoint", lambda _: b"x\n"), {"CHECKPOINT"}),
    Case(
        "opening hidden",
        openings_of(KEPT, lambda each: each[1:]),
        {"OPENING_MISSING_WITHOUT_ERASURE"},
        {"MANIFEST"},
    ),
    Case(
        "all openings hidden",
        openings_of(KEPT, lambda _: []),
        {"OPENING_MISSING_WITHOUT_ERASURE"},
        {"MANIFEST"},
    ),
    Case(
        "no openings", without("openings.jsonl"), {"OPENING_MISSING_WITHOUT_ERASURE"}, {"MANIFEST"}
    ),
    Case(
        "opening altered",
        openings_of(KEPT, lambda each: [other_opening(each[0], value="x"), *each[1:]]),
        OPENINGS,
        {"MANIFEST"},
    ),
    Case(
        "opening of another leaf",
        lambda log, files: openings_of(KEPT, lambda _: log.openings[8])(log, files),
        OPENINGS,
        {"MANIFEST"},
    ),
    Case(
        "opening twice",
        openings_of(KEPT, lambda each: [each[0], *each]),
        {"OPENING_SYNTAX"},
    ),
    Case(
        "openings out of order",
        rows(lambda each: each.reverse(), "openings.jsonl"),
        {"OPENING_SYNTAX"},
        OPENINGS | {"MANIFEST"},
    ),
    Case(
        "openings of a leaf that is not there",
        rows(lambda each: each.append(each[-1].replace(b":9}", b":99}")), "openings.jsonl"),
        {"OPENING_SYNTAX"},
    ),
    Case(
        "opening that is no opening",
        openings_of(KEPT, lambda each: ["AAAA", *each]),
        {"OPENING_SYNTAX"},
    ),
    Case(
        "text redacted without a record",
        lambda log, files: rows(
            lambda each: each.__setitem__(
                8, canonical({"$redacted": standard(log.hash(8))}).encode()
            )
        )(log, files),
        {"REDACTED_WITHOUT_RECORD"},
        {"MANIFEST"},
    ),
    Case(
        "hash of a redacted leaf altered",
        rows(
            lambda each: each.__setitem__(
                REDACTED, canonical({"$redacted": standard(bytes(32))}).encode()
            )
        ),
        ROOT | {"REDACTED_WITHOUT_RECORD"},
        FORK,
    ),
    Case(
        "redacted leaf without a hash",
        rows(lambda each: each.__setitem__(REDACTED, b'{"$redacted":"AAAA"}')),
        ROOT | {"LEAF_SCHEMA"},
        FOLLOWING,
    ),
    Case(
        "other whitespace",
        replaced(KEPT, b":", b": "),
        ROOT | {"LEAF_NOT_CANONICAL"},
        FOLLOWING | OPENINGS,
    ),
    Case(
        "line ends of Windows",
        rows(lambda each: each.__setitem__(KEPT, each[KEPT] + b"\r")),
        ROOT | {"LEAF_NOT_CANONICAL"},
        FOLLOWING,
    ),
    Case(
        "key twice",
        replaced(KEPT, b"{", b'{"a":1,"a":2,'),
        ROOT | {"LEAF_DUPLICATE_KEY"},
        FOLLOWING,
    ),
    Case(
        "not UTF-8",
        replaced(KEPT, b"banner", b"bann\xff"),
        ROOT | {"LEAF_NOT_CANONICAL"},
        FOLLOWING,
    ),
    Case(
        "escaped for no reason",
        replaced(KEPT, b'"de"', b'"\\u0064e"'),
        ROOT | {"LEAF_NOT_CANONICAL"},
        FOLLOWING,
    ),
    Case(
        "no leaf", leaf(KEPT, decisions={"analytics": "perhaps"}), ROOT | {"LEAF_SCHEMA"}, FOLLOWING
    ),
    Case("no moment", replaced(KEPT, b"-11-", b"-13-"), ROOT | {"LEAF_SCHEMA"}, FOLLOWING),
    Case(
        "nested deep",
        rows(lambda each: each.__setitem__(KEPT, b"[" * 9000 + b"]" * 9000)),
        ROOT | {"LEAF_SCHEMA"},
        FOLLOWING,
    ),
    Case(
        "long line",
        rows(lambda each: each.__setitem__(KEPT, b"x" * 70_000)),
        ROOT | {"LINE_TOO_LONG"},
        FOLLOWING | {"LEAF_SCHEMA"},
    ),
    Case(
        "huge line",
        rows(
            lambda each: each.__setitem__(
                KEPT, random.Random(1).randbytes(1_000_000).hex().encode()
            )
        ),
        ROOT | {"LINE_TOO_LONG", "LEAF_COUNT"},
        FOLLOWING | {"REDACTED_WITHOUT_RECORD", "KEYS"},
    ),
    Case("leaf of another log", leaf(KEPT, log="log-test/news"), ROOT | {"LEAF_WRONG_LOG"}, FORK),
    Case("no newline at the end", content("events.jsonl", lambda data: data[:-1]), {"LINE_END"}),
    Case(
        "consistency proofs swapped",
        lambda _, files: {
            **files,
            "consistency/3-8": files["consistency/8-13"],
            "consistency/8-13": files["consistency/3-8"],
        },
        {"CONSISTENCY"},
    ),
    Case("no consistency proof", without("consistency/3-8"), {"CONSISTENCY"}),
    Case(
        "a proof of nothing",
        lambda _, files: {**files, "consistency/3-9": files["consistency/3-8"]},
        {"EXTRA_FILE"},
    ),
    Case(
        "earlier checkpoint of another size",
        lambda _, files: {**files, "checkpoints/8": files["checkpoints/3"]},
        {"CHECKPOINT"},
        {"CONSISTENCY", "EXTRA_FILE"},
    ),
    Case(
        "earlier checkpoint forged",
        lambda log, files: {
            **files,
            "checkpoints/8": Log(seed="forger", leaves=log.leaves).checkpoint(8).encode(),
        },
        {"CHECKPOINT_SIGNATURE"},
    ),
    Case("a file that has no place", lambda _, files: {**files, "notes.txt": b"x"}, {"EXTRA_FILE"}),
    *(
        Case(
            f"{ending} altered",
            lambda _, files, end=ending: content(  # type: ignore[misc]
                document(end)(files), lambda data: data + b" "
            )(_, files),
            {"BANNER_HASH" if ending == ".js" else "DOCUMENT_HASH"},
        )
        for ending in (".json", ".html", ".md", ".js")
        if ending != ".md"
    ),
    *(
        Case(
            f"{ending} absent",
            lambda _, files, end=ending: without(document(end)(files))(_, files),  # type: ignore[misc]
            {"DOCUMENT_MISSING"},
        )
        for ending in (".json", ".html")
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed anew", "as it is"])
def test_what_was_changed_is_told(case: Case, is_sealed: bool, tmp_path: Path) -> None:
    """Even where whoever changed it holds the export key, and names the files anew."""
    log, files = sound()
    changed = case.change(log, dict(files))
    kept = anchors(log.checkpoint(ANCHOR))
    report = checked(tmp_path, log.seal(changed) if is_sealed else changed, log, anchors=kept)
    found = errors(report)
    assert report.verdict is Verdict.BAD
    assert case.expected <= found, told(report)
    by_hash = set() if is_sealed else {"FILE_HASH", "FILE_MISSING", "EXTRA_FILE"}
    assert found <= case.expected | case.besides | by_hash, told(report)
    if not is_sealed:
        assert found & by_hash


def test_what_was_not_changed_holds(tmp_path: Path) -> None:
    log, files = sound()
    report = checked(tmp_path, files, log, anchors=anchors(log.checkpoint(ANCHOR)))
    assert not codes(report), told(report)
    assert report.verdict is Verdict.OK
    assert report.exit_code == 0


def test_an_opening_must_be_of_the_field_that_was_committed(tmp_path: Path) -> None:
    log = shop()
    priv, openings = log.commit(visitor="v", prev="p")
    priv["visitor"], priv["prev"] = priv["prev"], priv["visitor"]
    index = log.event(notice=log.publish_notice(2), priv=priv)
    log.openings[index] = openings
    report = checked(tmp_path, log.bundle(), log)
    assert errors(report) == {"OPENING_FIELD"}
    assert report.findings.counts["OPENING_FIELD"] == 2


def test_a_log_rewritten_with_its_real_key_shows_by_what_was_kept(tmp_path: Path) -> None:
    log = shop()
    kept, files = log.checkpoint(9), log.bundle(earlier=EARLIER)
    body = log.leaf(KEPT)
    body["decisions"] = {"analytics": "denied"}
    log.leaves[KEPT] = canonical(body).encode()
    rewritten = log.bundle(earlier=EARLIER)
    # Nothing inside shows it, which is why anchors are asked for.
    assert codes(checked(tmp_path, rewritten, log)) == {"NO_ANCHOR"}
    assert errors(checked(tmp_path, rewritten, log, anchors=anchors(kept))) == {"FORK"}
    rewritten["checkpoints/8"] = files["checkpoints/8"]
    assert errors(checked(tmp_path, log.seal(rewritten), log)) == {"CONSISTENCY"}


def test_a_log_cut_back_to_an_older_state_shows_by_what_was_kept(tmp_path: Path) -> None:
    log = shop()
    kept, size = log.checkpoint(), len(log.leaves)
    log.leaves = log.leaves[:9]
    log.openings = {index: each for index, each in log.openings.items() if index < 9}
    # The control leaves that explain what is missing were cut off as well.
    for index in (ERASED, RESTRICTED):
        log.openings[index] = []
    cut = Log(leaves=log.leaves[:4], documents=log.documents, now=log.now)
    files = cut.bundle()
    assert codes(checked(tmp_path, files, log)) == {"NO_ANCHOR"}
    assert errors(checked(tmp_path, files, log, anchors=anchors(kept))) == {"ROLLBACK"}
    assert errors(checked(tmp_path, files, log, min_size=size)) == {"ROLLBACK"}
    assert not errors(checked(tmp_path, files, log, min_size=4))


def test_a_dropped_row_does_not_flood_the_report(tmp_path: Path) -> None:
    log = shop(events=200)
    files = log.bundle()
    dropped = files["events.jsonl"].splitlines(keepends=True)
    files["events.jsonl"] = b"".join(dropped[:10] + dropped[11:])
    report = checked(tmp_path, log.seal(files), log)
    assert errors(report) == {"LEAF_COUNT", "ROOT_MISMATCH", "MANIFEST"}
    assert len(report.findings.listed) < 8


def test_many_of_a_kind_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    log = shop(events=200)
    files = log.bundle()
    files["openings.jsonl"] = b""
    report = checked(tmp_path, log.seal(files), log)
    assert report.findings.counts["OPENING_MISSING_WITHOUT_ERASURE"] == 197
    listed = [each for each in report.findings.listed if each.code.startswith("OPENING")]
    assert len(listed) == 20
    assert listed[0].index == 7


def flips(files: Files, *, every: int = 1) -> list[tuple[str, int]]:
    """Return files and bits: all of them in a long run, some of each file in a short one."""
    chance = random.Random(7)
    found = []
    for name, data in files.items():
        bits = range(0, len(data) * 8, every)
        found += [(name, bit) for bit in (bits if LONG else chance.sample(bits, 12))]
    return found


def flipped(files: Files, name: str, bit: int) -> Files:
    data = bytearray(files[name])
    data[bit // 8] ^= 1 << bit % 8
    return {**files, name: bytes(data)}


def small() -> tuple[Log, Files]:
    log = shop(events=4)
    return log, log.bundle(earlier=[5], first=1, count=7)


def test_every_flipped_bit_is_told(tmp_path: Path) -> None:
    log, files = small()
    assert not errors(checked(tmp_path, files, log))
    for name, bit in flips(files):
        report = checked(tmp_path, flipped(files, name, bit), log)
        if name == "manifest.json":
            # Without the file under its name, the keys that check the signature may be unknown.
            expected = {"MANIFEST", "MANIFEST_SIGNATURE", "FILE_MISSING"}
            assert errors(report) & expected, (name, bit)
        elif name == "manifest.note":
            assert errors(report) == {"MANIFEST_SIGNATURE"}, (name, bit)
        else:
            assert "FILE_HASH" in errors(report), (name, bit)


CONTENT = {
    "events.jsonl": {"ROOT_MISMATCH"},
    "openings.jsonl": {"OPENING_SYNTAX", "OPENING_MISMATCH", "OPENING_MISSING_WITHOUT_ERASURE"},
    "range.json": {"PROOF", "ROOT_MISMATCH"},
    "leaves.jsonl": {"PROOF"},
    "consistency": {"CONSISTENCY"},
    "documents": {"DOCUMENT_HASH"},
    "banners": {"BANNER_HASH"},
}


def test_every_flipped_bit_of_evidence_is_told_though_it_is_sealed_anew(tmp_path: Path) -> None:
    log, files = small()
    chosen = {name: files[name] for name in files if name.split("/")[0] in CONTENT}
    assert {name.split("/")[0] for name in chosen} == set(CONTENT)
    for name, bit in flips(chosen, every=5):
        report = checked(tmp_path, log.seal(flipped(files, name, bit)), log)
        assert errors(report) & CONTENT[name.split("/")[0]], (name, bit, told(report))


def test_files_are_named_by_what_is_in_them() -> None:
    _, files = sound()
    names = [name for name in files if name.startswith("documents/")]
    assert {name.split("/")[1][:64] for name in names} == {sha256(files[name]) for name in names}

"""Bundles of a part of the log, of single leaves, and without openings."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.evidence.building import Files, Log, canonical, shop, time
from tests.evidence.checking import anchors, checked, codes, errors, key_of, told


@pytest.mark.parametrize("first", range(13))
def test_any_part_of_a_log_holds(first: int, tmp_path: Path) -> None:
    log = shop()
    for end in range(first + 1, len(log.leaves) + 1):
        files = log.bundle(first=first, count=end - first, earlier=[3, 8])
        report = checked(tmp_path, files, log)
        assert codes(report) == {"NO_ANCHOR"}, told(report)


def test_a_part_must_fit_where_it_says(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle(first=4, count=5)
    moved = json.loads(files["manifest.json"])
    moved["range"] = {"count": 5, "first": 3}
    assert errors(checked(tmp_path, log.seal(files, moved), log)) & {"ROOT_MISMATCH", "PROOF"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"left":[],"right":[]}',
        '{"left":["AAAA"],"right":[]}',
        '{"left":1,"right":[]}',
        "[" * 5000,
    ],
)
def test_nodes_beside_a_part_must_be_all_of_them(text: str, tmp_path: Path) -> None:
    log = shop()
    files = log.bundle(first=4, count=5)
    files["range.json"] = text.encode()
    assert errors(checked(tmp_path, log.seal(files), log)) == {"PROOF", "ROOT_MISMATCH"}


def test_an_anchor_inside_a_part_is_compared_and_one_outside_is_not(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle(first=4, count=5)
    inside, outside = anchors(log.checkpoint(7)), anchors(log.checkpoint(11))
    assert not codes(checked(tmp_path, files, log, anchors=inside))
    assert codes(checked(tmp_path, files, log, anchors=outside)) == {"ANCHOR_NOT_COVERED"}
    other = Log(leaves=[*log.leaves[:5], log.leaves[0], log.leaves[0]], now=log.now)
    forked = anchors(other.checkpoint(7))
    assert errors(checked(tmp_path, files, log, anchors=forked)) == {"FORK"}
    proved = log.bundle(first=4, count=5, earlier=[11])
    assert not codes(checked(tmp_path, proved, log, anchors=outside))


def single(log: Log) -> Files:
    return log.bundle(indexes=[4, 6, 7, 9])


def test_single_leaves_hold(tmp_path: Path) -> None:
    log = shop()
    report = checked(tmp_path, single(log), log)
    assert codes(report) == {"NO_ANCHOR"}, told(report)
    assert report.facts["counts"] == {
        "control": 0,
        "erased_fields": 3,
        "events": 3,
        "redacted": 1,
    }
    assert report.facts["gone"] == {"erased": {"visitor": 3}, "redacted": {"retention": 1}}


def changed_line(files: Files, number: int, change: dict[str, object]) -> Files:
    lines = files["leaves.jsonl"].splitlines()
    lines[number] = canonical(json.loads(lines[number]) | change).encode()
    return {**files, "leaves.jsonl": b"".join(line + b"\n" for line in lines)}


@pytest.mark.parametrize(
    ("number", "change", "expected"),
    [
        (1, {"i": 5}, {"PROOF", "LEAF_COUNT"}),
        (1, {"proof": []}, {"PROOF"}),
        (1, {"leaf": "AAAA"}, {"PROOF", "LEAF_SCHEMA"}),
        (1, {"leaf": "AAB="}, {"PROOF", "LEAF_COUNT"}),
        (1, {"i": -1}, {"PROOF", "LEAF_COUNT"}),
        (1, {"i": 10**20}, {"PROOF", "LEAF_COUNT"}),
        (1, {"more": 1}, {"PROOF", "LEAF_COUNT"}),
        (2, {"$redacted": "A" * 43 + "="}, {"PROOF", "REDACTED_WITHOUT_RECORD"}),
    ],
)
def test_a_single_leaf_needs_its_proof(
    number: int, change: dict[str, object], expected: set[str], tmp_path: Path
) -> None:
    log = shop()
    report = checked(tmp_path, log.seal(changed_line(single(log), number, change)), log)
    assert expected <= errors(report), told(report)


def test_lines_of_single_leaves_stand_in_order_and_once(tmp_path: Path) -> None:
    log = shop()
    files = single(log)
    lines = files["leaves.jsonl"].splitlines(keepends=True)
    files["leaves.jsonl"] = b"".join([*lines, lines[1]])
    report = checked(tmp_path, log.seal(files), log)
    assert {"PROOF", "LEAF_DUPLICATE", "EVENT_ID_DUPLICATE"} <= errors(report)


def test_an_absent_single_leaf_is_missed(tmp_path: Path) -> None:
    log = shop()
    files = single(log)
    files["leaves.jsonl"] = b"".join(files["leaves.jsonl"].splitlines(keepends=True)[:-3])
    assert "LEAF_COUNT" in errors(checked(tmp_path, log.seal(files), log))


def test_an_event_that_is_not_asked_for_has_no_place(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle(indexes=[4, 7, 9])
    more = log.bundle(indexes=[4, 7, 8, 9])
    files["leaves.jsonl"] = more["leaves.jsonl"]
    assert "PROOF" in errors(checked(tmp_path, log.seal(files), log))


def test_what_became_of_a_leaf_must_be_told_beside_it(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle(indexes=[4])
    lines = files["leaves.jsonl"].splitlines(keepends=True)
    files["leaves.jsonl"] = b"".join(line for line in lines if b'"i":10,' not in line)
    report = checked(tmp_path, log.seal(files), log)
    assert errors(report) == {"OPENING_MISSING_WITHOUT_ERASURE"}


def test_a_restriction_explains_only_the_fields_that_it_names(tmp_path: Path) -> None:
    log = Log()
    log.genesis()
    index = log.event(notice=log.publish_notice())
    log.openings.pop(index)
    named = log.hash(index).hex()
    log.control("log.erasure", leaf=named, fields=["visitor"], reason="visitor")
    report = checked(tmp_path, log.bundle(), log)
    assert errors(report) == {"OPENING_MISSING_WITHOUT_ERASURE"}
    assert "claimed_at, prev" in report.findings.listed[0].message
    log.control("log.erasure", leaf=named, fields=["claimed_at", "prev"], reason="retention")
    assert not errors(checked(tmp_path, log.bundle(), log))


def test_withheld_openings_are_not_missed(tmp_path: Path) -> None:
    log = shop()
    report = checked(tmp_path, log.bundle(openings="withheld"), log)
    assert codes(report) == {"NO_ANCHOR"}
    assert report.facts["openings"] == "withheld"


@pytest.mark.parametrize(("seconds", "is_told"), [(60, False), (61, True)])
def test_a_leaf_far_behind_a_later_one_is_a_warning(
    seconds: int, is_told: bool, tmp_path: Path
) -> None:
    """The log promises to hold a leaf within 60 seconds."""
    log = shop()
    log.now += timedelta(seconds=seconds)
    log.control("site.closed")
    late = log.leaf(log.event(notice=log.publish_notice(2)))
    before = log.leaf(len(log.leaves) - 2)["ts"]
    moment = datetime.fromisoformat(before) - timedelta(seconds=seconds)
    log.leaves[-1] = canonical(late | {"ts": time(moment)}).encode()
    for files in (log.bundle(), log.bundle(first=1, count=len(log.leaves) - 1)):
        report = checked(tmp_path, files, log)
        assert codes(report) == ({"TIME_OUT_OF_ORDER"} if is_told else set()) | {"NO_ANCHOR"}
        if is_told:
            assert report.findings.listed[0].index == len(log.leaves) - 1


def test_a_banner_whose_code_is_not_known_is_a_warning(tmp_path: Path) -> None:
    log = shop()
    log.banners.clear()
    assert codes(checked(tmp_path, log.bundle(), log)) == {"BANNER_MISSING", "NO_ANCHOR"}


def test_many_processes_find_what_one_finds(tmp_path: Path) -> None:
    log = Log()
    log.genesis()
    notice = log.publish_notice()
    for number in range(14_000):
        index = log.event(notice=notice)
        if number % 100 == 0:
            log.erase(index)
    files = log.bundle(earlier=[5000])
    assert len(files["events.jsonl"]) > 8 * 2**20
    lines = files["events.jsonl"].splitlines(keepends=True)
    lines[9000] = lines[9000].replace(b"granted", b"denied")
    lines[700], lines[12_000] = lines[12_000], lines[700]
    files["events.jsonl"] = b"".join(lines)
    files = log.seal(files)
    one = checked(tmp_path, files, log, processes=1)
    two = checked(tmp_path, files, log, processes=2)
    assert {"ROOT_MISMATCH", "OPENING_MISMATCH"} <= errors(one)
    assert one.to_json() == two.to_json()
    assert key_of(log).text in one.facts["signed_by"]


def test_a_leaf_cannot_name_the_variant_of_another_notice(tmp_path: Path) -> None:
    log = Log()
    log.genesis()
    first, second = log.publish_notice(1), log.publish_notice(2)
    log.event(notice=first)
    assert codes(checked(tmp_path, log.bundle(), log)) == {"NO_ANCHOR"}
    log.event(notice={**first, "variant": second["variant"]})
    assert errors(checked(tmp_path, log.bundle(), log)) == {"DOCUMENT_MISMATCH"}

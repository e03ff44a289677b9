"""Receipts: by themselves, with their proof, and as what a bundle is held against."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from consent_service.core.notes import Verifier, parse_verifier_key
from consent_service.evidence import (
    AnchorError,
    ReceiptReport,
    Verdict,
    read_anchors,
    verify_receipt,
)
from tests.evidence.building import Log, canonical, jws, shop, urlsafe
from tests.evidence.checking import anchors, checked, codes, errors, key_of

EVENT = 7


def keys_of(log: Log) -> dict[str, bytes]:
    return {log.receipt_key.kid: log.receipt_key.public}


def verifiers_of(log: Log) -> list[Verifier]:
    return [key_of(log), parse_verifier_key(log.clock.vkey)]


def judged(content: str, log: Log, **options: Any) -> ReceiptReport:
    options = {"receipt_keys": keys_of(log), "verifiers": verifiers_of(log), **options}
    return verify_receipt(content, **options)


def test_the_file_of_a_receipt_holds_and_says_what_it_proves() -> None:
    log = shop()
    report = judged(log.receipt_file(EVENT), log)
    assert report.verdict is Verdict.OK
    facts, leaf = report.facts, log.leaf(EVENT)
    assert facts["id"] == leaf["id"]
    assert facts["log"] == "log-test/shop"
    assert facts["decisions"] == {"analytics": "granted"}
    assert facts["notice"] == leaf["notice"]
    assert facts["documents"] == leaf["documents"]
    assert (facts["index"], facts["size"]) == (EVENT, len(log.leaves))
    assert facts["time"] == "2026-11-23T10:01:31.000Z"
    assert set(facts["opened"]) == {"visitor", "prev", "claimed_at"}
    assert facts["opened"]["claimed_at"] == leaf["ts"]


def test_a_receipt_and_its_proof_may_be_apart() -> None:
    log = shop()
    receipt = log.receipt(EVENT)
    assert judged(receipt, log, proof=log.proof(EVENT)).verdict is Verdict.OK
    alone = judged(receipt, log)
    assert codes(alone) == {"NOT_SEALED_YET"}
    assert alone.exit_code == 3


def test_without_keys_a_receipt_is_weak() -> None:
    report = verify_receipt(shop().receipt_file(EVENT))
    assert codes(report) == {"NO_TRUSTED_KEY"}
    assert report.findings.counts["NO_TRUSTED_KEY"] == 2


def header(**changes: str) -> dict[str, str]:
    kid = Log().receipt_key.kid
    return {"alg": "Ed25519", "kid": kid, "typ": "consent-receipt+jwt"} | changes


def resigned(log: Log, head: dict[str, str], /, **changes: Any) -> str:
    claims = json.loads(decoded(log.receipt(EVENT).split(".")[1]))
    return jws(head, claims | changes, log.receipt_key.seed)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize(
    ("head", "changes", "code"),
    [
        (header(), {}, None),
        (header(alg="none"), {}, "RECEIPT_ALG"),
        (header(alg="EdDSA"), {}, "RECEIPT_ALG"),
        (header(alg="HS256"), {}, "RECEIPT_ALG"),
        (header(typ="JWT"), {}, "RECEIPT_ALG"),
        (header(crit="x"), {}, "RECEIPT_ALG"),
        (header(kid="x"), {}, "RECEIPT_SIGNATURE"),
        (header(), {"leaf": urlsafe(bytes(32))}, "RECEIPT"),
        (header(), {"jti": "01a207d9-e068-7ab5-a811-ea76424d48ce"}, "RECEIPT"),
        (header(), {"log": "log-test/news"}, "RECEIPT"),
        (header(), {"evt": {}}, "RECEIPT"),
        (header(), {"cp": {"size": 1}}, "RECEIPT"),
        (header(), {"mmd": 1.5}, "RECEIPT"),
        (header(), {"more": 1}, "RECEIPT"),
    ],
)
def test_a_receipt_must_be_what_the_log_signs(
    head: dict[str, str], changes: dict[str, Any], code: str | None
) -> None:
    log = shop()
    report = judged(resigned(log, head, **changes), log)
    assert errors(report) == ({code} if code else set())


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_a_receipt_can_be_changed(part: int) -> None:
    log = shop()
    parts = log.receipt(EVENT).split(".")
    for position in range(0, len(parts[part]), 7):
        text = parts[part]
        other = "A" if text[position] != "A" else "B"
        changed = [*parts]
        changed[part] = text[:position] + other + text[position + 1 :]
        assert errors(judged(".".join(changed), log)), (part, position)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a.b",
        "a.b.c",
        "é.é.é",
        "{",
        "{}",
        "[]",
        '{"format":"consent-receipt/2","receipt":"a.b.c"}',
        '{"format":"consent-receipt/1","receipt":1}',
        '{"format":"consent-receipt/1","receipt":"a.b.c","openings":[1]}',
        '{"format":"consent-receipt/1","receipt":"a.b.c","proof":1}',
        '{"format":"consent-receipt/1","format":"consent-receipt/1"}',
        "{" * 100_000,
        "x" * 300_000,
        '{"x":' * 3000,
    ],
)
def test_what_is_no_receipt_is_refused(content: str) -> None:
    report = judged(content, Log())
    assert errors(report) == {"RECEIPT"}
    assert report.facts == {}


def test_a_receipt_by_a_revoked_key_is_refused_from_then_on() -> None:
    log = shop()
    report = judged(log.receipt_file(EVENT), log)
    issued = report.facts["issued_at"]
    assert issued == log.leaf(EVENT)["ts"]
    kid = log.receipt_key.kid
    at = int(json.loads(decoded(log.receipt(EVENT).split(".")[1]))["iat"])
    assert errors(judged(log.receipt_file(EVENT), log, revoked={kid: at - 1})) == {
        "RECEIPT_SIGNATURE"
    }
    assert not errors(judged(log.receipt_file(EVENT), log, revoked={kid: at}))


def test_a_proof_must_be_of_this_event_and_by_this_log() -> None:
    log = shop()
    receipt = log.receipt(EVENT)
    assert errors(judged(receipt, log, proof=log.proof(8))) == {"RECEIPT_NOT_INCLUDED"}
    news = Log(site="news", leaves=log.leaves)
    found = errors(judged(receipt, log, proof=news.proof(EVENT), verifiers=[key_of(news)]))
    assert found == {"RECEIPT_NOT_INCLUDED"}
    forger = Log(seed="forger", leaves=log.leaves)
    assert errors(judged(receipt, log, proof=forger.proof(EVENT))) == {"CHECKPOINT_SIGNATURE"}
    edited = log.proof(EVENT).replace("\n13\n", "\n14\n")
    assert "CHECKPOINT_SIGNATURE" in errors(judged(receipt, log, proof=edited))
    assert errors(judged(receipt, log, proof="c2sp.org/tlog-proof@v1\n")) == {"PROOF"}


def test_openings_of_a_receipt_must_open_it() -> None:
    log = shop()
    other = canonical(
        {
            "format": "consent-receipt/1",
            "receipt": log.receipt(EVENT),
            "openings": [log.openings[8][0], log.openings[EVENT][0], "?"],
        }
    )
    report = judged(other, log)
    assert codes(report) == {"OPENING_MISMATCH", "OPENING_UNKNOWN", "NOT_SEALED_YET"}
    assert list(report.facts["opened"]) == ["visitor"]


def test_a_bundle_holds_what_receipts_promise(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle()
    assert not codes(checked(tmp_path, files, log, anchors=anchors(log.receipt(EVENT, 5))))
    kept = anchors(log.receipt_file(EVENT, size=5))
    assert len(kept) == 2
    assert not codes(checked(tmp_path, files, log, anchors=kept))


def test_a_receipt_shows_an_event_that_was_left_out(tmp_path: Path) -> None:
    log, honest = shop(), shop()
    index = honest.event(notice=honest.publish_notice(2))
    kept = anchors(honest.receipt(index, 5))
    soon = checked(tmp_path, log.bundle(at=honest.now), log, anchors=kept)
    assert codes(soon) == {"NOT_SEALED_YET"}
    for _ in range(10):
        log.control("retention.held", reason="audit")
    assert errors(checked(tmp_path, log.bundle(), log, anchors=kept)) == {"RECEIPT_NOT_INCLUDED"}
    part = log.bundle(first=4, count=9)
    assert codes(checked(tmp_path, part, log, anchors=kept)) >= {"RECEIPT_NOT_COVERED"}


def test_a_receipt_shows_a_fork_and_a_rollback(tmp_path: Path) -> None:
    log = shop()
    other = Log(leaves=[*log.leaves[:5], log.leaves[0], *log.leaves[6:]], now=log.now)
    forked = log.receipt(EVENT, 9, cp={"root": urlsafe(other.root(9)), "size": 9})
    assert errors(checked(tmp_path, log.bundle(), log, anchors=anchors(forked))) == {"FORK"}
    ahead = log.receipt(EVENT, 0, cp={"root": urlsafe(bytes(32)), "size": 99})
    assert errors(checked(tmp_path, log.bundle(), log, anchors=anchors(ahead))) == {"ROLLBACK"}


def test_a_receipt_that_is_none_of_the_log_is_no_anchor(tmp_path: Path) -> None:
    log, news = shop(), Log(site="news")
    news.genesis()
    foreign = anchors(news.receipt(news.event(notice=news.publish_notice())))
    assert errors(checked(tmp_path, log.bundle(), log, anchors=foreign)) == {"ANCHOR"}
    forged = anchors(jws(header(), json.loads(decoded(log.receipt(7).split(".")[1])), "forger"))
    assert errors(checked(tmp_path, log.bundle(), log, anchors=forged)) == {"RECEIPT_SIGNATURE"}


def test_a_receipt_of_an_earlier_epoch_says_nothing_of_this_one(tmp_path: Path) -> None:
    first = shop()
    second = Log(epoch=2, now=first.now)
    previous = {"origin": first.tree, "size": 13, "root": base64.b64encode(first.root()).decode()}
    second.genesis(previous=previous)
    report = checked(tmp_path, second.bundle(), second, anchors=anchors(first.receipt(7, 5)))
    assert codes(report) == {"ANCHOR_NOT_COVERED"}


@pytest.mark.parametrize("content", ["", "x", "x\n\n— a b\n", "{}", "a.b.c", "log\n1\n\n"])
def test_what_cannot_be_an_anchor_is_refused(content: str) -> None:
    with pytest.raises(AnchorError):
        read_anchors("kept", content)

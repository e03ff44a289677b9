"""Whose keys are accepted, who must have signed, and how old a bundle may be."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.evidence import PolicyError, Verdict, parse_policy
from tests.evidence.building import START, Log, Signer, shop, time
from tests.evidence.checking import anchors, checked, codes, errors, key_of, told


def test_without_a_trusted_key_a_bundle_is_weak(tmp_path: Path) -> None:
    report = checked(tmp_path, shop().bundle())
    assert codes(report) == {"NO_TRUSTED_KEY", "NO_ANCHOR"}
    assert (report.verdict, report.exit_code) == (Verdict.WEAK, 3)


def test_a_key_of_another_log_is_none_of_this_one(tmp_path: Path) -> None:
    other = Log(site="news")
    report = checked(tmp_path, shop().bundle(), verifiers=[key_of(other)])
    assert "CHECKPOINT_SIGNATURE" in errors(report)


def test_a_forger_with_the_right_names_does_not_pass(tmp_path: Path) -> None:
    log, forged = shop(), Log(seed="forger")
    forged.genesis()
    report = checked(tmp_path, forged.bundle(), verifiers=[key_of(log)])
    assert {"CHECKPOINT_SIGNATURE", "MANIFEST_SIGNATURE"} <= errors(report)


def rotated(*, revoke_at: str | None = None) -> tuple[Log, Signer, Signer]:
    """Return a log whose checkpoint key gave way to another, and both keys."""
    log = shop()
    old, new = log.checkpoint_keys[0], Signer(log.tree, "the next key")
    log.checkpoint_keys = [old, new]
    log.control("log.key_rotation", keys=log.keys(), revoked=[])
    if revoke_at:
        log.checkpoint_keys = [new]
        revoked = [{"use": "checkpoint", "kid": old.kid, "revoked_at": revoke_at}]
        log.control("log.key_rotation", keys=log.keys(), revoked=revoked)
    return log, old, new


def signed_by(log: Log, size: int, *signers: Signer) -> bytes:
    text = log.checkpoint(size).partition("\n\n")[0] + "\n"
    at = int(log.now.timestamp())
    return (text + "\n" + "".join(each.line(text, at) for each in signers)).encode()


def test_the_log_names_the_keys_that_follow(tmp_path: Path) -> None:
    """Whoever trusts the first key reads on: a checkpoint of it holds the leaf with the next."""
    log, old, new = rotated(revoke_at=time(START + timedelta(hours=1)))
    size = len(log.leaves) - 1
    files = log.bundle(earlier=[5, size])
    files["checkpoints/5"] = signed_by(log, 5, old, log.clock)
    files[f"checkpoints/{size}"] = signed_by(log, size, old, new, log.clock)
    files = log.seal(files)
    first = Log()
    assert codes(checked(tmp_path, files, first)) == {"NO_ANCHOR"}
    assert codes(checked(tmp_path, files, log)) == {"NO_ANCHOR"}
    kept = anchors(signed_by(log, 5, old, log.clock).decode())
    assert not codes(checked(tmp_path, files, log, anchors=kept))


def test_a_next_key_that_no_trusted_key_vouches_for_is_not_taken(tmp_path: Path) -> None:
    log, _, new = rotated(revoke_at=time(START))
    files = log.bundle(earlier=[5])
    files["checkpoints/5"] = signed_by(log, 5, new, log.clock)
    report = checked(tmp_path, log.seal(files), Log())
    assert "CHECKPOINT_SIGNATURE" in errors(report)


@pytest.mark.parametrize(("hours", "is_refused"), [(-1, True), (1, False)])
def test_a_key_signs_no_longer_than_until_it_was_revoked(
    hours: int, is_refused: bool, tmp_path: Path
) -> None:
    log, old, _ = rotated(revoke_at=time(START + timedelta(hours=hours)))
    files = log.bundle(earlier=[5])
    files["checkpoints/5"] = signed_by(log, 5, old, log.clock)
    report = checked(tmp_path, log.seal(files), log)
    assert errors(report) == ({"CHECKPOINT_SIGNATURE"} if is_refused else set()), told(report)
    files["checkpoint"] = signed_by(log, len(log.leaves), old, log.clock)
    report = checked(tmp_path, log.seal(files), verifiers=[key_of(Log()), key_of(log)])
    assert ("CHECKPOINT_SIGNATURE" in errors(report)) is is_refused


def test_a_revoked_export_key_signs_no_bundle(tmp_path: Path) -> None:
    log = shop()
    old = log.export
    log.export = Signer(old.name, "the next export key")
    revoked = [{"use": "export", "kid": old.kid, "revoked_at": time(START)}]
    log.control("log.key_rotation", keys=log.keys(), revoked=revoked)
    assert not errors(checked(tmp_path, log.bundle(), log))
    log.export = old
    assert errors(checked(tmp_path, log.bundle(), log)) == {"MANIFEST_SIGNATURE"}


def test_a_log_that_does_not_name_its_keys_is_refused(tmp_path: Path) -> None:
    log = Log()
    log.control("retention.held", reason="audit")
    report = checked(tmp_path, log.bundle(), log)
    assert errors(report) == {"KEYS", "MANIFEST_SIGNATURE"}


def test_keys_in_a_leaf_must_be_keys_of_this_log(tmp_path: Path) -> None:
    log = Log()
    wrong = [{"use": "export", "kid": "x", "key": Signer("other/export", "x").vkey}]
    log.control("log.genesis", epoch=1, mmd=60, keys=[*log.keys(), *wrong])
    assert errors(checked(tmp_path, log.bundle(), log)) == {"KEYS"}


def test_without_a_clock_the_age_is_not_known(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle()
    files["checkpoint"] = signed_by(log, len(log.leaves), *log.checkpoint_keys)
    report = checked(tmp_path, log.seal(files), log)
    assert codes(report) == {"NO_TIME", "NO_ANCHOR"}
    assert report.verdict is Verdict.WEAK


def test_the_manifest_states_the_time_of_the_checkpoint(tmp_path: Path) -> None:
    log = shop()
    files = log.bundle()
    files["checkpoint"] = log.checkpoint(at=START + timedelta(days=1)).encode()
    assert errors(checked(tmp_path, log.seal(files), log)) == {"MANIFEST"}


def test_a_bundle_that_is_older_than_asked_for_is_stale(tmp_path: Path) -> None:
    log = shop()
    files, kept = log.bundle(), anchors(log.checkpoint())
    later = log.now + timedelta(hours=25)
    fresh = checked(tmp_path, files, log, anchors=kept, max_age=26 * 3600, now=later)
    assert fresh.verdict is Verdict.OK
    stale = checked(tmp_path, files, log, anchors=kept, max_age=24 * 3600, now=later)
    assert codes(stale) == {"STALE"}
    assert stale.exit_code == 3


def witnessed(*names: str) -> Log:
    log = shop()
    log.witnesses = [Signer(name, name, 4) for name in names]
    return log


def policy_of(log: Log, quorum: str) -> str:
    keys = "".join(f"witness {n} {Signer(n, n, 4).vkey} https://x.example\n" for n in "abc")
    groups = "group two 2 a b c\ngroup all all a b c\ngroup any any a two\n"
    return f"# trust\nlog {log.checkpoint_keys[0].vkey}\n\n{keys}{groups}quorum {quorum}\n"


@pytest.mark.parametrize(
    ("names", "quorum", "is_reached"),
    [
        ("", "none", True),
        ("", "any", False),
        ("a", "a", True),
        ("b", "a", False),
        ("a", "two", False),
        ("ac", "two", True),
        ("bc", "any", True),
        ("ab", "all", False),
        ("abc", "all", True),
    ],
)
def test_so_many_witnesses_sign_as_the_policy_asks_for(
    names: str, quorum: str, is_reached: bool, tmp_path: Path
) -> None:
    log = witnessed(*names)
    report = checked(tmp_path, log.bundle(), policy=parse_policy(policy_of(log, quorum)))
    assert errors(report) == (set() if is_reached else {"COSIGNATURE_QUORUM"})
    assert report.facts["witnesses"] == list(names)


def test_a_witness_whose_signature_does_not_hold_counts_as_none(tmp_path: Path) -> None:
    log = witnessed("a")
    files = log.bundle()
    lines = files["checkpoint"].decode().splitlines(keepends=True)
    other = Signer("a", "a", 4).line("another text\n", 1)
    files["checkpoint"] = "".join([*lines[:-1], other]).encode()
    report = checked(tmp_path, log.seal(files), policy=parse_policy(policy_of(log, "a")))
    assert errors(report) == {"COSIGNATURE_QUORUM"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("quorum none\n", ""), "no quorum"),
        (lambda text: text + "quorum a\n", "second quorum"),
        (lambda text: text.replace("quorum none", "quorum z"), "not named before"),
        (lambda text: text.replace("two 2", "two 4"), "a group needs"),
        (lambda text: text.replace("two 2", "two 0"), "a group needs"),
        (lambda text: text.replace("two 2", "two \u0662"), "a group needs"),
        (lambda text: text.replace("group two", "group a"), "taken"),
        (lambda text: text.replace("group two", "group none"), "taken"),
        (lambda text: text.replace("2 a b c", "2 a a c"), "twice"),
        (lambda text: text.replace("2 a b c", "2 a b z"), "not named before"),
        (lambda text: "log x\n" + text, "line 1"),
        (lambda text: "trust me\n" + text, "not a line of a policy"),
        (lambda text: "#\n" * 1001 + text, "1000 lines"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(
    change: Callable[[str], str], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        parse_policy(change(policy_of(shop(), "none")))

"""RFC 3161 time stamps, by an authority that OpenSSL makes for the test."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent_service.evidence import timestamps
from tests.evidence.building import Files, Log, shop
from tests.evidence.checking import checked, codes, errors
from tests.support.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stamps") / "authority")


def stamped(log: Log, authority: Authority, **changes: bytes) -> Files:
    files = log.bundle()
    response = changes.get("response") or authority.stamp(files["checkpoint"])
    return log.seal(files | {"checkpoint.tsr": response, "tsa.pem": authority.stamper})


def test_a_stamp_tells_when_a_checkpoint_was_there(authority: Authority, tmp_path: Path) -> None:
    log = Log(now=datetime.now(UTC).replace(microsecond=0))
    log.genesis()
    log.now = datetime.now(UTC).replace(microsecond=0)
    report = checked(tmp_path, stamped(log, authority), log, authority=authority.root)
    assert codes(report) == {"NO_ANCHOR"}
    assert report.facts["timestamp"] >= report.facts["time"]


def test_a_checkpoint_cannot_be_later_than_its_stamp(authority: Authority, tmp_path: Path) -> None:
    log = Log(now=datetime(2999, 1, 1, tzinfo=UTC))
    log.genesis()
    report = checked(tmp_path, stamped(log, authority), log, authority=authority.root)
    assert errors(report) == {"TIMESTAMP"}


def test_a_stamp_of_something_else_does_not_hold(authority: Authority, tmp_path: Path) -> None:
    log = shop()
    response = authority.stamp(b"something else")
    files = stamped(log, authority, response=response)
    report = checked(tmp_path, files, log, authority=authority.root)
    assert errors(report) == {"TIMESTAMP"}


def test_a_stamp_of_another_authority_does_not_hold(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    log = shop()
    report = checked(tmp_path, stamped(log, authority), log, authority=other.root)
    assert errors(report) == {"TIMESTAMP"}


@pytest.mark.parametrize("response", [b"x", b"0" * 1000])
def test_what_is_no_stamp_is_refused(response: bytes, authority: Authority, tmp_path: Path) -> None:
    log = shop()
    files = stamped(log, authority, response=response)
    assert errors(checked(tmp_path, files, log, authority=authority.root)) == {"TIMESTAMP"}
    assert errors(checked(tmp_path, files, log, authority=b"no PEM")) == {"TIMESTAMP"}


def test_a_stamp_that_is_asked_for_must_be_there(authority: Authority, tmp_path: Path) -> None:
    log = shop()
    assert errors(checked(tmp_path, log.bundle(), log, authority=authority.root)) == {"TIMESTAMP"}


def test_a_stamp_that_nobody_checks_is_a_warning(authority: Authority, tmp_path: Path) -> None:
    log = shop()
    report = checked(tmp_path, stamped(log, authority), log)
    assert codes(report) == {"TIMESTAMP_UNCHECKED", "NO_ANCHOR"}


def test_without_the_extra_package_a_stamp_is_not_taken_as_good(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(timestamps.TimestampError, match="install the extra timestamps"):
        timestamps.check_timestamp(b"", b"", authority.root, b"")

"""The visitor's country: what proxies and the file say, and when it is believed."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs

from consent_service.core.places import Place
from consent_service.http.country import PlaceFinder
from consent_service.http.country_file import CHECK_SECONDS, CountryFile, open_countries
from consent_service.http.peers import Peers
from consent_service.settings import load_settings
from tests.support.mmdb import country, write_mmdb

RECORDS = {
    "192.0.2.0/24": country("DE", "BE"),
    "198.51.100.0/24": country("US", "CA"),
    "203.0.113.0/25": country("JP"),
    "203.0.113.128/25": {"registered_country": {"iso_code": "FR"}},
    "2001:db8::/48": country("IT"),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> CountryFile:
    return CountryFile(write_mmdb(tmp_path_factory.mktemp("mmdb") / "countries.mmdb", RECORDS))


def found(
    peer: str | None,
    headers: Mapping[str, str] | list[tuple[str, str]],
    *,
    trusted: str = "loopback, 10.0.0.0/8",
    header: str | None = "CF-IPCountry",
    file: CountryFile | None = None,
) -> Place | None:
    """Return the place of a request that comes from `peer`."""
    networks = load_settings({"CONSENT_TRUSTED_PROXIES": trusted}).trusted_proxies
    finder = PlaceFinder(Peers(networks), header, file)
    base = {} if peer is None else {"REMOTE_ADDR": peer}
    with Flask(__name__).test_request_context(headers=headers, environ_base=base):
        return finder.find()


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "::ffff:10.1.2.3"])
def test_the_header_of_a_trusted_proxy_is_believed(peer: str) -> None:
    assert found(peer, {"CF-IPCountry": "DE"}) == Place("DE")
    assert found(peer, {"CF-IPCountry": " US-CA "}) == Place("US", "US-CA")


@pytest.mark.parametrize("peer", ["11.0.0.1", "203.0.113.7", "::2", "::ffff:11.0.0.1", "", None])
def test_a_forged_header_of_anyone_else_is_ignored(peer: str | None) -> None:
    forged = {"CF-IPCountry": "US", "X-Forwarded-For": "198.51.100.7"}
    assert found(peer, forged) is None


def test_by_default_nobody_is_trusted(file: CountryFile) -> None:
    headers = {"CF-IPCountry": "US", "X-Forwarded-For": "198.51.100.7"}
    assert found("127.0.0.1", headers, trusted="", file=file) is None


@pytest.mark.parametrize(
    "value", ["", "XX", "T1", "de", "DEU", "D", "DE,FR", "DE, DE", "DE;q=1", "\u200bDE", "-", "US-"]
)
def test_a_header_that_names_no_single_country_says_nothing(value: str) -> None:
    assert found("127.0.0.1", {"CF-IPCountry": value}) is None


def test_a_header_that_comes_twice_says_nothing() -> None:
    headers = [("CF-IPCountry", "DE"), ("CF-IPCountry", "US")]
    assert found("127.0.0.1", headers) is None


@pytest.mark.parametrize(
    ("forwarded", "place"),
    [
        ("192.0.2.9", Place("DE", "DE-BE")),
        ("192.0.2.9:50123", Place("DE", "DE-BE")),
        ("::ffff:192.0.2.9", Place("DE", "DE-BE")),
        ("2001:db8::1", Place("IT")),
        ("[2001:db8::1]", Place("IT")),
        ("[2001:db8::1]:443", Place("IT")),
        ("198.51.100.1, 192.0.2.9", Place("DE", "DE-BE")),
        ("198.51.100.1, 192.0.2.9, 10.0.0.1, 127.0.0.1", Place("DE", "DE-BE")),
        ("203.0.113.1", Place("JP")),
        ("203.0.113.200", None),
        ("100.64.0.1", None),
        ("192.0.2.9, unknown", None),
        ("192.0.2.9, ", None),
        ("192.0.2.9, [2001:db8::1", None),
        ("192.0.2.9, 1.2.3.4.5", None),
        ("192.0.2.9, _hidden", None),
        ("10.0.0.1, 127.0.0.1", None),
        ("", None),
    ],
)
def test_the_address_is_the_rightmost_that_no_trusted_proxy_has(
    file: CountryFile, forwarded: str, place: Place | None
) -> None:
    assert found("127.0.0.1", {"X-Forwarded-For": forwarded}, file=file) == place


def test_without_a_proxy_the_address_is_that_of_the_connection(file: CountryFile) -> None:
    assert found("192.0.2.9", {"X-Forwarded-For": "198.51.100.1"}, file=file) == Place(
        "DE", "DE-BE"
    )


def test_the_header_goes_before_the_file_where_it_says_something(file: CountryFile) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.9"}
    assert found("::1", {**forwarded, "CF-IPCountry": "GB"}, file=file) == Place("GB")
    assert found("::1", {**forwarded, "CF-IPCountry": "XX"}, file=file) == Place("DE", "DE-BE")
    assert found("::1", forwarded, file=file) == Place("DE", "DE-BE")


@pytest.mark.parametrize(
    "record",
    [
        {"country": "DE"},
        {"country": {"iso_code": 49}},
        {"country": {"iso_code": "EU"}},
        {"country": {}},
        "DE",
    ],
)
def test_a_record_without_a_country_says_nothing(tmp_path: Path, record: object) -> None:
    path = write_mmdb(tmp_path / "odd.mmdb", {"1.0.0.0/24": country("DE"), "2.0.0.0/24": record})
    assert CountryFile(path).find(ip_address("2.0.0.1")) is None


def test_an_odd_subdivision_leaves_the_country(tmp_path: Path) -> None:
    odd: list[object] = [[], ["BE"], "BE", [{"iso_code": "long name"}], [{}]]
    for subdivisions in odd:
        record = {"country": {"iso_code": "DE"}, "subdivisions": subdivisions}
        path = write_mmdb(tmp_path / "odd.mmdb", {"1.0.0.0/24": record})
        assert CountryFile(path).find(ip_address("1.0.0.1")) == Place("DE")


@pytest.mark.parametrize("content", [None, b"", b"no database at all"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "countries.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((OSError, ValueError), match=r"countries\.mmdb"):
        open_countries(path)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    record = {"autonomous_system_number": 64496}
    path = write_mmdb(tmp_path / "asn.mmdb", {"1.0.0.0/24": record})
    with pytest.raises(ValueError, match=r"asn\.mmdb holds no `country\.iso_code`"):
        open_countries(path)


def replace(path: Path, content: bytes) -> None:
    """Put another file in the place of one, as its updaters do."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)


def test_a_replaced_file_takes_over_within_a_minute(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "countries.mmdb", {"1.0.0.0/24": country("DE")})
    other = write_mmdb(tmp_path / "other.mmdb", {"1.0.0.0/24": country("FR")})
    now = [0.0]
    file = CountryFile(path, lambda: now[0])
    replace(path, other.read_bytes())
    now[0] = CHECK_SECONDS - 1
    assert file.find(ip_address("1.0.0.1")) == Place("DE")
    now[0] = CHECK_SECONDS
    assert file.find(ip_address("1.0.0.1")) == Place("FR")


def test_a_broken_replacement_does_not_take_over_and_is_logged_without_addresses(
    tmp_path: Path,
) -> None:
    path = write_mmdb(tmp_path / "countries.mmdb", {"1.0.0.0/24": country("DE")})
    now = [0.0]
    file = CountryFile(path, lambda: now[0])
    replace(path, b"half a file")
    now[0] = CHECK_SECONDS
    with capture_logs() as logs:
        assert file.find(ip_address("1.0.0.1")) == Place("DE")
        assert file.find(ip_address("1.0.0.1")) == Place("DE")
    assert len(logs) == 1
    assert "1.0.0.1" not in str(logs)
    path.unlink()
    now[0] = 2 * CHECK_SECONDS
    assert file.find(ip_address("1.0.0.1")) == Place("DE")

"""Settings: every wrong one is named at once, and a misspelt one is not taken for an absent one."""

from pathlib import Path

import pytest

from consent_service.core.errors import SettingsError
from consent_service.settings import load_settings
from tests.support.mmdb import country, write_mmdb


def wrong(environ: dict[str, str]) -> set[str]:
    """Return the variables that are named as wrong, each of which the message names too."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    assert all(field.field in caught.value.detail for field in caught.value.fields)
    return {field.field for field in caught.value.fields}


def test_with_none_set_everything_lives_in_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.data_dir == tmp_path / "consent-data"
    assert settings.database_url == f"sqlite:///{tmp_path}/consent-data/consent.db"
    assert settings.migration_url == settings.database_url
    assert settings.keys_dir == tmp_path / "consent-data/keys"
    assert settings.log_name is None
    assert settings.on_sqlite


def test_every_wrong_variable_is_named_at_once() -> None:
    assert wrong(
        {
            "CONSENT_DATABASE_URL": "mysql://db/consent",
            "CONSENT_DATABASE_MIGRATION_URL": "oracle://db",
            "CONSENT_PUBLIC_URL": "consent.example.com",
            "CONSENT_BIND": "8000",
            "CONSENT_LOG_NAME": "Not A Name",
            "CONSENT_WORKERS": "0",
            "CONSENT_THREADS": "many",
            "CONSENT_LOG_LEVEL": "chatty",
            "CONSENT_DATABSE_URL": "sqlite:///x.db",
        }
    ) == {
        "CONSENT_DATABASE_URL",
        "CONSENT_DATABASE_MIGRATION_URL",
        "CONSENT_PUBLIC_URL",
        "CONSENT_BIND",
        "CONSENT_LOG_NAME",
        "CONSENT_WORKERS",
        "CONSENT_THREADS",
        "CONSENT_LOG_LEVEL",
        "CONSENT_DATABSE_URL",
    }


def test_an_unknown_name_of_ours_is_refused() -> None:
    assert wrong({"CONSENT_PUBLIC_URI": "https://x.example"}) == {"CONSENT_PUBLIC_URI"}


def test_names_that_are_not_ours_are_left_alone() -> None:
    load_settings({"PATH": "/bin", "CONSENTS": "1", "MY_CONSENT_BIND": "nowhere"})


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ftp://x.example",
        "https://",
        "https://x.example/?a=b",
        "https://x.example/#a",
        "x",
        "http://[::1",
    ],
)
def test_a_public_address_must_be_one(value: str) -> None:
    assert wrong({"CONSENT_PUBLIC_URL": value}) == {"CONSENT_PUBLIC_URL"}


def test_a_public_address_may_have_a_path_and_loses_its_last_slash() -> None:
    settings = load_settings({"CONSENT_PUBLIC_URL": "https://x.example/consent/"})
    assert settings.public_url == "https://x.example/consent"


@pytest.mark.parametrize("value", ["", "8000", ":8000", "host:", "host:0", "host:65536", "host:²"])
def test_an_address_to_bind_has_host_and_port(value: str) -> None:
    assert wrong({"CONSENT_BIND": value}) == {"CONSENT_BIND"}


@pytest.mark.parametrize("value", ["", "-log", "Log", "a/b", "a" * 64, "log\n", "lög"])
def test_a_log_name_fits_into_an_origin(value: str) -> None:
    assert wrong({"CONSENT_LOG_NAME": value}) == {"CONSENT_LOG_NAME"}


def test_a_separate_owner_of_the_tables_can_be_named() -> None:
    settings = load_settings(
        {
            "CONSENT_DATABASE_URL": "postgresql://service@db/consent",
            "CONSENT_DATABASE_MIGRATION_URL": "postgresql://owner@db/consent",
        }
    )
    assert settings.migration_url == "postgresql://owner@db/consent"
    assert settings.database_url == "postgresql://service@db/consent"
    assert not settings.on_sqlite


def test_the_same_names_can_stand_in_a_toml_file(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('CONSENT_LOG_NAME = "from-file"\nCONSENT_THREADS = 3\n')
    settings = load_settings({"CONSENT_CONFIG": str(file)})
    assert settings.log_name == "from-file"
    assert settings.threads == 3


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('CONSENT_LOG_NAME = "from-file"\n')
    environ = {"CONSENT_CONFIG": str(file), "CONSENT_LOG_NAME": "from-environment"}
    assert load_settings(environ).log_name == "from-environment"


def test_wrong_values_in_the_file_are_named_with_those_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('CONSENT_WORKERS = "two"\nCONSENT_WOKERS = 2\n')
    environ = {"CONSENT_CONFIG": str(file), "CONSENT_BIND": "x"}
    assert wrong(environ) == {"CONSENT_WORKERS", "CONSENT_WOKERS", "CONSENT_BIND"}


def test_any_name_in_the_file_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('BIND = "0.0.0.0:80"\n[consent]\nthreads = 3\n')
    assert wrong({"CONSENT_CONFIG": str(file)}) == {"BIND", "consent"}


@pytest.mark.parametrize("content", [None, b"CONSENT_BIND = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "consent.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="CONSENT_CONFIG"):
        load_settings({"CONSENT_CONFIG": str(file)})


def test_only_what_is_handed_in_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSENT_THREADS", "77")
    assert load_settings({}).threads == 8


def test_reading_settings_leaves_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CONSENT_THREADS", "5")
    load_settings({"CONSENT_THREADS": "6", "CONSENT_LOG_NAME": "x"})
    assert load_settings().threads == 5
    assert load_settings().log_name is None


def test_by_default_no_proxy_is_trusted_and_no_country_is_known() -> None:
    settings = load_settings({})
    assert settings.trusted_proxies == ()
    assert settings.country_header is None
    assert settings.country_file is None


def test_trusted_proxies_are_networks_addresses_and_a_word() -> None:
    settings = load_settings(
        {
            "CONSENT_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,2001:db8::/32 , loopback",
            "CONSENT_COUNTRY_HEADER": "CF-IPCountry",
        }
    )
    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
        "127.0.0.0/8",
        "::1/128",
    ]
    assert settings.country_header == "CF-IPCountry"


@pytest.mark.parametrize(
    "value",
    ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8;", ",", "0.0.0.0/0", "::/0", "*"],
)
def test_what_is_no_network_or_is_all_of_them_is_not_trusted(value: str) -> None:
    assert wrong({"CONSENT_TRUSTED_PROXIES": value}) == {"CONSENT_TRUSTED_PROXIES"}


@pytest.mark.parametrize("value", ["", "CF IPCountry", "Länge", "X:", "a\n"])
def test_a_country_header_has_the_name_of_a_header(value: str) -> None:
    environ = {"CONSENT_TRUSTED_PROXIES": "loopback", "CONSENT_COUNTRY_HEADER": value}
    assert wrong(environ) == {"CONSENT_COUNTRY_HEADER"}


def test_a_country_header_without_trusted_proxies_is_a_mistake() -> None:
    assert wrong({"CONSENT_COUNTRY_HEADER": "CF-IPCountry"}) == {"CONSENT_COUNTRY_HEADER"}


def test_a_country_file_is_looked_into_at_start(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "countries.mmdb", {"192.0.2.0/24": country("DE")})
    assert load_settings({"CONSENT_COUNTRY_FILE": str(path)}).country_file == path
    path.write_bytes(path.read_bytes()[:50])
    assert wrong({"CONSENT_COUNTRY_FILE": str(path)}) == {"CONSENT_COUNTRY_FILE"}
    assert wrong({"CONSENT_COUNTRY_FILE": str(tmp_path)}) == {"CONSENT_COUNTRY_FILE"}
    assert wrong({"CONSENT_COUNTRY_FILE": str(tmp_path / "none")}) == {"CONSENT_COUNTRY_FILE"}

"""Settings: `CONSENT_*` variables, or the same names in a TOML file named by `CONSENT_CONFIG`."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError
from marshmallow import ValidationError, validate

from consent_service.core.errors import FieldError, SettingsError
from consent_service.http.country_file import open_countries

SETTINGS = (
    "CONSENT_DATA_DIR",
    "CONSENT_DATABASE_URL",
    "CONSENT_DATABASE_MIGRATION_URL",
    "CONSENT_PUBLIC_URL",
    "CONSENT_BIND",
    "CONSENT_LOG_NAME",
    "CONSENT_KEYS_DIR",
    "CONSENT_ANCHOR_FILE",
    "CONSENT_WITNESSES",
    "CONSENT_TIMESTAMP_URL",
    "CONSENT_TIMESTAMP_CA",
    "CONSENT_TRUSTED_PROXIES",
    "CONSENT_COUNTRY_HEADER",
    "CONSENT_COUNTRY_FILE",
    "CONSENT_ADDRESS_LIMIT",
    "CONSENT_SITE_LIMIT",
    "CONSENT_WORKERS",
    "CONSENT_THREADS",
    "CONSENT_LOG_LEVEL",
)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LOG_NAME = validate.Regexp(
    r"^[a-z0-9][a-z0-9.-]{0,62}\Z", error="must be lower-case letters, digits, dots and hyphens"
)
_HEADER = validate.Regexp(r"^[A-Za-z0-9-]+\Z", error="must be the name of a header")
_LIMIT = validate.Range(0, 10_000_000)
_LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. The role in `migration_url` owns the tables."""

    data_dir: Path
    database_url: str
    migration_url: str
    public_url: str
    bind: str
    log_name: str | None
    keys_dir: Path
    anchor_file: Path
    witnesses: Path | None
    timestamp_url: str | None
    timestamp_ca: Path | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    country_header: str | None
    country_file: Path | None
    address_limit: int
    site_limit: int
    workers: int
    threads: int
    log_level: str

    @property
    def on_sqlite(self) -> bool:
        """True where the database is the embedded one, which one web process writes."""
        return self.database_url.startswith("sqlite")

    @property
    def run_dir(self) -> Path:
        """Where running processes leave what they share, such as metrics."""
        return self.data_dir / "run"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: naming every variable that is wrong.
    """
    in_file = _from_file(environ.get("CONSENT_CONFIG"))
    values = {**in_file, **environ}
    unknown = sorted({*in_file, *_consent_names(environ)} - {*SETTINGS, "CONSENT_CONFIG"})
    env = Env(eager=False)
    loaded = _read(env, values)
    problems = [FieldError(name, "is no setting of this service") for name in unknown]
    try:
        env.seal()
    except EnvValidationError as error:
        problems += [
            FieldError(name, "; ".join(messages))
            for name, messages in cast("Mapping[str, list[str]]", error.error_messages).items()
        ]
    if loaded["country_header"] and not loaded["trusted_proxies"]:
        message = "is believed from trusted proxies only: set CONSENT_TRUSTED_PROXIES"
        problems.append(FieldError("CONSENT_COUNTRY_HEADER", message))
    if bool(loaded["timestamp_url"]) != bool(loaded["timestamp_ca"]):
        message = "CONSENT_TIMESTAMP_URL and CONSENT_TIMESTAMP_CA go together: set both or neither"
        problems.append(FieldError("CONSENT_TIMESTAMP_URL", message))
    if problems:
        lines = "".join(f"\n  {each.field}: {each.message}" for each in problems)
        raise SettingsError(f"these settings are wrong:{lines}", problems)
    return _complete(loaded)


def _read(env: Env, values: Mapping[str, str]) -> dict[str, Any]:
    """Let environs read our values; it looks at the process's environment only."""
    before = dict(os.environ)
    for name in _consent_names(before):
        del os.environ[name]
    os.environ.update({name: values[name] for name in _consent_names(values)})
    try:
        return {
            "data_dir": env.path("CONSENT_DATA_DIR", Path("consent-data")),
            "database_url": env.str("CONSENT_DATABASE_URL", "", validate=_database_url),
            "migration_url": env.str("CONSENT_DATABASE_MIGRATION_URL", "", validate=_database_url),
            "public_url": env.str(
                "CONSENT_PUBLIC_URL", "http://127.0.0.1:8000", validate=_public_url
            ),
            "bind": env.str("CONSENT_BIND", "127.0.0.1:8000", validate=_bind),
            "log_name": env.str("CONSENT_LOG_NAME", None, validate=_LOG_NAME),
            "keys_dir": env.path("CONSENT_KEYS_DIR", None),
            "anchor_file": env.path("CONSENT_ANCHOR_FILE", None),
            "witnesses": env.path("CONSENT_WITNESSES", None),
            "timestamp_url": env.str("CONSENT_TIMESTAMP_URL", None, validate=_public_url),
            "timestamp_ca": env.path("CONSENT_TIMESTAMP_CA", None),
            "trusted_proxies": env.str("CONSENT_TRUSTED_PROXIES", "", validate=_networks),
            "country_header": env.str("CONSENT_COUNTRY_HEADER", None, validate=_HEADER),
            "country_file": env.path("CONSENT_COUNTRY_FILE", None, validate=_country_file),
            "address_limit": env.int("CONSENT_ADDRESS_LIMIT", 120, validate=_LIMIT),
            "site_limit": env.int("CONSENT_SITE_LIMIT", 0, validate=_LIMIT),
            "workers": env.int("CONSENT_WORKERS", 2, validate=validate.Range(1, 64)),
            "threads": env.int("CONSENT_THREADS", 8, validate=validate.Range(1, 256)),
            "log_level": env.str(
                "CONSENT_LOG_LEVEL", "info", validate=validate.OneOf(["debug", "info", "warning"])
            ),
        }
    finally:
        os.environ.clear()
        os.environ.update(before)


def _complete(loaded: dict[str, Any]) -> Settings:
    data_dir = loaded["data_dir"].resolve()
    database_url = loaded["database_url"] or f"sqlite:///{data_dir / 'consent.db'}"
    keys_dir = (loaded["keys_dir"] or data_dir / "keys").resolve()
    return Settings(
        **{
            **loaded,
            "data_dir": data_dir,
            "database_url": database_url,
            "migration_url": loaded["migration_url"] or database_url,
            "public_url": loaded["public_url"].rstrip("/"),
            "keys_dir": keys_dir,
            "anchor_file": (loaded["anchor_file"] or keys_dir / "anchor.json").resolve(),
            "trusted_proxies": _networks(loaded["trusted_proxies"]),
            "country_file": loaded["country_file"] and loaded["country_file"].resolve(),
            "witnesses": loaded["witnesses"] and loaded["witnesses"].resolve(),
            "timestamp_ca": loaded["timestamp_ca"] and loaded["timestamp_ca"].resolve(),
        }
    )


def _from_file(path: str | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"CONSENT_CONFIG: {path} cannot be read: {error}") from error
    return {name: str(value) for name, value in data.items()}


def _consent_names(values: Mapping[str, str]) -> list[str]:
    prefixes = ("CONSENT_TEST_", "CONSENT_RUN_")
    return [n for n in values if n.startswith("CONSENT_") and not n.startswith(prefixes)]


def _database_url(value: str) -> None:
    if value and not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValidationError("must begin with sqlite:/// or postgresql://")


def _public_url(value: str) -> None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValidationError("must be an address such as https://consent.example.com")


def _bind(value: str) -> None:
    host, _, port = value.rpartition(":")
    if not host or not _PORT.fullmatch(port) or int(port) > 65535:
        raise ValidationError("must be HOST:PORT such as 127.0.0.1:8000")


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks in a list with commas; the word `loopback` stands for this machine."""
    named = [each.strip() for each in value.split(",")] if value.strip() else []
    texts = [text for each in named for text in (_LOOPBACK if each == "loopback" else (each,))]
    try:
        networks = tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ValidationError(
            "must be networks or addresses such as 10.0.0.0/8, with commas between them, "
            f"or the word loopback: {error}"
        ) from error
    if any(network.prefixlen == 0 for network in networks):
        raise ValidationError("must not trust every address there is")
    return networks


def _country_file(value: Path) -> None:
    try:
        open_countries(value).close()
    except (OSError, ValueError) as error:
        raise ValidationError(
            f"must be a MaxMind DB file of countries or cities: {error}"
        ) from error

"""A MaxMind DB file of countries or cities, looked up by address. Nothing keeps the address."""

import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from typing import Any

import maxminddb
from structlog import get_logger

from consent_service.core.places import Place, place_of

CHECK_SECONDS = 60
_PROBED = 1000
_log = get_logger("consent_service.http")


class CountryFile:
    """The file, opened once, and again when another one took its place.

    `monotonic` counts seconds.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Open the file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no MaxMind DB file that holds countries.
        """
        self._path = path
        self._monotonic = monotonic
        self._version = _version(path)
        self._reader = open_countries(path)
        self._checked_at = monotonic()

    def find(self, address: IPv4Address | IPv6Address) -> Place | None:
        """Return where an address is, None where the file does not say."""
        self._follow()
        try:
            record = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None
        return _place(record)

    def _follow(self) -> None:
        """Open the file anew when it was replaced. One that is broken does not take over."""
        now = self._monotonic()
        if now - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = now
        try:
            version = _version(self._path)
            if version != self._version:
                self._version, self._reader = version, open_countries(self._path)
        except (OSError, ValueError) as error:
            _log.warning("the country file is not usable; the previous one stays", error=str(error))


def open_countries(path: Path) -> maxminddb.Reader:
    """Open a MaxMind DB file and check that it holds countries.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no MaxMind DB file, or holds something else.
    """
    try:
        reader = maxminddb.open_database(path)
        records = [record for _, record in islice(reader, _PROBED)]
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(f"{path} is no MaxMind DB file") from error
    if not any(map(_place, records)):
        raise ValueError(f"{path} holds no `country.iso_code`")
    return reader


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _place(record: Any) -> Place | None:
    country = _code(_member(record, "country"))
    subdivisions = _member(record, "subdivisions")
    region = _code(subdivisions[0]) if isinstance(subdivisions, list) and subdivisions else ""
    return (place_of(f"{country}-{region}") if region else None) or place_of(country)


def _code(record: Any) -> str:
    code = _member(record, "iso_code")
    return code if isinstance(code, str) else ""


def _member(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, Mapping) else None

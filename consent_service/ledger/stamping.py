"""Asks an authority for time stamps (RFC 3161) of checkpoints."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from consent_service.core.errors import SettingsError
from consent_service.evidence.timestamps import TimestampError, check_timestamp
from consent_service.ledger.outgoing import CallFailedError, Post

_MEDIA = "application/timestamp-query"


class StampError(Exception):
    """A stamp that could not be had, or does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who stamps: its address, and its certificates in PEM, by which a stamp is checked."""

    url: str
    certificates: bytes


def read_authority(url: str, certificates: Path) -> Authority:
    """Return the authority of the settings.

    Raises:
        SettingsError: the file cannot be read, or the optional package is not installed.
    """
    if find_spec("rfc3161_client") is None:
        raise SettingsError(
            "CONSENT_TIMESTAMP_URL needs the package rfc3161-client: install "
            "consent-service[timestamps]"
        )
    try:
        return Authority(url=url, certificates=certificates.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"CONSENT_TIMESTAMP_CA: {certificates} cannot be read: {error.strerror}"
        ) from error


def stamp(content: bytes, authority: Authority, post: Post) -> bytes:
    """Return an authority's stamp of some bytes, in DER; it is checked before.

    Raises:
        StampError: there is none, or it does not hold.
    """
    from rfc3161_client import TimestampRequestBuilder  # noqa: PLC0415 - an optional package

    query = TimestampRequestBuilder().data(content).build()
    try:
        reply = post(authority.url, query.as_bytes(), _MEDIA)
        if reply.status != 200:
            raise StampError(f"{authority.url} answered {reply.status}")
        check_timestamp(reply.body, content, authority.certificates, authority.certificates)
    except (CallFailedError, TimestampError) as error:
        raise StampError(str(error)) from error
    return reply.body

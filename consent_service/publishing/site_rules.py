"""The rules for values of a site's folder: keys, addresses, origins, names, lengths."""

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, validate

from consent_service.notices.localised import Localised
from consent_service.publishing.direction import TURNED, is_turned

# In a browser every object has a member of that name.
KEY = validate.Regexp(
    r"^(?!constructor\Z)[a-z][a-z0-9_-]{0,31}\Z",
    error="must be lower-case letters, digits, - or _, and not the word constructor",
)
SITE_KEY = validate.Regexp(
    r"^[a-z][a-z0-9-]{0,31}\Z", error="must be lower-case letters, digits or -"
)
LOCALE = validate.Regexp(
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="must be a tag such as en or pt-BR"
)
COUNTRY = validate.Regexp(r"^[A-Z]{2}\Z", error="must be an ISO 3166 code such as DE")
WEB_ADDRESS = validate.URL(
    schemes={"http", "https"},
    require_tld=False,
    error="must be an address such as https://www.example.com/",
)
COOKIE_DOMAIN = validate.Regexp(
    r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z",
    error="must be a domain such as example.com, in lower case",
)
STORAGE_KEY = validate.Regexp(
    r"^[^*]{1,199}\*?\Z", error="must be a key, or how keys begin with * at the end"
)
EVENT = validate.Regexp(
    r"^[A-Za-z][A-Za-z0-9_.-]{0,63}\Z", error="must be a name such as consent_update"
)
CMP_ID = validate.Range(
    2, 4095, error="must be the id that the IAB gave your CMP; 0 and 1 stand for none"
)
CMP_VERSION = validate.Range(1, 4095, error="must lie between {min} and {max}")
VENDOR = validate.Range(1, 65535, error="must be the number of a vendor")
IAB_PURPOSE = validate.Range(1, 24, error="must be the number of an IAB purpose, 1 to 24")
RULE = validate.Regexp(
    r"^[a-z][a-z-]{0,63}\Z", error="must be the name of a rule, such as bundled-with-terms"
)
REASON = validate.Length(
    min=20, max=2000, error="must say in 20 to 2000 characters why the finding does no harm"
)
SHORT = validate.Length(min=1, max=200, error="must have 1 to 200 characters")
LONG = validate.Length(min=1, max=4000, error="must have 1 to 4000 characters")
SUMMARY = validate.Length(max=2000, error="must have at most 2000 characters")
SOME = validate.Length(min=1, max=200, error="must name 1 to 200 things")
REVISION = validate.Range(min=1, error="must be 1 or more")
LEGAL_BASES = (
    "consent",
    "not_required",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
)
USES = ("statistics", "appearance")
GPP_SECTIONS = tuple(
    f"us{state}"
    for state in (
        *("nat", "ca", "va", "co", "ut", "ct", "fl", "mt", "or", "tx", "de"),
        *("ia", "ne", "nh", "nj", "tn", "mn", "md", "in", "ky", "ri"),
    )
)
_HOST = r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
ORIGIN = rf"^https?://{_HOST}(:[1-9][0-9]{{0,4}})?$"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_HOST}(:(?P<port>[1-9][0-9]{{0,4}}))?")
DURATION = r"^(session|[1-9][0-9]{0,4} (second|minute|hour|day|week|month|year)s?)$"
_DEFAULT_PORTS = {"http": 80, "https": 443}
COLOUR = validate.Regexp(
    r"^#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z",
    error="must be a colour such as #1f6f54",
)
LENGTH = validate.Regexp(
    r"^\d{1,3}(\.\d{1,2})?(px|rem|em)\Z", error="must be a length such as 10px or 0.5rem"
)


def exact_origin(value: str) -> None:
    """Check that a value is an origin as browsers send it: scheme, host, port, nothing else."""
    found = _ORIGIN.fullmatch(value)
    if found is None:
        raise ValidationError("must be an origin such as https://www.example.com, in lower case")
    scheme, port = found["scheme"], found["port"]
    if port and (int(port) > 65535 or int(port) == _DEFAULT_PORTS[scheme]):
        raise ValidationError(f"has a port that no browser sends with {scheme}: {port}")


def unturned(value: str | Localised) -> None:
    """Check that a name reads as it is written: nobody is to take it for another one."""
    texts = value.texts.values() if isinstance(value, Localised) else (value,)
    if any(map(is_turned, texts)):
        raise ValidationError(TURNED)


def one_of(choices: Iterable[str]) -> validate.OneOf:
    """Return the rule that a value is one of these."""
    return validate.OneOf(list(choices), error="must be one of: {choices}")


def between(least: int, most: int) -> validate.Range:
    """Return the rule that a number lies between two, both included."""
    return validate.Range(least, most, error="must lie between {min} and {max}")


def different(values: list[Any]) -> None:
    """Check that no value stands twice."""
    repeated = sorted({str(value) for value in values if values.count(value) > 1})
    if repeated:
        raise ValidationError(f"names {', '.join(repeated)} twice")

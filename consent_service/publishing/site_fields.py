"""The kinds of fields of a site's folder: texts by locale, durations, keys, origins."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from consent_service.notices.localised import EVERY_LOCALE, Duration, Localised

KEY = validate.Regexp(
    r"^[a-z][a-z0-9_-]{0,31}\Z", error="must be lower-case letters, digits, - or _"
)
SITE_KEY = validate.Regexp(
    r"^[a-z][a-z0-9-]{0,31}\Z", error="must be lower-case letters, digits or -"
)
LOCALE = validate.Regexp(
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="must be a tag such as en or pt-BR"
)
COUNTRY = validate.Regexp(r"^[A-Z]{2}\Z", error="must be an ISO 3166 code such as DE")
WEB_ADDRESS = validate.URL(schemes={"http", "https"}, require_tld=False)
RULE = validate.Regexp(
    r"^[a-z][a-z-]{0,63}\Z", error="must be the name of a rule, such as bundled-with-terms"
)
REASON = validate.Length(
    min=20, max=2000, error="must say in 20 to 2000 characters why the finding does no harm"
)
SHORT = validate.Length(min=1, max=200)
LONG = validate.Length(min=1, max=4000)
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
_HOST = r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
ORIGIN = rf"^https?://{_HOST}(:[1-9][0-9]{{0,4}})?$"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_HOST}(:(?P<port>[1-9][0-9]{{0,4}}))?")
DURATION = r"^(session|[1-9][0-9]{0,4} (second|minute|hour|day|week|month|year)s?)$"
_DEFAULT_PORTS = {"http": 80, "https": 443}
COLOUR = validate.Regexp(r"^#[0-9a-fA-F]{3,8}\Z")
LENGTH = validate.Regexp(r"^\d{1,3}(\.\d{1,2})?(px|rem|em)\Z")


class LocalisedText(fields.Field[Localised]):
    """A text, or a mapping of locales to texts."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Localised:
        texts = {EVERY_LOCALE: value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not texts:
            raise ValidationError("must be a text or a mapping of locales to texts")
        for locale, text in texts.items():
            if not isinstance(locale, str):
                raise ValidationError(f"has a locale that YAML reads as {locale}: quote it")
            if locale != EVERY_LOCALE:
                LOCALE(locale)
            if not isinstance(text, str) or not text.strip():
                raise ValidationError(f"the text in {locale} is empty")
            LONG(text)
        return Localised({locale: text.strip() for locale, text in texts.items()})


class DurationText(fields.Field[Duration]):
    """`session`, or a count and a unit."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Duration:
        try:
            return Duration.parse(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


def exact_origin(value: str) -> None:
    """Check that a value is an origin as browsers send it: scheme, host, port, nothing else."""
    found = _ORIGIN.fullmatch(value)
    if found is None:
        raise ValidationError("must be an origin such as https://www.example.com, in lower case")
    scheme, port = found["scheme"], found["port"]
    if port and (int(port) > 65535 or int(port) == _DEFAULT_PORTS[scheme]):
        raise ValidationError(f"has a port that no browser sends with {scheme}: {port}")


def different(values: list[str]) -> None:
    """Check that no value stands twice."""
    if len(set(values)) < len(values):
        raise ValidationError("names something twice")

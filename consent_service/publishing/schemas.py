"""The schema of site.yaml and of a document's front matter. Unknown fields are refused."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from consent_service.documents.model import Accept
from consent_service.http.fields import FlatDict, StrictBoolean, StrictInteger
from consent_service.notices.localised import EVERY_LOCALE, Duration, Localised
from consent_service.notices.profiles import all_profiles

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
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_COLOUR = r"#[0-9a-fA-F]{3,8}"
_LENGTH = r"\d{1,3}(\.\d{1,2})?(px|rem|em)"


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


class ControllerSchema(Schema):
    name = fields.String(required=True, validate=SHORT)
    address = fields.String(required=True, validate=SHORT)
    email = fields.Email(required=True)
    phone = fields.String(required=True, validate=SHORT)
    url = fields.String(validate=WEB_ADDRESS)
    representative = fields.String(validate=SHORT)
    dpo = fields.String(validate=SHORT)


class AuthoritySchema(Schema):
    name = LocalisedText(required=True)
    url = fields.String(validate=WEB_ADDRESS)


class EmbedSchema(Schema):
    mode = fields.String(validate=validate.OneOf(["external", "path", "subdomain"]), required=True)
    base_url = fields.String(validate=WEB_ADDRESS, load_default=None)
    cookie_domain = fields.String(validate=SHORT, load_default=None)


class ThemeSchema(Schema):
    accent = fields.String(validate=validate.Regexp(f"^{_COLOUR}\\Z"))
    on_accent = fields.String(validate=validate.Regexp(f"^{_COLOUR}\\Z"))
    radius = fields.String(validate=validate.Regexp(f"^{_LENGTH}\\Z"))


class StorageSchema(Schema):
    location = fields.List(fields.String(validate=COUNTRY), required=True, validate=SHORT)
    retention = DurationText(required=True)


class PurposeSchema(Schema):
    key = fields.String(required=True, validate=KEY)
    legal_basis = fields.String(required=True, validate=validate.OneOf(LEGAL_BASES))
    name = LocalisedText(required=True)
    description = LocalisedText(required=True)
    exemption = LocalisedText()
    use = fields.String(validate=validate.OneOf(USES))
    sale_or_sharing = StrictBoolean(load_default=False)
    data_categories = fields.List(LocalisedText(), required=True, validate=SHORT)
    special_categories = fields.List(LocalisedText(), load_default=list)
    recipients = fields.List(LocalisedText(), required=True)
    storage = fields.Nested(StorageSchema, required=True)
    revision = StrictInteger(load_default=1, validate=validate.Range(min=1))


class ProviderSchema(Schema):
    name = fields.String(required=True, validate=SHORT)
    address = fields.String(validate=SHORT)
    country = fields.String(required=True, validate=COUNTRY)
    policy_url = fields.String(validate=WEB_ADDRESS)


class CookieSchema(Schema):
    name = fields.String(required=True, validate=SHORT)
    domain = fields.String(required=True, validate=SHORT)
    duration = DurationText(required=True)
    description = LocalisedText(required=True)


class ServiceSchema(Schema):
    key = fields.String(required=True, validate=KEY)
    purpose = fields.String(required=True, validate=KEY)
    name = fields.String(required=True, validate=SHORT)
    provider = fields.Nested(ProviderSchema, required=True)
    description = LocalisedText(required=True)
    cookies = fields.List(fields.Nested(CookieSchema), load_default=list)
    revision = StrictInteger(load_default=1, validate=validate.Range(min=1))


class RetentionSchema(Schema):
    consent_days = StrictInteger(load_default=185, validate=validate.Range(1, 365))
    refusal_days = StrictInteger(load_default=185, validate=validate.Range(1, 730))
    proof_months = StrictInteger(load_default=36, validate=validate.Range(1, 240))


class WaiverSchema(Schema):
    rule = fields.String(required=True, validate=RULE)
    officer = fields.Email(required=True)
    reason = fields.String(required=True, validate=REASON)


class SiteSchema(Schema):
    """site.yaml."""

    key = fields.String(required=True, validate=SITE_KEY)
    name = fields.String(required=True, validate=SHORT)
    managed_by = fields.String(
        load_default="folder", validate=validate.OneOf(["folder", "console"])
    )
    controller = fields.Nested(ControllerSchema, required=True)
    authority = fields.Nested(AuthoritySchema, load_default=dict)
    jurisdiction = fields.String(required=True, validate=COUNTRY)
    origins = fields.List(fields.String(validate=exact_origin), required=True, validate=SHORT)
    embed = fields.Nested(
        EmbedSchema, load_default=lambda: EmbedSchema().load({"mode": "external"})
    )
    locales = fields.List(
        fields.String(validate=LOCALE), required=True, validate=[SHORT, different]
    )
    profiles = fields.List(
        fields.String(validate=validate.OneOf(all_profiles())), required=True, validate=SHORT
    )
    layout = fields.String(load_default="bar", validate=validate.OneOf(["bar", "box", "dialog"]))
    theme = fields.Nested(ThemeSchema, load_default=dict)
    texts = FlatDict(
        fields.String(validate=LOCALE),
        FlatDict(fields.String(), fields.String(validate=LONG)),
        load_default=dict,
    )
    purposes = fields.List(fields.Nested(PurposeSchema), required=True)
    services = fields.List(fields.Nested(ServiceSchema), load_default=list)
    withdrawal = LocalisedText(required=True)
    retention = fields.Nested(RetentionSchema, load_default=lambda: RetentionSchema().load({}))
    erasure = fields.String(load_default="erase", validate=validate.OneOf(["erase"]))
    child_directed = StrictBoolean(load_default=False)
    waivers = fields.List(fields.Nested(WaiverSchema), load_default=list)


class FrontMatterSchema(Schema):
    """What stands above a document's text."""

    title = fields.String(required=True, validate=SHORT)
    summary = fields.String(load_default="", validate=validate.Length(max=2000))
    effective_at = fields.AwareDateTime(format="iso")
    material = StrictBoolean()
    affects = fields.List(fields.String(validate=KEY))
    accept = fields.Enum(Accept, by_value=True)
    author = fields.String(validate=SHORT)


site_schema = SiteSchema()
front_matter_schema = FrontMatterSchema()

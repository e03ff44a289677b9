"""The schema of site.yaml and of a document's front matter. Unknown fields are refused."""

from marshmallow import Schema, fields, validate

from consent_service.documents.model import Accept
from consent_service.http.fields import FlatDict, Moment, StrictBoolean, StrictInteger
from consent_service.notices.profiles import all_profiles
from consent_service.notices.texts import text_keys
from consent_service.publishing.site_fields import (
    COLOUR,
    COUNTRY,
    KEY,
    LEGAL_BASES,
    LENGTH,
    LOCALE,
    LONG,
    ORIGIN,
    REASON,
    RULE,
    SHORT,
    SITE_KEY,
    USES,
    WEB_ADDRESS,
    DurationText,
    LocalisedText,
    different,
    exact_origin,
)


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
    accent = fields.String(validate=COLOUR)
    on_accent = fields.String(validate=COLOUR)
    radius = fields.String(validate=LENGTH)


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
    origins = fields.List(
        fields.String(validate=exact_origin, metadata={"pattern": ORIGIN}),
        required=True,
        validate=SHORT,
    )
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
        FlatDict(fields.String(metadata={"enum": text_keys()}), fields.String(validate=LONG)),
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
    effective_at = Moment()
    material = StrictBoolean()
    affects = fields.List(fields.String(validate=KEY))
    accept = fields.Enum(Accept, by_value=True)
    author = fields.String(validate=SHORT)


site_schema = SiteSchema()
front_matter_schema = FrontMatterSchema()

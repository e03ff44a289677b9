"""The schema of site.yaml and of a document's front matter. Unknown fields are refused."""

from marshmallow import fields

from consent_service.documents.model import Accept
from consent_service.http.fields import FlatDict, Moment, StrictBoolean, StrictInteger
from consent_service.notices.drafting import FIRST, STORED
from consent_service.notices.profiles import all_profiles
from consent_service.notices.texts import text_keys
from consent_service.publishing.signal_schemas import SignalsSchema
from consent_service.publishing.site_fields import (
    BaseAddress,
    DurationText,
    Email,
    LocalisedText,
    Part,
    Text,
)
from consent_service.publishing.site_rules import (
    COLOUR,
    COOKIE_DOMAIN,
    COUNTRY,
    IAB_PURPOSE,
    KEY,
    LEGAL_BASES,
    LENGTH,
    LOCALE,
    LONG,
    ORIGIN,
    REASON,
    REVISION,
    RULE,
    SHORT,
    SITE_KEY,
    SOME,
    STORAGE_KEY,
    SUMMARY,
    USES,
    VENDOR,
    WEB_ADDRESS,
    between,
    different,
    exact_origin,
    one_of,
    unturned,
)

NAME = (SHORT, unturned)


class ControllerSchema(Part):
    name = Text(required=True, validate=NAME)
    address = Text(required=True, validate=SHORT)
    email = Email(required=True)
    phone = Text(required=True, validate=SHORT)
    url = Text(validate=WEB_ADDRESS)
    representative = Text(validate=SHORT)
    dpo = Text(validate=SHORT)


class AuthoritySchema(Part):
    name = LocalisedText(required=True, validate=unturned)
    url = Text(validate=WEB_ADDRESS)


class EmbedSchema(Part):
    mode = Text(validate=one_of(["external", "path", "subdomain"]), required=True)
    base_url = BaseAddress(validate=WEB_ADDRESS, load_default=None)
    cookie_domain = Text(validate=COOKIE_DOMAIN, load_default=None)


class ThemeSchema(Part):
    accent = Text(validate=COLOUR)
    on_accent = Text(validate=COLOUR)
    radius = Text(validate=LENGTH)


class StorageSchema(Part):
    location = fields.List(Text(validate=COUNTRY), required=True, validate=SOME)
    retention = DurationText(required=True)


class PurposeSchema(Part):
    key = Text(required=True, validate=KEY)
    legal_basis = Text(required=True, validate=one_of(LEGAL_BASES))
    name = LocalisedText(required=True, validate=unturned)
    description = LocalisedText(required=True)
    exemption = LocalisedText()
    use = Text(validate=one_of(USES))
    sale_or_sharing = StrictBoolean(load_default=False)
    data_categories = fields.List(LocalisedText(), required=True, validate=SOME)
    special_categories = fields.List(LocalisedText(), load_default=list)
    recipients = fields.List(LocalisedText(), required=True)
    storage = fields.Nested(StorageSchema, required=True)
    revision = StrictInteger(load_default=1, validate=REVISION)
    tcf_purposes = fields.List(StrictInteger(validate=IAB_PURPOSE), validate=[SOME, different])


class ProviderSchema(Part):
    name = Text(required=True, validate=NAME)
    address = Text(validate=SHORT)
    country = Text(required=True, validate=COUNTRY)
    policy_url = Text(validate=WEB_ADDRESS)


class CookieSchema(Part):
    name = Text(required=True, validate=SHORT)
    domain = Text(required=True, validate=SHORT)
    duration = DurationText(required=True)
    description = LocalisedText(required=True)


class ServiceSchema(Part):
    key = Text(required=True, validate=KEY)
    purpose = Text(required=True, validate=KEY)
    name = Text(required=True, validate=NAME)
    provider = fields.Nested(ProviderSchema, required=True)
    description = LocalisedText(required=True)
    cookies = fields.List(fields.Nested(CookieSchema), load_default=list)
    storage = fields.List(Text(validate=STORAGE_KEY), validate=[SOME, different])
    revision = StrictInteger(load_default=1, validate=REVISION)
    tcf_vendor = StrictInteger(validate=VENDOR)


class RetentionSchema(Part):
    consent_days = StrictInteger(load_default=185, validate=between(1, 365))
    refusal_days = StrictInteger(load_default=185, validate=between(1, 730))
    proof_months = StrictInteger(load_default=36, validate=between(1, 240))
    openings_days = StrictInteger(validate=between(1, 7300))


class WaiverSchema(Part):
    rule = Text(required=True, validate=RULE)
    officer = Email(required=True)
    reason = Text(required=True, validate=REASON)


class SiteSchema(Part):
    """site.yaml."""

    key = Text(required=True, validate=SITE_KEY)
    name = Text(required=True, validate=NAME)
    managed_by = Text(load_default="folder", validate=one_of(["folder", "console"]))
    controller = fields.Nested(ControllerSchema, required=True)
    authority = fields.Nested(AuthoritySchema, load_default=dict)
    jurisdiction = Text(required=True, validate=COUNTRY)
    origins = fields.List(
        Text(validate=exact_origin, metadata={"pattern": ORIGIN}),
        required=True,
        validate=[SOME, different],
    )
    embed = fields.Nested(
        EmbedSchema, load_default=lambda: EmbedSchema().load({"mode": "external"})
    )
    locales = fields.List(Text(validate=LOCALE), required=True, validate=[SOME, different])
    profiles = fields.List(Text(validate=one_of(all_profiles())), required=True, validate=SOME)
    layout = Text(load_default="bar", validate=one_of(["bar", "box", "dialog"]))
    placement = Text(load_default=FIRST, validate=one_of([FIRST, "last"]))
    release = Text(load_default=STORED, validate=one_of([STORED, "click"]))
    theme = fields.Nested(ThemeSchema, load_default=dict)
    texts = FlatDict(
        Text(validate=LOCALE),
        FlatDict(Text(metadata={"enum": text_keys()}), Text(validate=LONG)),
        load_default=dict,
    )
    purposes = fields.List(fields.Nested(PurposeSchema), required=True)
    services = fields.List(fields.Nested(ServiceSchema), load_default=list)
    signals = fields.Nested(SignalsSchema, load_default=dict)
    withdrawal = LocalisedText(required=True)
    retention = fields.Nested(RetentionSchema, load_default=lambda: RetentionSchema().load({}))
    erasure = Text(load_default="erase", validate=one_of(["erase", "restrict"]))
    erasure_reason = LocalisedText()
    log = Text(load_default="public", validate=one_of(["public", "on-request"]))
    child_directed = StrictBoolean(load_default=False)
    waivers = fields.List(fields.Nested(WaiverSchema), load_default=list)


class FrontMatterSchema(Part):
    """What stands above a document's text."""

    title = Text(required=True, validate=NAME)
    summary = Text(load_default="", validate=SUMMARY)
    effective_at = Moment()
    material = StrictBoolean()
    affects = fields.List(Text(validate=KEY))
    accept = fields.Enum(Accept, by_value=True)
    author = Text(validate=NAME)


site_schema = SiteSchema()
front_matter_schema = FrontMatterSchema()

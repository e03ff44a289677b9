"""The schema of `signals` in site.yaml. Absent means switched off."""

from marshmallow import fields

from consent_service.http.fields import StrictBoolean, StrictInteger
from consent_service.notices.signals import ADVANCED
from consent_service.publishing.files import VENDOR_LIST
from consent_service.publishing.site_fields import Part, Text
from consent_service.publishing.site_rules import (
    CMP_ID,
    CMP_VERSION,
    EVENT,
    GPP_SECTIONS,
    KEY,
    SOME,
    different,
    one_of,
)


class GoogleSchema(Part):
    ad_storage = Text(validate=KEY)
    ad_user_data = Text(validate=KEY)
    ad_personalization = Text(validate=KEY)
    analytics_storage = Text(validate=KEY)
    functionality_storage = Text(validate=KEY)
    personalization_storage = Text(validate=KEY)
    security_storage = Text(validate=KEY)


class UetSchema(Part):
    ad_storage = Text(required=True, validate=KEY)


class ClaritySchema(Part):
    ad_storage = Text(validate=KEY)
    analytics_storage = Text(required=True, validate=KEY)


class MetaPixelSchema(Part):
    purpose = Text(required=True, validate=KEY)


class MatomoSchema(Part):
    purpose = Text(required=True, validate=KEY)
    asks = Text(load_default="cookies", validate=one_of(["cookies", "tracking"]))


class DataLayerSchema(Part):
    event = Text(required=True, validate=EVENT)


class GppSchema(Part):
    cmp_id = StrictInteger(required=True, validate=CMP_ID)
    sections = fields.List(
        Text(validate=one_of(GPP_SECTIONS)), required=True, validate=[SOME, different]
    )


class TcfSchema(Part):
    cmp_id = StrictInteger(required=True, validate=CMP_ID)
    cmp_version = StrictInteger(required=True, validate=CMP_VERSION)
    vendor_list = Text(required=True, validate=one_of([VENDOR_LIST]))


class SignalsSchema(Part):
    mode = Text(load_default="basic", validate=one_of(["basic", ADVANCED]))
    head = StrictBoolean(load_default=False)
    google = fields.Nested(GoogleSchema)
    uet = fields.Nested(UetSchema)
    clarity = fields.Nested(ClaritySchema)
    meta = fields.Nested(MetaPixelSchema)
    matomo = fields.Nested(MatomoSchema)
    data_layer = fields.Nested(DataLayerSchema)
    gpp = fields.Nested(GppSchema)
    tcf = fields.Nested(TcfSchema)

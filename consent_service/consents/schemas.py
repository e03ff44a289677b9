"""Schemas of the visitors' calls. Unknown fields are refused."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consent_service.consents.model import BROWSER_METHODS, Action, EventType, Method, Value
from consent_service.http.fields import FlatDict, StrictBoolean, StrictInteger

KEY = validate.Regexp(r"^[a-z][a-z0-9_-]{0,31}\Z", error="must be a key such as analytics")
_HASH = validate.Regexp(r"^[0-9a-f]{64}\Z", error="must be a SHA-256 in lower-case hexadecimal")
LOCALE = validate.Regexp(r"^[A-Za-z0-9-]{2,16}\Z", error="must be a locale such as en")
NUMBER = validate.Range(1, 2**31 - 1)
_ADDRESS = validate.Regexp(r"^https?://[\x21-\x7e]{1,2000}\Z", error="must be a web address")
FEW = validate.Length(max=200)


class SignalsSchema(Schema):
    gpc = StrictBoolean()
    override = StrictBoolean()


class ActIn(Schema):
    """One act of a visitor, whoever tells it."""

    action = fields.Enum(Action, by_value=True, required=True)
    notice = StrictInteger(required=True, validate=NUMBER)
    variant = fields.String(validate=_HASH)
    locale = fields.String(validate=LOCALE)
    decisions = FlatDict(
        fields.String(validate=KEY),
        StrictBoolean(),
        validate=FEW,
    )
    services = FlatDict(
        fields.String(validate=KEY),
        StrictBoolean(),
        validate=FEW,
    )
    documents = FlatDict(fields.String(validate=KEY), StrictInteger(validate=NUMBER), validate=FEW)
    signals = fields.Nested(SignalsSchema)
    occurred_at = fields.AwareDateTime(format="iso")
    sent_at = fields.AwareDateTime(format="iso")
    key = fields.UUID()
    credential = fields.String(validate=validate.Length(1, 4096))

    @validates_schema
    def _age_is_known(self, data: dict[str, Any], **_: Any) -> None:
        """A kept answer tells its age by two readings of the same clock."""
        if ("occurred_at" in data) != ("sent_at" in data):
            missing = "sent_at" if "occurred_at" in data else "occurred_at"
            raise ValidationError("is needed too: both come with a kept answer", missing)


class ConsentIn(ActIn):
    """One act of a visitor, told by a browser."""

    method = fields.Enum(
        Method,
        by_value=True,
        load_default=Method.BANNER,
        validate=validate.OneOf(BROWSER_METHODS, error="must be banner or preferences"),
    )
    layer = StrictInteger(validate=validate.Range(1, 9))
    banner = fields.String(validate=_HASH)


class DecisionOut(Schema):
    value = fields.Enum(Value, by_value=True, required=True)
    notice = fields.Integer(required=True)
    at = fields.String(required=True)
    until = fields.String()


class AgreedOut(Schema):
    n = fields.Integer(required=True)
    notice = fields.Integer(required=True)
    at = fields.String(required=True)


class DocumentOut(Schema):
    n = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class NoticeRefOut(Schema):
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    variant = fields.String()


class EventOut(Schema):
    """An event as its visitor sees it."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    visitor = fields.UUID(required=True)
    type = fields.Enum(EventType, by_value=True, required=True)
    decisions = fields.Dict(fields.String(), fields.Enum(Value, by_value=True), required=True)
    services = fields.Dict(fields.String(), fields.Enum(Value, by_value=True), required=True)
    documents = fields.Dict(fields.String(), fields.Nested(DocumentOut), required=True)
    notice = fields.Nested(NoticeRefOut, required=True)
    locale = fields.String()
    method = fields.Enum(Method, by_value=True)
    profile = fields.String(required=True)
    received_at = fields.String(required=True)


class StateOut(Schema):
    """A visitor's decisions now, and the values that prove and carry them."""

    state = fields.Dict(fields.String(), fields.Nested(DecisionOut), required=True)
    agreed = fields.Dict(fields.String(), fields.Nested(AgreedOut), required=True)
    state_token = fields.String(required=True)
    credential = fields.String(metadata={"description": "External mode and programs only"})


class RecordedOut(StateOut):
    """The answer to a recorded act."""

    consent = fields.Nested(EventOut, required=True)
    receipt = fields.String(required=True, metadata={"description": "JWS, Ed25519"})
    openings = fields.List(fields.String(), required=True)
    proof_url = fields.String(required=True)


class MeOut(StateOut):
    """What a visitor may see of themselves."""

    reference = fields.String(required=True)
    receipt = fields.String(required=True, metadata={"description": "JWS, of the newest event"})
    history = fields.List(fields.Nested(EventOut), required=True)
    next = fields.Integer(metadata={"description": "`before` of the next page"})


class MeQuery(Schema):
    """Which page of the history."""

    before = fields.Integer(validate=NUMBER)


class LinkIn(Schema):
    """Where the preference page returns to."""

    return_to = fields.String(required=True, data_key="return", validate=_ADDRESS)
    credential = fields.String(validate=validate.Length(1, 4096))


class LinkOut(Schema):
    """A one-use address of the preference page."""

    url = fields.String(required=True)


class SubjectIn(Schema):
    """The word of the site's backend that the visitor is one of its users."""

    assertion = fields.String(required=True, validate=validate.Length(1, 4096))
    credential = fields.String(validate=validate.Length(1, 4096))


class LinkedOut(Schema):
    """A visitor is linked to a subject; `new` unless it was before."""

    linked = fields.Boolean(required=True)
    new = fields.Boolean(required=True)


class ErasedOut(Schema):
    """How many events were cleared of what names the visitor, or hide it from now on."""

    erased = fields.Integer(required=True)
    restricted = fields.Integer(
        metadata={"description": "Events whose link to the visitor is hidden, not yet erased"}
    )
    restricted_until = fields.String(
        metadata={"description": "When it will be erased; absent while a legal hold lasts"}
    )
    reason = fields.String(metadata={"description": "Why it is hidden, in words for the visitor"})

"""Schemas of what backends call about consents. Unknown fields are refused."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consent_service.consents.model import EventType, Value
from consent_service.consents.rules.standing import Why
from consent_service.consents.schemas import (
    FEW,
    KEY,
    LOCALE,
    NUMBER,
    ActIn,
    AgreedOut,
    DecisionOut,
    ErasedOut,
    EventOut,
)
from consent_service.consents.subjects import LONGEST_SUBJECT
from consent_service.core.places import place_of
from consent_service.http.fields import FlatDict, Moment, StrictBoolean, StrictInteger

PAGE = 100
LARGEST_PAGE = 1000
LONGEST_TYPED = 64
LONGEST_REASON = 500
_SUBJECT = validate.Length(1, LONGEST_SUBJECT)
_TOKEN = validate.Length(1, 4096)
_ASKED = ("purposes", "documents")


def _known_place(code: str) -> None:
    if place_of(code) is None:
        raise ValidationError("must be a country such as DE or a region such as US-CA")


class BackendConsentIn(ActIn):
    """One act of a visitor, told by the site's backend: a credential or a subject names whom."""

    subject = fields.String(validate=_SUBJECT)
    place = fields.String(
        validate=_known_place, metadata={"description": "Where the visitor is, such as US-CA"}
    )

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_: Any) -> None:
        if "subject" in data and "credential" in data:
            raise ValidationError("goes without a credential: link the two first", "subject")


class AgreementIn(Schema):
    """Documents that a signed-in user of the site agreed to."""

    subject = fields.String(required=True, validate=_SUBJECT)
    documents = FlatDict(
        fields.String(validate=KEY),
        StrictInteger(validate=NUMBER),
        required=True,
        validate=[FEW, validate.Length(min=1)],
    )
    notice = StrictInteger(validate=NUMBER)
    locale = fields.String(validate=LOCALE)
    key = fields.UUID()


class AgreementQuery(Schema):
    """Which version of which document, and which page."""

    document = fields.String(required=True, validate=KEY)
    version = fields.Integer(required=True, validate=NUMBER)
    after = fields.UUID()
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, LARGEST_PAGE))


class StandingVisitorOut(Schema):
    visitor = fields.UUID(required=True)
    version = fields.Integer(metadata={"description": "Agreed to last; absent where none"})


class MissingOut(Schema):
    """Who has not agreed to a version."""

    document = fields.String(required=True)
    version = fields.Integer(required=True)
    total = fields.Integer(required=True, metadata={"description": "Visitors on record"})
    missing = fields.Integer(required=True, metadata={"description": "Those who have not agreed"})
    pending = fields.Integer(
        required=True, metadata={"description": "Entries of the log that are not counted yet"}
    )
    visitors = fields.List(fields.Nested(StandingVisitorOut), required=True)
    next = fields.UUID(metadata={"description": "`after` of the next page"})


class CheckIn(Schema):
    """A question: may I do this, for whom, and when."""

    purpose = fields.String(required=True, validate=KEY)
    service = fields.String(validate=KEY)
    state_token = fields.String(validate=_TOKEN)
    visitor = fields.UUID()
    subject = fields.String(validate=_SUBJECT)
    at = Moment()
    gpc = StrictBoolean(
        load_default=False, metadata={"description": "The visitor's browser sends Sec-GPC: 1"}
    )

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_: Any) -> None:
        if len({"state_token", "visitor", "subject"} & set(data)) != 1:
            raise ValidationError("name one: state_token, visitor or subject", "subject")


class DecidingEventOut(Schema):
    id = fields.UUID(required=True)
    type = fields.Enum(EventType, by_value=True, required=True)
    received_at = fields.String(required=True)
    visitor = fields.UUID(required=True)
    reference = fields.String(required=True)


class CheckOut(Schema):
    """The answer: allowed or not, why, and by which decision."""

    purpose = fields.String(required=True)
    service = fields.String()
    allowed = fields.Boolean(required=True)
    why = fields.Enum(Why, by_value=True, required=True)
    value = fields.String(
        required=True, validate=validate.OneOf([*(each.value for each in Value), "undecided"])
    )
    at = fields.String(required=True)
    until = fields.String()
    notice = fields.Integer(metadata={"description": "The notice in force at that moment"})
    profile = fields.String()
    event = fields.Nested(DecidingEventOut)


class RulingOut(Schema):
    allowed = fields.Boolean(required=True)
    why = fields.Enum(Why, by_value=True, required=True)
    decision = fields.Nested(DecisionOut)


class QuestionOut(Schema):
    group = fields.String(required=True, validate=validate.OneOf(_ASKED))
    key = fields.String(required=True)
    why = fields.Enum(Why, by_value=True, required=True)


class ViewOut(Schema):
    """How somebody stands, now or at a moment."""

    at = fields.String(required=True)
    notice = fields.Integer()
    profile = fields.String()
    purposes = fields.Dict(fields.String(), fields.Nested(RulingOut), required=True)
    services = fields.Dict(fields.String(), fields.Nested(RulingOut), required=True)
    agreed = fields.Dict(fields.String(), fields.Nested(AgreedOut), required=True)
    asks = fields.String(
        validate=validate.OneOf(_ASKED), metadata={"description": "What the banner comes back for"}
    )
    questions = fields.List(fields.Nested(QuestionOut), required=True)


class ManagedEventOut(EventOut):
    """An event as the site's backend sees it. What was erased is absent."""

    reference = fields.String()
    visitor = fields.UUID()
    visitor_seq = fields.Integer(required=True)
    why = fields.String(required=True)


class EventsQuery(Schema):
    """Which events, and which page."""

    after = fields.UUID()
    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, LARGEST_PAGE))
    type = fields.String(validate=validate.OneOf([each.value for each in EventType]))
    visitor = fields.UUID()
    reference = fields.String(
        validate=validate.Length(1, LONGEST_TYPED),
        metadata={"description": "As it was typed or said: spaces, hyphens and case do not matter"},
    )
    since = Moment(data_key="from")
    until = Moment(data_key="to")


class EventsOut(Schema):
    events = fields.List(fields.Nested(ManagedEventOut), required=True)
    next = fields.UUID(metadata={"description": "`after` of the next page"})


class VisitorQuery(Schema):
    """At which moment, and which page of the history."""

    at = Moment()
    before = fields.Integer(validate=NUMBER)


class VisitorOut(ViewOut):
    """A visitor: how they stand, and a page of their history, newest first."""

    visitor = fields.UUID(required=True)
    reference = fields.String(required=True)
    history = fields.List(fields.Nested(ManagedEventOut), required=True)
    next = fields.Integer(metadata={"description": "`before` of the next page"})


class SubjectLinkIn(Schema):
    """A user of the site, and the visitor that shows its credential."""

    subject = fields.String(required=True, validate=_SUBJECT)
    credential = fields.String(required=True, validate=_TOKEN)


class SubjectNameIn(Schema):
    """A user of the site. In a body, because addresses end up in logs."""

    subject = fields.String(required=True, validate=_SUBJECT)


class SubjectVisitorOut(Schema):
    visitor = fields.UUID(required=True)
    linked_at = fields.String(required=True)


class SubjectOut(ViewOut):
    """A user of the site: its visitors, and how they stand together."""

    visitors = fields.List(fields.Nested(SubjectVisitorOut), required=True)


class ErasureIn(Schema):
    """Whom to erase: a visitor, by its id or reference, or a user of the site; and why.

    The log commits to the reason, so that it can be shown, and erased, later.
    """

    visitor = fields.UUID()
    reference = fields.String(validate=validate.Length(1, LONGEST_TYPED))
    subject = fields.String(validate=_SUBJECT)
    reason = fields.String(required=True, validate=validate.Length(1, LONGEST_REASON))

    @validates_schema
    def _one_person(self, data: dict[str, Any], **_: Any) -> None:
        if len({"visitor", "reference", "subject"} & set(data)) != 1:
            raise ValidationError("name one: visitor, reference or subject", "visitor")


class ManagedErasedOut(ErasedOut):
    """What was erased of how many visitors, or is hidden from now on."""

    visitors = fields.Integer(required=True)


class UnlinkedOut(Schema):
    unlinked = fields.Integer(required=True)

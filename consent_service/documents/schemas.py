"""Schemas of what is answered about published documents."""

from marshmallow import Schema, fields, validate

from consent_service.documents.model import Accept

_SHA256 = validate.Regexp(r"^[0-9a-f]{64}\Z")


class PublishedVersionOut(Schema):
    """A version of a document, without its texts."""

    kind = fields.String(required=True)
    number = fields.Integer(required=True)
    sha256 = fields.String(
        required=True, validate=_SHA256, metadata={"description": "Of the manifest"}
    )
    accept = fields.Enum(Accept, by_value=True, required=True)
    material = fields.Boolean(required=True)
    affects = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The purposes whose consents this version voids"},
    )
    effective_at = fields.String(required=True)
    published_at = fields.String(required=True)
    titles = fields.Dict(
        fields.String(), fields.String(), required=True, metadata={"description": "By locale"}
    )


class PublishedListOut(Schema):
    versions = fields.List(fields.Nested(PublishedVersionOut), required=True)


class PublishedTextOut(Schema):
    title = fields.String(required=True)
    summary = fields.String(required=True)
    markdown = fields.String(required=True)
    markdown_sha256 = fields.String(required=True, validate=_SHA256)
    html = fields.String(required=True)
    html_sha256 = fields.String(required=True, validate=_SHA256)


class PublishedDocumentOut(PublishedVersionOut):
    """A version with its texts, and the manifest that its hash is of."""

    manifest = fields.String(required=True)
    texts = fields.Dict(
        fields.String(),
        fields.Nested(PublishedTextOut),
        required=True,
        metadata={"description": "By locale"},
    )


class DifferenceSideOut(Schema):
    number = fields.Integer(required=True)
    sha256 = fields.String(required=True, validate=_SHA256)
    locale = fields.String(required=True)
    title = fields.String(required=True)
    markdown_sha256 = fields.String(required=True, validate=_SHA256)


class ChangedWordsOut(Schema):
    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)


class DifferenceOut(Schema):
    """What changed between two versions, as HTML and as text."""

    kind = fields.String(required=True)
    old = fields.Nested(DifferenceSideOut, required=True, data_key="from")
    new = fields.Nested(DifferenceSideOut, required=True, data_key="to")
    identical = fields.Boolean(required=True)
    words = fields.Nested(ChangedWordsOut, required=True)
    html = fields.String(required=True)
    text = fields.String(required=True)

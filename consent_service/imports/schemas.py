"""The schema of one record. Unknown fields are refused."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consent_service.consents.model import Value
from consent_service.consents.schemas import FEW, KEY, LOCALE, NUMBER
from consent_service.consents.subjects import LONGEST_SUBJECT
from consent_service.http.fields import FlatDict, Moment, StrictInteger

_DECIDED = [Value.GRANTED.value, Value.DENIED.value]


class RecordIn(Schema):
    id = fields.String(required=True, validate=validate.Length(1, 200))
    at = Moment(required=True)
    decisions = FlatDict(
        fields.String(validate=KEY),
        fields.String(validate=validate.OneOf(_DECIDED, error="must be granted or denied")),
        load_default=dict,
        validate=FEW,
    )
    documents = FlatDict(
        fields.String(validate=KEY),
        StrictInteger(validate=NUMBER),
        load_default=dict,
        validate=FEW,
    )
    notice = StrictInteger(validate=NUMBER)
    locale = fields.String(validate=LOCALE)
    subject = fields.String(validate=validate.Length(1, LONGEST_SUBJECT))

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("decisions") or data.get("documents")):
            raise ValidationError("name at least one purpose or document", "decisions")


record_schema = RecordIn()
COLUMNS = tuple(record_schema.fields)

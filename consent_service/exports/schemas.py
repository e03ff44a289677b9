"""Query parameters of an export."""

from marshmallow import Schema, fields, validate

from consent_service.consents.model import EventType
from consent_service.exports.model import Format
from consent_service.http.fields import Moment


def _told(description: str) -> dict[str, str]:
    return {"description": description}


class ExportQuery(Schema):
    """What to export."""

    form = fields.Enum(Format, by_value=True, required=True, data_key="format")
    since = Moment(data_key="from", metadata=_told("Only events received at or after this time"))
    until = Moment(data_key="to", metadata=_told("Only events received before this time"))
    type = fields.String(
        validate=validate.OneOf([each.value for each in EventType]),
        metadata=_told("Only events of this type"),
    )
    visitor = fields.UUID(metadata=_told("Only events of this visitor"))
    consent = fields.UUID(metadata=_told("Only this event"))
    resume = fields.Integer(
        validate=validate.Range(0, 2**62),
        metadata=_told("The last index that is there already; goes on behind it"),
    )

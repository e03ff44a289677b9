"""Query parameters of an export."""

from marshmallow import Schema, fields, validate

from consent_service.consents.model import EventType
from consent_service.exports.model import Format
from consent_service.http.fields import Moment


class ExportQuery(Schema):
    """What to export."""

    form = fields.Enum(Format, by_value=True, required=True, data_key="format")
    since = Moment(data_key="from")
    until = Moment(data_key="to")
    type = fields.String(validate=validate.OneOf([each.value for each in EventType]))
    visitor = fields.UUID()
    consent = fields.UUID()
    resume = fields.Integer(validate=validate.Range(0, 2**62))

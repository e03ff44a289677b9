"""Schemas of the calls about notices. Unknown fields are refused."""

from marshmallow import Schema, fields, validate

from consent_service.http.fields import StrictInteger


class ImpressionIn(Schema):
    """Which notice was shown."""

    notice = StrictInteger(required=True, validate=validate.Range(1, 2**31 - 1))
    variant = fields.String(
        validate=validate.Regexp(
            r"^[0-9a-f]{64}\Z", error="must be a SHA-256 in lower-case hexadecimal"
        )
    )

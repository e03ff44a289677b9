"""What the log's addresses answer."""

from marshmallow import Schema, fields


class LogKeyOut(Schema):
    """A public key that a log names."""

    use = fields.String(required=True, metadata={"description": "What it signs"})
    kid = fields.String(required=True)
    key = fields.String(
        required=True,
        metadata={"description": "A C2SP verifier key; of receipts the raw key in base64url"},
    )


class LogKeysOut(Schema):
    """The keys of a log."""

    log = fields.String(required=True, metadata={"description": "NAME/KEY"})
    keys = fields.List(fields.Nested(LogKeyOut), required=True)

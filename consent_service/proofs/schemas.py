"""What the log's addresses answer."""

from marshmallow import Schema, fields, validate

MOST_CHARACTERS = 60_000


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


class VerifyIn(Schema):
    """A receipt to check."""

    receipt = fields.String(
        required=True,
        validate=validate.Length(1, MOST_CHARACTERS),
        metadata={"description": "A JWS in compact form, or the content of a receipt file"},
    )
    proof = fields.String(
        validate=validate.Length(1, MOST_CHARACTERS),
        metadata={"description": "Its tlog-proof; looked up here where it is left out"},
    )


class VerificationFindingOut(Schema):
    """One thing that was found."""

    code = fields.String(required=True, metadata={"description": "Stable; programs act on it"})
    weight = fields.String(required=True, validate=validate.OneOf(["error", "weak", "warning"]))
    message = fields.String(required=True)


class VerificationOut(Schema):
    """What a receipt proves."""

    verdict = fields.String(required=True, validate=validate.OneOf(["ok", "weak", "bad"]))
    summary = fields.String(required=True)
    proves = fields.List(fields.String(), required=True)
    does_not_prove = fields.List(fields.String(), required=True)
    facts = fields.Dict(fields.String(), fields.Raw(), required=True)
    findings = fields.List(fields.Nested(VerificationFindingOut), required=True)

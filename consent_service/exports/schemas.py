"""Query parameters of an export."""

from typing import Any

from marshmallow import Schema, fields, validate

from consent_service.consents.model import EventType
from consent_service.exports.model import DERIVED, Format
from consent_service.http.fields import Moment

_LARGEST = 2**62
_NAMES = "|".join(DERIVED)
_DERIVED = validate.Regexp(
    rf"({_NAMES})(,({_NAMES}))*\Z", error=f"must be of {', '.join(DERIVED)}, with commas between"
)


def _told(description: str) -> dict[str, str]:
    return {"description": description}


class ExportQuery(Schema):
    """What to export."""

    form = fields.Enum(Format, by_value=True, required=True, data_key="format")
    since = Moment(data_key="from", metadata=_told("Only events received at or after this time"))
    until = Moment(data_key="to", metadata=_told("Only events received before this time"))
    type = fields.String(
        validate=validate.OneOf([each.value for each in EventType]),
        metadata=_told("Only events of this type; not with bundle"),
    )
    visitor = fields.UUID(metadata=_told("Only events of this visitor"))
    consent = fields.UUID(metadata=_told("Only this event"))
    resume = fields.Integer(
        validate=validate.Range(0, _LARGEST),
        metadata=_told("The last index that is there already; goes on behind it. Not with bundle"),
    )
    as_of = fields.Integer(
        validate=validate.Range(1, _LARGEST),
        metadata=_told("The size of a published checkpoint; the newest one where absent"),
    )
    epoch = fields.Integer(
        validate=validate.Range(1, 2**31 - 1),
        metadata=_told("An epoch of the log; the newest one where absent"),
    )
    derived = fields.String(
        data_key="with",
        validate=_DERIVED,
        metadata=_told("Derived files for a bundle, with commas between: csv, 27560, kantara"),
    )
    openings = fields.String(
        validate=validate.OneOf(["included", "withheld"]),
        metadata=_told("Whether a bundle holds personal values; included where absent"),
    )


def names(query: dict[str, Any]) -> list[str]:
    """Return the derived files that loaded parameters name."""
    return str(query["derived"]).split(",") if "derived" in query else []

"""Fields that take JSON's own types and nothing that could be read as them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields


class StrictBoolean(fields.Boolean):
    """`true` or `false`, no number and no text."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class StrictInteger(fields.Integer):
    """A whole number, no truth value and no text."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("must be a whole number")
        return value


class Moment(fields.AwareDateTime):
    """A time with its zone (RFC 3339), as UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("must lie between the years 1 and 9999 in UTC") from None


class FlatDict(fields.Dict):
    """A mapping whose errors are named by its keys, without a step for key or value."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if isinstance(error.messages, dict):
                flat = {key: _flat(inner) for key, inner in error.messages.items()}
                raise ValidationError(flat) from error
            raise


def _flat(inner: Any) -> Any:
    """Join what is wrong with a key and with its value."""
    parts = list(inner.values())
    return parts[0] if len(parts) == 1 else [message for part in parts for message in part]

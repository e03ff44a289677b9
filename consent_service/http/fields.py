"""Fields that take JSON's own types and nothing that could be read as them."""

from collections.abc import Mapping
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

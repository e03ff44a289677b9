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

"""Reads request bodies: JSON in UTF-8, loaded by a strict schema."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from consent_service.core.canonical import parse_strict
from consent_service.core.errors import (
    InvalidRequestError,
    MalformedRequestError,
    field_errors,
)

MAX_BODY_BYTES = 64 * 1024
_MEDIA_TYPES = ("application/json", "text/plain")


def read_json() -> dict[str, Any]:
    """Return the body's JSON object; a browser may call it text/plain, which needs no preflight.

    Raises:
        MalformedRequestError: no UTF-8, no JSON, or no object.
        UnsupportedMediaType: another media type.
        RequestEntityTooLarge: more than 64 KiB.
    """
    if request.mimetype not in _MEDIA_TYPES:
        raise UnsupportedMediaType(f"send JSON as {' or '.join(_MEDIA_TYPES)}")
    try:
        data = parse_strict(request.get_data(cache=False).decode())
    except UnicodeDecodeError as error:
        raise MalformedRequestError("the body is not UTF-8") from error
    except RecursionError as error:
        raise MalformedRequestError("the body is nested too deeply") from error
    except ValueError as error:
        raise MalformedRequestError(f"the body is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise MalformedRequestError("the body is not a JSON object")
    return data


def load(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema makes of `data`.

    Raises:
        InvalidRequestError: it breaks the schema; names each field.
    """
    try:
        return dict(schema.load(data))
    except ValidationError as error:
        fields = list(field_errors(error.messages))
        named = ", ".join(dict.fromkeys(each.field for each in fields))
        raise InvalidRequestError(f"these fields are not valid: {named}", fields) from error

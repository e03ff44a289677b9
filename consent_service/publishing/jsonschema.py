"""JSON Schema (2020-12) of site.yaml, for editors that complete and check while authors write.

It says what a file looks like; what holds between its parts only `site lint` and `site plan` know.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from marshmallow import Schema, fields, missing, validate

from consent_service.http.fields import FlatDict
from consent_service.publishing.schemas import site_schema
from consent_service.publishing.site_fields import DurationText, LocalisedText
from consent_service.publishing.site_rules import DURATION, LOCALE, LONG, different

Json = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WEB_ADDRESS = "^https?://"


def site_json_schema() -> Json:
    """Return the schema of site.yaml."""
    definitions: Json = {"Text": _text(), "Duration": {"type": "string", "pattern": DURATION}}
    site = _object(site_schema, definitions)
    return {
        "$schema": _DIALECT,
        "title": "site.yaml",
        **site,
        "$defs": dict(sorted(definitions.items())),
    }


def _text() -> Json:
    """Return the schema of a text, or of a mapping of locales to texts."""
    text = {"type": "string", **_limits(LONG, "Length"), "pattern": r"\S"}
    by_locale = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": rf"{_pattern(LOCALE)}|^\*$"},
        "additionalProperties": text,
    }
    return {"anyOf": [text, by_locale]}


def _object(schema: Schema, definitions: Json) -> Json:
    about = _descriptions()[_name(schema)]
    return {
        "type": "object",
        "description": about[""],
        "properties": {
            name: {**_field(field, definitions), "description": about[name]}
            for name, field in schema.fields.items()
        },
        "required": [name for name, field in schema.fields.items() if field.required],
        "additionalProperties": False,
    }


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    """Return what is said about each part of the file (``) and each of its fields."""
    text = (files(__package__) / "descriptions.yaml").read_text("utf-8")
    return dict(yaml.safe_load(text))


def _name(schema: Schema) -> str:
    return type(schema).__name__.removesuffix("Schema")


def _field(field: fields.Field[Any], definitions: Json) -> Json:
    """Return the schema of a field: its type, what its validators ask, what its metadata says."""
    whole = _type(field, definitions)
    for validator in field.validators:
        whole |= _asked(validator, whole.get("type"))
    whole |= {name: _plain(value) for name, value in field.metadata.items()}
    if field.load_default is not missing and field.load_default is not None:
        default = field.load_default
        whole["default"] = default() if callable(default) else default
    if field.allow_none:
        whole["type"] = [whole["type"], "null"]
    return whole


def _type(field: fields.Field[Any], definitions: Json) -> Json:
    for kind, schema_of in _TYPES.items():
        if isinstance(field, kind):
            return schema_of(field, definitions)
    raise TypeError(f"no JSON Schema for {type(field).__name__}")


def _nested(field: Any, definitions: Json) -> Json:
    name = _name(field.schema)
    if name not in definitions:
        definitions[name] = _object(field.schema, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _list(field: Any, definitions: Json) -> Json:
    return {"type": "array", "items": _field(field.inner, definitions)}


def _mapping(field: Any, definitions: Json) -> Json:
    names = _field(field.key_field, definitions)
    return {
        "type": "object",
        "propertyNames": {key: value for key, value in names.items() if key != "type"},
        "additionalProperties": _field(field.value_field, definitions),
    }


_TYPES: Mapping[type[fields.Field[Any]], Callable[[Any, Json], Json]] = {
    LocalisedText: lambda *_: {"$ref": "#/$defs/Text"},
    DurationText: lambda *_: {"$ref": "#/$defs/Duration"},
    FlatDict: _mapping,
    fields.Nested: _nested,
    fields.List: _list,
    fields.Boolean: lambda *_: {"type": "boolean"},
    fields.Integer: lambda *_: {"type": "integer"},
    fields.Email: lambda *_: {"type": "string", "format": "email"},
    fields.String: lambda *_: {"type": "string"},
}


def _asked(validator: Any, kind: str | None) -> Json:
    """Return what a validator asks, as far as JSON Schema can say it."""
    if isinstance(validator, validate.OneOf):
        return {"enum": list(validator.choices)}
    if isinstance(validator, validate.Regexp):
        return {"pattern": _pattern(validator)}
    if isinstance(validator, validate.URL):
        return {"format": "uri", "pattern": _WEB_ADDRESS}
    if isinstance(validator, validate.Length):
        return _limits(validator, "Items" if kind == "array" else "Length")
    if isinstance(validator, validate.Range):
        limits = {"minimum": validator.min, "maximum": validator.max}
        return {name: limit for name, limit in limits.items() if limit is not None}
    return {"uniqueItems": True} if validator is different else {}


def _limits(length: validate.Length, what: str) -> Json:
    limits = {f"min{what}": length.min, f"max{what}": length.max}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _pattern(rule: validate.Regexp) -> str:
    """Return a pattern as ECMAScript reads it."""
    return str(rule.regex.pattern).replace(r"\Z", "$")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

"""The OpenAPI 3.1 document, made from the routes that the application serves."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from consent_service import __version__
from consent_service.core.errors import InvalidRequestError, MalformedRequestError, ServiceError
from consent_service.http.origins import OriginRefusedError
from consent_service.http.problems import CODES, MEDIA_TYPE
from consent_service.http.routes import Access, Answer, Route

_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.VISITOR: [{"credential": []}],
    Access.API_KEY: [{"api_key": []}],
}
_OF_BODIES = (411, 413, 415)
"""What can be wrong with any body before it is read."""

_OBJECT_LENGTHS = {"maxLength": "maxProperties", "minLength": "minProperties"}
_PLACEHOLDER = re.compile(r"<(?:(\w+):)?(\w+)>")


class FieldErrorOut(Schema):
    """What is wrong with one field."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ProblemOut(Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; programs act on it"})
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldErrorOut))


def build(routes: Iterable[Route], server: str) -> dict[str, Any]:
    """Return the document of all routes."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Consent service",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Versioned policies, consents that can be proved, exports."},
        servers=[{"url": server}],
        plugins=[plugin],
    )
    if plugin.converter:
        plugin.converter.add_attribute_function(_keys_of_mapping)  # type: ignore[no-untyped-call]
    _add_security(spec)
    spec.components.schema("Problem", schema=ProblemOut)
    for route in routes:
        path, parameters = _path(route)
        operation = _operation(route, parameters)
        spec.path(path=path, operations={route.method.lower(): operation})
    return dict(_translated(spec.to_dict()))


def _keys_of_mapping(converter: OpenAPIConverter, field: Any, **_: Any) -> dict[str, Any]:
    """Describe which keys a mapping may have, which apispec leaves out."""
    keys = field.key_field if isinstance(field, fields.Dict) else None
    return {"propertyNames": converter.field2property(keys)} if keys else {}


def _translated(part: Any) -> Any:
    """Say in JSON Schema's words what marshmallow and Python say in others.

    There `$` means the very end of a text, and a mapping has a number of properties, no length.
    """
    if isinstance(part, list):
        return [_translated(each) for each in part]
    if not isinstance(part, dict):
        return part
    names = _OBJECT_LENGTHS if part.get("type") == "object" else {}
    found = {names.get(name, name): _translated(value) for name, value in part.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = found["pattern"].replace(r"\Z", "$")
    return found


def _schema_name(schema: Any) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return str(name).removesuffix("Schema").removesuffix("Out")


def _add_security(spec: APISpec) -> None:
    spec.components.security_scheme(
        "credential",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Consent CREDENTIAL`; else its cookie, or `credential` in the body",
        },
    )
    spec.components.security_scheme("api_key", {"type": "http", "scheme": "bearer"})


def _path(route: Route) -> tuple[str, list[dict[str, Any]]]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer"} if converter == "int" else {"type": "string"},
        }
        for converter, name in _PLACEHOLDER.findall(route.path)
    ]
    return _PLACEHOLDER.sub(r"{\2}", route.path), parameters


def _operation(route: Route, path_parameters: list[dict[str, Any]]) -> dict[str, Any]:
    query: list[dict[str, Any]] = [
        {"name": p.name, "in": p.place, "description": p.description, "schema": dict(p.schema)}
        for p in route.parameters
    ]
    if route.query:
        query.append({"in": "query", "schema": route.query})
    operation: dict[str, Any] = {
        "tags": [route.tag],
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", route.endpoint).strip("_").lower(),
        "parameters": [*path_parameters, *query],
        "responses": {str(a.status): _answer(a) for a in route.answers} | _problems(route),
        "security": _SECURITY.get(route.access, []),
    }
    if route.request:
        schema = {"schema": route.request}
        content = {"application/json": schema, "text/plain": schema}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    content: dict[str, Any] = {media: {} for media in answer.media}
    if answer.schema:
        content["application/json"] = {"schema": answer.schema}
    return described | ({"content": content} if content else {})


def _problems(route: Route) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for error in _errors_of(route):
        by_status.setdefault(error.status, []).append(f"`{error.code}`: {error.title}")
    for status in _OF_BODIES if route.request else ():
        by_status.setdefault(status, []).append(f"`{CODES[status]}`: {HTTPStatus(status).phrase}")
    content: dict[str, Any] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if route.access is Access.PAGE:
        content["text/html"] = {}
    return {
        str(status): {"description": "; ".join(titles), "content": content}
        for status, titles in sorted(by_status.items())
    }


def _errors_of(route: Route) -> list[type[ServiceError]]:
    errors = list(route.problems)
    if route.query:
        errors.append(InvalidRequestError)
    if route.request:
        errors += [MalformedRequestError, InvalidRequestError]
    is_form = route.access is Access.PAGE and route.method == "POST"
    if is_form or route.access in (Access.ORIGIN, Access.VISITOR):
        errors.append(OriginRefusedError)
    return list(dict.fromkeys(errors))

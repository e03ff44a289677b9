"""The OpenAPI 3.1 document, made from the routes that the application serves."""

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from consent_service import __version__
from consent_service.core.errors import InvalidRequestError, MalformedRequestError, ServiceError
from consent_service.http.origins import OriginRefusedError
from consent_service.http.problems import MEDIA_TYPE
from consent_service.http.routes import Access, Answer, Route

_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.VISITOR: [{"credential": []}],
    Access.API_KEY: [{"api_key": []}],
}
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
    spec = APISpec(
        title="Consent service",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Versioned policies, consents that can be proved, exports."},
        servers=[{"url": server}],
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    _add_security(spec)
    spec.components.schema("Problem", schema=ProblemOut)
    for route in routes:
        path, parameters = _path(route)
        operation = _operation(route, parameters)
        spec.path(path=path, operations={route.method.lower(): operation})
    return dict(spec.to_dict())


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
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
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
    if route.access in (Access.ORIGIN, Access.VISITOR):
        errors.append(OriginRefusedError)
    return list(dict.fromkeys(errors))

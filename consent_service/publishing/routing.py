"""What the management routes about sites have in common."""

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema

from consent_service.core.errors import ServiceError
from consent_service.http.routes import Answer, Parameter, Route, View
from consent_service.sites.routing import managed

READ, WRITE = "sites:read", "sites:write"
IF_MATCH = Parameter(name="If-Match", description="The ETag that was seen", place="header")
LANG = Parameter(name="lang", description="A locale; the site's first one when absent")


def management_route(
    method: str,
    path: str,
    view: View,
    summary: str,
    *answers: Answer,
    parameters: tuple[Parameter, ...] = (),
    request: Schema | None = None,
    problems: tuple[type[ServiceError], ...] = (),
) -> Route:
    """Return a route about a site; GET needs the scope to read, others to write."""
    return managed(
        method,
        path,
        view,
        summary,
        *answers,
        scope=READ if method == "GET" else WRITE,
        tag="Management of sites",
        request=request,
        parameters=parameters,
        problems=problems,
    )


def tagged(body: dict[str, Any], tag: str, status: int = 200) -> Response:
    """Return an answer in JSON with the ETag of what it tells."""
    answer = jsonify(body)
    answer.status_code = status
    answer.set_etag(tag)
    return answer

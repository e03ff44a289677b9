"""The one place where errors become answers: RFC 9457 `application/problem+json`."""

import json
from typing import Any

from flask import Flask, Response, g, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from consent_service.core.errors import ServiceError
from consent_service.http.pages import problem_page

MEDIA_TYPE = "application/problem+json"
_log = get_logger("consent_service.http")
CODES = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    411: "length_required",
    413: "body_too_large",
    415: "media_type_not_supported",
    429: "too_many_requests",
}


def install(app: Flask) -> None:
    """Answer every error of the application with a problem."""
    app.register_error_handler(ServiceError, problem_of)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unexpected)


def problem_of(error: ServiceError) -> Response:
    """Return the answer to one of our errors. Those of the server tell nothing but their title."""
    if error.status >= 500:
        _log.error("failed", code=error.code, detail=error.detail)
    detail = error.detail if error.status < 500 else error.title
    answer = problem(error.status, error.code, error.title, detail)
    if error.fields:
        errors = [{"field": each.field, "message": each.message} for each in error.fields]
        answer = problem(error.status, error.code, error.title, detail, errors=errors)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def problem(status: int, code: str, title: str, detail: str, **members: Any) -> Response:
    """Return a problem; `code` is stable, `title` goes with the code, `detail` with the case.

    A person who opened a page gets a page.
    """
    if g.get("page"):
        return problem_page(status, code, title, detail)
    body = {
        "type": f"urn:consent-service:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **members,
    }
    return Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)


def _http_problem(error: HTTPException) -> Response:
    original = error.get_response()
    status = original.status_code
    if status < 400:
        return Response(status=status, headers=original.headers)
    answer = problem(status, CODES.get(status, f"http_{status}"), error.name, _detail(error))
    if "Allow" in original.headers:
        answer.headers["Allow"] = original.headers["Allow"]
    return answer


def _detail(error: HTTPException) -> str:
    if error.code == 413:
        return f"the body is larger than {request.max_content_length} bytes"
    return error.description or error.name


def _unexpected(error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return problem(500, "internal_error", "Something went wrong", "the error was logged")

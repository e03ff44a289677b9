"""The Flask application: every route with its access, and what goes for all of them."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import LengthRequired

from consent_service.http import headers, logs, metrics, origins, problems
from consent_service.http.body import MAX_BODY_BYTES
from consent_service.http.origins import OriginGate
from consent_service.http.routes import Access, Route

KeyCheck = Callable[[Route, str | None], None]


def create_app(routes: Iterable[Route], gate: OriginGate, check_key: KeyCheck) -> Flask:
    """Return the application of these routes.

    `check_key` refuses a request without an api key for a route's scope and a site.
    """
    app = Flask("consent_service", static_folder=None, template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = True
    metrics.install(app)
    logs.install(app)
    app.after_request(headers.add)
    app.after_request(origins.add_headers)
    problems.install(app)
    app.before_request(_require_length)
    listed = list(routes)
    for route in listed:
        _add(app, route, gate, check_key)
    for path in dict.fromkeys(route.path for route in listed):
        _add_preflight(app, path, [route for route in listed if route.path == path], gate)
    return app


def _require_length() -> None:
    """Refuse a body of unknown length: its end could be lost at the limit without a word."""
    if request.content_length is None and "Transfer-Encoding" in request.headers:
        raise LengthRequired("send a Content-Length")


def _add(app: Flask, route: Route, gate: OriginGate, check_key: KeyCheck) -> None:
    def view(**values: Any) -> ResponseReturnValue:
        g.page = route.access is Access.PAGE
        if route.access in (Access.ORIGIN, Access.VISITOR):
            gate.check(route.access, values["key"])
        elif route.access is Access.API_KEY:
            check_key(route, values.get("key"))
        elif route.access is Access.PAGE and route.method == "POST":
            origins.check_own_form()
        return route.view(**values)

    app.add_url_rule(
        route.path,
        endpoint=route.endpoint,
        view_func=view,
        methods=[route.method],
        provide_automatic_options=False,
    )


def _add_preflight(app: Flask, path: str, routes: list[Route], gate: OriginGate) -> None:
    methods = [route.method for route in routes if route.access in (Access.ORIGIN, Access.VISITOR)]
    if not methods:
        return

    def view(key: str, **_: Any) -> Response:
        return gate.preflight(key, methods)

    app.add_url_rule(
        path,
        endpoint=f"OPTIONS {path}",
        view_func=view,
        methods=["OPTIONS"],
        provide_automatic_options=False,
    )

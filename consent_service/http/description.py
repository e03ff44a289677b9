"""The interface, described by itself: as OpenAPI, and as a page."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, jsonify

from consent_service.http import openapi
from consent_service.http.pages import page
from consent_service.http.routes import Access, Answer, Route


class DescriptionApi:
    """Describes the routes of all other interfaces."""

    def __init__(self, described: Sequence[Route], public_url: str) -> None:
        self._document = openapi.build(described, public_url)

    def as_json(self) -> Response:
        """Return the OpenAPI document."""
        return jsonify(self._document)

    def as_page(self) -> Response:
        """Show it to people."""
        return page(
            "api.html",
            "en",
            site=None,
            languages=[],
            document=self._document,
            resolve=partial(_resolve, self._document),
        )

    def routes(self) -> list[Route]:
        """Return the routes of the description."""
        described = Route(
            method="GET",
            path="/openapi.json",
            view=self.as_json,
            access=Access.PUBLIC,
            tag="Description",
            summary="This interface as OpenAPI 3.1",
            answers=(Answer(status=200, description="The document", media=("application/json",)),),
        )
        browsed = replace(
            described,
            path="/docs",
            view=self.as_page,
            access=Access.PAGE,
            summary="This interface as a page",
            answers=(Answer(status=200, description="The page", media=("text/html",)),),
        )
        return [described, browsed]


def _resolve(document: dict[str, Any], reference: str) -> Any:
    """Return what a `$ref` inside the document names."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found

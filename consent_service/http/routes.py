"""Routes as data: address, access, schemas. The application and OpenAPI are made from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from consent_service.core.errors import ServiceError

View = Callable[..., ResponseReturnValue]


class Access(Enum):
    """Who may call a route. The application refuses one that is not declared."""

    PUBLIC = "public"
    """Anyone, from any origin."""

    ORIGIN = "origin"
    """A browser on an allowed origin of the site; the Origin header must name it."""

    VISITOR = "visitor"
    """Who carries a credential of the site; a browser only from an allowed origin."""

    PAGE = "page"
    """A person with a browser; forms are taken from the page itself only."""

    API_KEY = "api_key"
    """A program with an api key that has the route's scope for the site."""

    OPERATOR = "operator"
    """The operator; a proxy in front keeps everyone else out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter, as OpenAPI shows it; `place` is `query` or `header`."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    place: str = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: a schema of JSON, and the media types of other content."""

    status: int
    description: str
    schema: Schema | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call."""

    method: str
    path: str
    view: View
    access: Access
    tag: str
    summary: str
    answers: tuple[Answer, ...] = ()
    request: Schema | None = None
    query: Schema | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[type[ServiceError], ...] = ()
    scope: str | None = None

    @property
    def endpoint(self) -> str:
        """The name of the route, unique among all."""
        return f"{self.method} {self.path}"

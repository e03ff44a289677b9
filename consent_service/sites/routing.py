"""What the routes of a site's management have in common."""

from marshmallow import Schema

from consent_service.access.service import ApiKeyForbiddenError, ApiKeyRequiredError
from consent_service.core.errors import ServiceError
from consent_service.http.routes import Access, Answer, Parameter, Route, View
from consent_service.sites.service import SiteClosedError, SiteUnknownError

SITE = "/v1/manage/sites/<key>"
"""Where the management of one site begins."""


def managed(  # noqa: PLR0913 - the members of a route
    method: str,
    path: str,
    view: View,
    summary: str,
    *answers: Answer,
    scope: str,
    tag: str = "Management",
    request: Schema | None = None,
    query: Schema | None = None,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[type[ServiceError], ...] = (),
) -> Route:
    """Return a route for programs with an api key that has a scope for the site."""
    common = (ApiKeyRequiredError, ApiKeyForbiddenError, SiteUnknownError, SiteClosedError)
    return Route(
        method=method,
        path=path,
        view=view,
        access=Access.API_KEY,
        scope=scope,
        tag=tag,
        summary=summary,
        request=request,
        query=query,
        parameters=parameters,
        answers=answers,
        problems=(*common, *problems),
    )


def described(description: str, schema: Schema, status: int = 200) -> Answer:
    """Return the description of an answer in JSON."""
    return Answer(status=status, description=description, schema=schema)

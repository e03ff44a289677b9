"""What the pages for people load."""

from flask import Response, request

from consent_service.core.errors import NotFoundError
from consent_service.http import pages
from consent_service.http.caching import IMMUTABLE, SHORT, Prebuilt
from consent_service.http.routes import Access, Answer, Route

_ASSETS = {"pages.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


class StaticApi:
    """Serves the few files that pages load."""

    def __init__(self) -> None:
        self._assets = {
            name: Prebuilt.of(pages.asset(name), media) for name, media in _ASSETS.items()
        }

    def asset(self, name: str) -> Response:
        """Return a file of the pages, for good where the address carries its digest."""
        found = self._assets.get(name)
        if found is None:
            raise NotFoundError(f"there is no file {name}")
        return found.respond(IMMUTABLE if "v" in request.args else SHORT)

    def routes(self) -> list[Route]:
        """Return the route of the files."""
        asset = Answer(status=200, description="The file", media=("text/css", "image/svg+xml"))
        return [
            Route(
                method="GET",
                path="/static/<name>",
                view=self.asset,
                access=Access.PUBLIC,
                tag="Files",
                summary="The style sheet and the icon of the pages",
                answers=(asset,),
                problems=(NotFoundError,),
            )
        ]

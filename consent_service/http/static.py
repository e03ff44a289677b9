"""The banner, and what the pages for people load."""

from pathlib import Path

from flask import Response, request

from consent_service.core.errors import NotFoundError, ServiceError
from consent_service.http import pages
from consent_service.http.caching import IMMUTABLE, Prebuilt
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Route, View

BANNER = "consent-banner.js"
JAVASCRIPT = "text/javascript; charset=utf-8"
_ASSETS = {"pages.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_SHORT = "public, max-age=300, stale-while-revalidate=86400"


class StaticApi:
    """Serves the few files that pages load."""

    def __init__(self, folder: Path) -> None:
        self.banner = (folder / BANNER).read_bytes()
        self._banner = Prebuilt.of(self.banner, JAVASCRIPT)
        self._assets = {
            name: Prebuilt.of(pages.asset(name), media) for name, media in _ASSETS.items()
        }

    def routes(self) -> list[Route]:
        """Return the routes of the files."""
        script = Answer(status=200, description="The banner", media=("text/javascript",))
        asset = Answer(status=200, description="The file", media=("text/css", "image/svg+xml"))
        return [
            _route(f"/static/{BANNER}", self.banner_file, "The banner, without a notice", script),
            _route(
                "/static/<name>",
                self.asset,
                "The style sheet and the icon of the pages",
                asset,
                (NotFoundError,),
            ),
        ]

    def banner_file(self) -> Response:
        """Return the banner; `data-site` on its tag says whose notice it loads."""
        return allow_everyone(self._banner.respond(_SHORT))

    def asset(self, name: str) -> Response:
        """Return a file of the pages, for good where the address carries its digest."""
        found = self._assets.get(name)
        if found is None:
            raise NotFoundError(f"there is no file {name}")
        return found.respond(IMMUTABLE if "v" in request.args else _SHORT)


def _route(
    path: str,
    view: View,
    summary: str,
    answer: Answer,
    problems: tuple[type[ServiceError], ...] = (),
) -> Route:
    return Route(
        method="GET",
        path=path,
        view=view,
        access=Access.PUBLIC,
        tag="Files",
        summary=summary,
        answers=(answer,),
        problems=problems,
    )

"""The head stub from the service, for pages that do not hold it themselves."""

from functools import lru_cache

from flask import Response

from consent_service.banners.head import PART, HeadUnknownError, head_of
from consent_service.banners.service import BannerService, BannerUnknownError
from consent_service.http.caching import Prebuilt
from consent_service.http.routes import Access, Answer, Route
from consent_service.notices.service import NoticeUnknownError
from consent_service.notices.serving import Serving
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_JAVASCRIPT = "text/javascript; charset=utf-8"


class HeadApi:
    """Serves the stub that fits the visitor's profile."""

    def __init__(self, banners: BannerService, sites: SiteService, serving: Serving) -> None:
        self._banners = banners
        self._sites = sites
        self._serving = serving

    def head(self, key: str) -> Response:
        """Return the stub of a site."""
        site = self._sites.get(key)
        _, variant = self._serving.chosen(site)
        script = head_of(site, [variant]).script(
            self._banners.find_part(self._banners.kit.name, PART)
        )
        return self._serving.respond(_prebuilt(script), site)

    def routes(self) -> list[Route]:
        """Return the route of the stub."""
        return [
            Route(
                method="GET",
                path="/v1/sites/<key>/head.js",
                view=self.head,
                access=Access.PUBLIC,
                tag="Banner",
                summary="The head stub, for sites whose signals need it",
                answers=(Answer(status=200, description="The script", media=("text/javascript",)),),
                problems=(
                    SiteUnknownError,
                    SiteClosedError,
                    NoticeUnknownError,
                    HeadUnknownError,
                    BannerUnknownError,
                ),
            )
        ]


@lru_cache(maxsize=256)
def _prebuilt(script: str) -> Prebuilt:
    return Prebuilt.of(script.encode(), _JAVASCRIPT)

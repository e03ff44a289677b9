"""The banner: composed for a site, as one file for all sites, and the parts that it imports."""

from functools import lru_cache

from flask import Response

from consent_service.banners.service import BannerService, BannerUnknownError
from consent_service.core.errors import ServiceError
from consent_service.http.caching import IMMUTABLE, SHORT, Prebuilt
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Parameter, Route, View
from consent_service.notices.service import NoticeUnknownError
from consent_service.notices.serving import Serving
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_JAVASCRIPT = "text/javascript; charset=utf-8"
_OF_SITE = (SiteUnknownError, SiteClosedError)


class BannerApi:
    """Serves the banner's code. What has a hash in its address is for good."""

    def __init__(self, banners: BannerService, sites: SiteService, serving: Serving) -> None:
        self._banners = banners
        self._sites = sites
        self._serving = serving
        self._whole = _prebuilt(banners.kit.whole.code)

    def whole(self) -> Response:
        """Return the whole code; `data-site` on its tag says whose notice it loads."""
        return allow_everyone(self._whole.respond(SHORT))

    def part(self, kit: str, name: str) -> Response:
        """Return a part of a kit, of this release or an earlier one."""
        return allow_everyone(_prebuilt(self._banners.find_part(kit, name)).respond(IMMUTABLE))

    def script(self, key: str) -> Response:
        """Return the banner with its notice, so that a page needs one request.

        `Content-Location` is where the very same bytes stay (RFC 9110, section 8.7).
        """
        site = self._sites.get(key)
        _, variant = self._serving.chosen(site)
        script = self._banners.script(site, variant)
        answer = self._serving.respond(_prebuilt(script.code), site)
        answer.headers["Content-Location"] = f"b/{script.sha256}.js"
        return answer

    def by_hash(self, key: str, sha256: str) -> Response:
        """Return a script by the SHA-256 of its bytes, or a build by the digest in records."""
        code = self._banners.find_code(self._sites.get(key), sha256)
        return allow_everyone(_prebuilt(code).respond(IMMUTABLE))

    def routes(self) -> list[Route]:
        """Return the routes of the banner."""
        site = "/v1/sites/<key>"
        lang = Parameter(name="lang", description="A locale; else Accept-Language decides")
        return [
            _route(
                "/static/consent-banner.js",
                self.whole,
                "The banner for the site that `data-site` names, without a notice",
            ),
            _route(
                "/static/b/<kit>/<name>.js",
                self.part,
                "What the banner imports when it is needed, by the digest of all its files",
                problems=(BannerUnknownError,),
            ),
            _route(
                f"{site}/consent-banner.js",
                self.script,
                "The banner with the current notice inlined",
                parameters=(lang,),
                problems=(*_OF_SITE, NoticeUnknownError),
            ),
            _route(
                f"{site}/b/<sha256>.js",
                self.by_hash,
                "A banner that the site serves or served, by its SHA-256, byte for byte",
                problems=(*_OF_SITE, BannerUnknownError),
            ),
        ]


def _route(
    path: str,
    view: View,
    summary: str,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[type[ServiceError], ...] = (),
) -> Route:
    return Route(
        method="GET",
        path=path,
        view=view,
        access=Access.PUBLIC,
        tag="Banner",
        summary=summary,
        parameters=parameters,
        answers=(Answer(status=200, description="The script", media=("text/javascript",)),),
        problems=problems,
    )


@lru_cache(maxsize=512)
def _prebuilt(code: str) -> Prebuilt:
    return Prebuilt.of(code.encode(), _JAVASCRIPT)

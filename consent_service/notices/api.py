"""The notice that visitors are shown, and the banner with it."""

import json
from functools import lru_cache

from flask import Response, jsonify

from consent_service.http.body import load, read_json
from consent_service.http.caching import IMMUTABLE, Prebuilt
from consent_service.http.country import PlaceFinder
from consent_service.http.languages import wanted_locale
from consent_service.http.limits import TooManyRequestsError, WriteLimits
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Parameter, Route
from consent_service.http.static import JAVASCRIPT
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.model import Notice, Showing, Variant
from consent_service.notices.profiles import all_profiles
from consent_service.notices.schemas import ImpressionIn
from consent_service.notices.service import NoticeService, NoticeUnknownError, served_variant
from consent_service.sites.model import Embed, Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_impression_in = ImpressionIn()
_FRESH = "max-age=300, stale-while-revalidate=300"
_JSON = "application/json"


class NoticeApi:
    """Serves notices, resolved and prebuilt."""

    def __init__(
        self,
        *,
        notices: NoticeService,
        sites: SiteService,
        places: PlaceFinder,
        limits: WriteLimits,
        impressions: ImpressionService,
        banner: bytes,
    ) -> None:
        self._notices = notices
        self._sites = sites
        self._places = places
        self._limits = limits
        self._impressions = impressions
        self._banner = banner

    def current(self, key: str) -> Response:
        """Return the variant for the visitor's locale and profile."""
        site = self._sites.get(key)
        notice, variant = self._served(site)
        return self._fresh(_shown(notice, variant, site.embed), site)

    def banner(self, key: str) -> Response:
        """Return the banner with its notice, so that a page needs one request."""
        site = self._sites.get(key)
        notice, variant = self._served(site)
        return self._fresh(_inlined(self._banner, _shown(notice, variant, site.embed)), site)

    def by_hash(self, key: str, sha256: str) -> Response:
        """Return a variant's own bytes, for good."""
        _, variant = self._notices.shown(self._sites.get(key), sha256)
        return allow_everyone(Prebuilt.of(variant.body.encode(), _JSON).respond(IMMUTABLE))

    def _served(self, site: Site) -> tuple[Notice, Variant]:
        notice = self._notices.current(site)
        locale = wanted_locale(site.locales)
        return notice, served_variant(site, notice, self._places.find(), locale)

    def _fresh(self, prebuilt: Prebuilt, site: Site) -> Response:
        """Let shared caches keep what depends on the language only, or on a header they see too."""
        header = self._places.header if len(site.profiles) > 1 else None
        is_shared = len(site.profiles) == 1 or header
        answer = allow_everyone(
            prebuilt.respond(f"{'public' if is_shared else 'private'}, {_FRESH}")
        )
        answer.vary.update(["Accept-Language", *([header] if header else [])])
        return answer

    def gpc(self) -> Response:
        """Tell that Global Privacy Control is honoured (W3C GPC, section 5)."""
        read = max(profile.as_of for profile in all_profiles().values())
        answer = jsonify(gpc=True, lastUpdate=read.isoformat())
        answer.headers["Cache-Control"] = "public, max-age=86400"
        return allow_everyone(answer)

    def shown(self, key: str) -> Response:
        """Count a showing of the notice."""
        site = self._sites.get(key)
        self._limits.check(site.key)
        data = load(_impression_in, read_json())
        self._impressions.count(site, Showing.SHOWN, data["notice"], data.get("variant"))
        return Response(status=202)

    def routes(self) -> list[Route]:
        """Return the routes of notices."""
        site = "/v1/sites/<key>"
        lang = Parameter(name="lang", description="A locale; else Accept-Language decides")
        problems = (SiteUnknownError, SiteClosedError, NoticeUnknownError)
        notice = Answer(status=200, description="The variant", media=(_JSON,))
        script = Answer(status=200, description="The script", media=("text/javascript",))
        return [
            Route(
                method="GET",
                path=f"{site}/notice",
                view=self.current,
                access=Access.PUBLIC,
                tag="Notice",
                summary="The current notice for the visitor's locale and profile",
                parameters=(lang,),
                answers=(notice,),
                problems=problems,
            ),
            Route(
                method="GET",
                path=f"{site}/consent-banner.js",
                view=self.banner,
                access=Access.PUBLIC,
                tag="Notice",
                summary="The banner with the current notice inlined",
                parameters=(lang,),
                answers=(script,),
                problems=problems,
            ),
            Route(
                method="GET",
                path=f"{site}/notice/<sha256>.json",
                view=self.by_hash,
                access=Access.PUBLIC,
                tag="Notice",
                summary="A variant of any notice by its SHA-256, byte for byte",
                answers=(notice,),
                problems=problems,
            ),
            Route(
                method="GET",
                path="/.well-known/gpc.json",
                view=self.gpc,
                access=Access.PUBLIC,
                tag="Notice",
                summary="That Global Privacy Control is honoured",
                answers=(Answer(status=200, description="The statement", media=(_JSON,)),),
            ),
            Route(
                method="POST",
                path=f"{site}/impressions",
                view=self.shown,
                access=Access.ORIGIN,
                tag="Notice",
                summary="Count a showing of a notice, without any identifier",
                request=_impression_in,
                answers=(Answer(status=202, description="It is counted"),),
                problems=(*problems, TooManyRequestsError),
            ),
        ]


@lru_cache(maxsize=256)
def _shown(notice: Notice, variant: Variant, embed: Embed) -> Prebuilt:
    """Add to a variant its own hashes, and how the banner is embedded."""
    around = {
        "sha256": notice.sha256,
        "variant": variant.sha256,
        "embed": {"mode": embed.mode, "cookie_domain": embed.cookie_domain},
    }
    return Prebuilt.of(f"{variant.body[:-1]},{json.dumps(around)[1:]}".encode(), _JSON)


@lru_cache(maxsize=256)
def _inlined(banner: bytes, notice: Prebuilt) -> Prebuilt:
    return Prebuilt.of(
        b"document.currentScript.consentNotice=" + notice.content + b";\n" + banner, JAVASCRIPT
    )

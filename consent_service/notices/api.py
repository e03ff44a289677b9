"""The notice that visitors are shown, and the counting of showings."""

import json
from functools import lru_cache

from flask import Response, jsonify

from consent_service.http.body import load, read_json
from consent_service.http.caching import IMMUTABLE, Prebuilt
from consent_service.http.limits import TooManyRequestsError, WriteLimits
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Parameter, Route
from consent_service.notices.around import around
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.model import Showing, Variant
from consent_service.notices.profiles import all_profiles
from consent_service.notices.schemas import ImpressionIn
from consent_service.notices.service import NoticeService, NoticeUnknownError
from consent_service.notices.serving import Serving
from consent_service.sites.model import Embed
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_impression_in = ImpressionIn()
_JSON = "application/json"


class NoticeApi:
    """Serves notices, resolved and prebuilt."""

    def __init__(
        self,
        *,
        notices: NoticeService,
        sites: SiteService,
        serving: Serving,
        limits: WriteLimits,
        impressions: ImpressionService,
    ) -> None:
        self._notices = notices
        self._sites = sites
        self._serving = serving
        self._limits = limits
        self._impressions = impressions

    def current(self, key: str) -> Response:
        """Return the variant for the visitor's locale and profile."""
        site = self._sites.get(key)
        notice, variant = self._serving.chosen(site)
        return self._serving.respond(_shown(notice.sha256, variant, site.embed), site)

    def by_hash(self, key: str, sha256: str) -> Response:
        """Return a variant's own bytes, for good."""
        _, variant = self._notices.shown(self._sites.get(key), sha256)
        return allow_everyone(_alone(variant).respond(IMMUTABLE))

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


@lru_cache(maxsize=512)
def _shown(notice: str, variant: Variant, embed: Embed) -> Prebuilt:
    """Add to a variant the notice's hash and its own, how it is embedded and how it looks."""
    told = json.dumps(around(notice, variant, json.loads(variant.body)["theme"], embed))
    return Prebuilt.of(f"{variant.body[:-1]},{told[1:]}".encode(), _JSON)


@lru_cache(maxsize=512)
def _alone(variant: Variant) -> Prebuilt:
    return Prebuilt.of(variant.body.encode(), _JSON)

"""Sites for programs of managers: settings, who manages them, files, history."""

from typing import Any

from flask import Response, g, jsonify, request

from consent_service.access.model import ApiKey
from consent_service.core.canonical import sha256_hex
from consent_service.core.clock import format_time
from consent_service.core.errors import (
    InvalidRequestError,
    PreconditionFailedError,
    PreconditionRequiredError,
)
from consent_service.http.body import load, read_json
from consent_service.http.preconditions import seen_tag
from consent_service.http.routes import Answer, Parameter, Route
from consent_service.notices.model import Notice
from consent_service.notices.service import NoticeUnknownError
from consent_service.publishing.errors import FileUnknownError, HeadMovedError
from consent_service.publishing.files import head
from consent_service.publishing.manage_schemas import (
    FileListOut,
    FileTextOut,
    HandOverIn,
    NoticeListOut,
    NoticeOut,
    NoticesQuery,
    SiteListOut,
    SiteOut,
    SitesQuery,
    VersionListOut,
)
from consent_service.publishing.management import ManagementService, SiteState, versions_json
from consent_service.publishing.routing import (
    IF_MATCH,
    management_route,
    tagged,
)
from consent_service.publishing.service import PublishingService
from consent_service.sites.model import Site
from consent_service.sites.routing import SITE, described

_JSON, _TEXT = "application/json", "text/plain"
_hand_over, _sites_query, _notices_query = HandOverIn(), SitesQuery(), NoticesQuery()
_INTEGER = {"type": "integer"}
_AFTER = "The last one that is there already, as `next` tells it"


class SiteApi:
    """Tells managers about sites."""

    def __init__(self, management: ManagementService, publishing: PublishingService) -> None:
        self._management = management
        self._publishing = publishing

    def sites(self) -> Response:
        """Return a page of the sites that the api key is for."""
        query = load(_sites_query, request.args.to_dict())
        limit, key = query["limit"], _api_key()
        found = self._management.list(query["after"], limit + 1, key.sites)
        told: dict[str, Any] = {"sites": [_summary(site) for site in found[:limit]]}
        if len(found) > limit:
            told["next"] = found[limit - 1].key
        return jsonify(told)

    def get(self, key: str) -> Response:
        """Return a site; the ETag is its head."""
        return _state(self._management.state(key))

    def hand_over(self, key: str) -> Response:
        """Change who manages a site."""
        seen, body = seen_tag(), load(_hand_over, read_json())
        try:
            return _state(self._management.hand_over(key, body["managed_by"], seen))
        except HeadMovedError as error:
            raise PreconditionFailedError(error.detail) from error

    def files(self, key: str) -> Response:
        """Return the names and hashes of the applied files."""
        files = self._publishing.files(key)
        listed = [{"name": name, "sha256": sha256_hex(text)} for name, text in files.items()]
        return tagged({"head": head(files), "files": listed}, head(files))

    def file(self, key: str, name: str) -> Response:
        """Return an applied file, as JSON or as its text."""
        text = self._publishing.files(key).get(name)
        if text is None:
            raise FileUnknownError(f"the site {key} has no file {name}")
        sha256 = sha256_hex(text)
        if request.accept_mimetypes.best_match((_JSON, _TEXT)) == _TEXT:
            answer = Response(text.encode(), content_type=f"{_TEXT}; charset=utf-8")
            answer.set_etag(sha256)
        else:
            answer = tagged({"name": name, "sha256": sha256, "text": text}, sha256)
        answer.vary.add("Accept")
        return answer

    def notices(self, key: str) -> Response:
        """Return a page of a site's notices."""
        query = load(_notices_query, request.args.to_dict())
        limit = query["limit"]
        found = self._management.notices(key, query["after"], limit + 1)
        told: dict[str, Any] = {"notices": [_notice_summary(each) for each in found[:limit]]}
        if len(found) > limit:
            told["next"] = found[limit - 1].number
        return jsonify(told)

    def notice(self, key: str, number: int) -> Response:
        """Return a notice."""
        return jsonify(_notice(self._management.notice(key, number)))

    def versions(self, key: str) -> Response:
        """Return every version of every document."""
        return jsonify(versions=versions_json(self._management.versions(key)))

    def routes(self) -> list[Route]:
        """Return the routes about sites."""
        route = management_route
        conditions = (PreconditionRequiredError, PreconditionFailedError)
        limit = Parameter(name="limit", description="At most so many, 1 to 200", schema=_INTEGER)
        after_key = Parameter(name="after", description=_AFTER)
        after_number = Parameter(name="after", description=_AFTER, schema=_INTEGER)
        file = Answer(status=200, description="The file", schema=FileTextOut(), media=(_TEXT,))
        return [
            route(
                "GET",
                "/v1/manage/sites",
                self.sites,
                "The sites by key",
                described("A page of sites", SiteListOut()),
                parameters=(after_key, limit),
                problems=(InvalidRequestError,),
            ),
            route("GET", SITE, self.get, "A site", described("The site", SiteOut())),
            route(
                "PATCH",
                SITE,
                self.hand_over,
                "Change who manages a site",
                described("The site", SiteOut()),
                parameters=(IF_MATCH,),
                request=_hand_over,
                problems=conditions,
            ),
            route(
                "GET",
                f"{SITE}/files",
                self.files,
                "The applied files",
                described("Their names and hashes", FileListOut()),
            ),
            route(
                "GET",
                f"{SITE}/files/<name>",
                self.file,
                "An applied file, as JSON or text by Accept",
                file,
                problems=(FileUnknownError,),
            ),
            route(
                "GET",
                f"{SITE}/notices",
                self.notices,
                "The notices by number",
                described("A page of notices", NoticeListOut()),
                parameters=(after_number, limit),
                problems=(InvalidRequestError,),
            ),
            route(
                "GET",
                f"{SITE}/notices/<int:number>",
                self.notice,
                "A notice",
                described("The notice", NoticeOut()),
                problems=(NoticeUnknownError,),
            ),
            route(
                "GET",
                f"{SITE}/documents",
                self.versions,
                "Every version of every document",
                described("The versions, with their authors", VersionListOut()),
            ),
        ]


def _api_key() -> ApiKey:
    key: ApiKey = g.api_key
    return key


def _state(state: SiteState) -> Response:
    told = {**_summary(state.site), "head": state.head}
    if state.notice is not None:
        told["notice"] = state.notice
    return tagged(told, state.head)


def _summary(site: Site) -> dict[str, Any]:
    return {
        "key": site.key,
        "managed_by": site.managed_by.value,
        "revision": site.revision,
        **site.settings(),
    }


def _notice_summary(notice: Notice) -> dict[str, Any]:
    return {
        "number": notice.number,
        "sha256": notice.sha256,
        "effective_at": format_time(notice.effective_at),
        "published_at": format_time(notice.published_at),
    }


def _notice(notice: Notice) -> dict[str, Any]:
    variants = [
        {"profile": each.profile, "locale": each.locale, "sha256": each.sha256}
        for each in notice.variants
    ]
    return {**_notice_summary(notice), "snapshot": notice.snapshot, "variants": variants}

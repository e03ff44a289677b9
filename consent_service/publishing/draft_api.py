"""Drafts for programs of managers: written, looked at as visitors would see them, published."""

from typing import Any

from flask import Response, jsonify, request

from consent_service.core.clock import format_time
from consent_service.core.errors import (
    InvalidRequestError,
    PreconditionFailedError,
    PreconditionRequiredError,
)
from consent_service.documents.service import DocumentUnknownError
from consent_service.http.body import load, read_json
from consent_service.http.preconditions import creates, seen_tag
from consent_service.http.routes import Answer, Parameter, Route
from consent_service.publishing.drafts import DraftService
from consent_service.publishing.errors import (
    DraftOutdatedError,
    DraftUnknownError,
    HeadMovedError,
    LintFailedError,
    ManagedElsewhereError,
    PublishedMeanwhileError,
)
from consent_service.publishing.files import head
from consent_service.publishing.manage_schemas import DraftIn, DraftListOut, DraftOut, PlanOut
from consent_service.publishing.model import FileDraft, InvalidSiteError
from consent_service.publishing.plan import plan_json
from consent_service.publishing.routing import (
    IF_MATCH,
    LANG,
    management_route,
    tagged,
)
from consent_service.sites.routing import SITE, described

_draft_in = DraftIn()
_DRAFTS = f"{SITE}/drafts"
_DRAFT = f"{_DRAFTS}/<name>"
_CONDITIONS = (PreconditionRequiredError, PreconditionFailedError)
_WRITING = (ManagedElsewhereError, PublishedMeanwhileError, *_CONDITIONS)


class DraftApi:
    """Keeps and publishes drafts."""

    def __init__(self, drafts: DraftService) -> None:
        self._drafts = drafts

    def drafts(self, key: str) -> Response:
        """Return the drafts of a site without their texts."""
        return jsonify(drafts=[_summary(draft) for draft in self._drafts.list(key)])

    def get(self, key: str, name: str) -> Response:
        """Return a draft."""
        return _told(self._drafts.get(key, name))

    def put(self, key: str, name: str) -> Response:
        """Store a draft: a new one, or over the state that If-Match names."""
        new = creates()
        seen = "" if new else seen_tag()
        body = load(_draft_in, read_json())
        text, author = body["text"], body.get("author")
        if new:
            return _told(self._drafts.create(key, name, text, author), 201)
        return _told(self._drafts.change(key, name, text, author, seen=seen))

    def discard(self, key: str, name: str) -> Response:
        """Remove a draft."""
        self._drafts.discard(key, name, seen=seen_tag())
        return Response(status=204)

    def plan(self, key: str) -> Response:
        """Return what publishing the drafts would change; the ETag is the site's head."""
        plan = self._drafts.plan(key)
        return tagged(plan_json(plan), plan.head or "")

    def publish(self, key: str) -> Response:
        """Publish the drafts; the ETag is the site's new head."""
        try:
            plan = self._drafts.publish(key, seen_tag())
        except HeadMovedError as error:
            raise PreconditionFailedError(error.detail) from error
        return tagged(plan_json(plan), head(plan.source.files))

    def preview(self, key: str) -> Response:
        """Return a variant of the newest notice, as publishing the drafts would leave it."""
        plan = self._drafts.plan(key)
        profile = _wanted("profile", plan.site.profiles)
        locale = _wanted("lang", plan.site.locales)
        body = next(
            each.body
            for each in plan.newest.variants
            if (each.profile, each.locale) == (profile, locale)
        )
        return Response(body, content_type="application/json")

    def preview_document(self, key: str, kind: str) -> Response:
        """Return a document as publishing the drafts would leave it."""
        plan = self._drafts.plan(key)
        if kind not in plan.versions:
            raise DocumentUnknownError(f"the site {key} would have no document {kind}")
        newest = plan.versions[kind][-1]
        text = newest.text(_wanted("lang", tuple(newest.texts)))
        return Response(text.html, content_type="text/html; charset=utf-8")

    def routes(self) -> list[Route]:
        """Return the routes about drafts."""
        route = management_route
        profile = Parameter(name="profile", description="A profile; the first one when absent")
        none_match = Parameter(
            name="If-None-Match", description="`*`: only where there is none yet", place="header"
        )
        variant = Answer(status=200, description="The variant", media=("application/json",))
        html = Answer(status=200, description="The text", media=("text/html",))
        return [
            route(
                "GET",
                _DRAFTS,
                self.drafts,
                "The drafts that wait",
                described("The drafts without their texts", DraftListOut()),
            ),
            route(
                "GET",
                _DRAFT,
                self.get,
                "A draft of a file",
                described("The draft", DraftOut()),
                problems=(DraftUnknownError,),
            ),
            route(
                "PUT",
                _DRAFT,
                self.put,
                "Write a draft of a file",
                described("The draft", DraftOut()),
                described("The draft, which is new", DraftOut(), 201),
                parameters=(IF_MATCH, none_match),
                request=_draft_in,
                problems=(DraftUnknownError, *_WRITING),
            ),
            route(
                "DELETE",
                _DRAFT,
                self.discard,
                "Remove a draft",
                Answer(status=204, description="It is removed"),
                parameters=(IF_MATCH,),
                problems=(DraftUnknownError, *_WRITING),
            ),
            route(
                "GET",
                f"{SITE}/plan",
                self.plan,
                "What publishing the drafts would change",
                described("The plan", PlanOut()),
                problems=(InvalidSiteError,),
            ),
            route(
                "POST",
                f"{SITE}/publish",
                self.publish,
                "Publish the drafts",
                described("What was published", PlanOut()),
                parameters=(IF_MATCH,),
                problems=(*_WRITING, DraftOutdatedError, InvalidSiteError, LintFailedError),
            ),
            route(
                "GET",
                f"{SITE}/preview",
                self.preview,
                "The newest notice as the drafts would make it",
                variant,
                parameters=(profile, LANG),
                problems=(InvalidSiteError, InvalidRequestError),
            ),
            route(
                "GET",
                f"{SITE}/preview/<kind>",
                self.preview_document,
                "A document as the drafts would make it",
                html,
                parameters=(LANG,),
                problems=(InvalidSiteError, InvalidRequestError, DocumentUnknownError),
            ),
        ]


def _wanted(name: str, offered: tuple[str, ...]) -> str:
    """Return the offered value that the query names, the first one where it names none."""
    wanted = request.args.get(name, offered[0])
    if wanted not in offered:
        raise InvalidRequestError.of(name, f"must be one of {', '.join(offered)}")
    return wanted


def _told(draft: FileDraft, status: int = 200) -> Response:
    return tagged({**_summary(draft), "text": draft.text}, draft.tag, status)


def _summary(draft: FileDraft) -> dict[str, Any]:
    told = {
        "name": draft.name,
        "revision": draft.revision,
        "updated_at": format_time(draft.updated_at),
        "deleting": draft.text is None,
    }
    if draft.base_sha256:
        told["base_sha256"] = draft.base_sha256
    return {**told, "author": draft.author} if draft.author else told

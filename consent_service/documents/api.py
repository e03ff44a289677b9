"""Documents and their versions, as HTML, Markdown or JSON."""

from typing import Any

from flask import Response, jsonify, request

from consent_service.core.clock import format_time
from consent_service.core.errors import InvalidRequestError, ServiceError
from consent_service.documents.comparison import Comparison, choose
from consent_service.documents.model import DocumentText, DocumentVersion
from consent_service.documents.schemas import (
    DifferenceOut,
    PublishedDocumentOut,
    PublishedListOut,
)
from consent_service.documents.service import DocumentService, DocumentUnknownError
from consent_service.http.caching import IMMUTABLE, Prebuilt
from consent_service.http.languages import wanted_locale
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Parameter, Route
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_HTML, _MARKDOWN, _JSON = "text/html", "text/markdown", "application/json"
_PLAIN = "text/plain"
_MEDIA = (_HTML, _MARKDOWN, _JSON)
_DIFF_MEDIA = (_HTML, _PLAIN, _JSON)
_FRESH = "public, max-age=300"
_PROBLEMS = (SiteUnknownError, SiteClosedError, DocumentUnknownError)


class NotAcceptableError(ServiceError):
    """The client takes none of the forms in which something can be had."""

    code = "not_acceptable"
    title = "There is no such form"
    status = 406


class DocumentApi:
    """Serves published texts byte for byte."""

    def __init__(self, documents: DocumentService, sites: SiteService) -> None:
        self._documents = documents
        self._sites = sites

    def list_current(self, key: str) -> Response:
        """Return the documents in force."""
        versions = self._documents.list_current(self._sites.get(key))
        return _listed([_summary(version) for version in versions])

    def current(self, key: str, kind: str) -> Response:
        """Return the version in force."""
        return _negotiated(self._documents.current(self._sites.get(key), kind), _FRESH)

    def versions(self, key: str, kind: str) -> Response:
        """Return all versions, newest first."""
        versions = self._documents.versions(self._sites.get(key), kind)
        return _listed([_summary(version) for version in reversed(versions)])

    def version(self, key: str, kind: str, number: int) -> Response:
        """Return one version, for good."""
        version = self._documents.version(self._sites.get(key), kind, number)
        return _negotiated(version, IMMUTABLE)

    def difference(self, key: str, kind: str) -> Response:
        """Return what changed between two versions; for good where both are named."""
        site = self._sites.get(key)
        versions = self._documents.versions(site, kind)
        chosen = choose(
            versions,
            lambda: self._documents.current(site, kind),
            request.args.to_dict(),
            wanted_locale,
        )
        named = {"from", "to"} <= set(request.args)
        return _compared(chosen, IMMUTABLE if named else _FRESH)

    def routes(self) -> list[Route]:
        """Return the routes of documents."""
        base = "/v1/sites/<key>/documents"
        lang = Parameter(name="lang", description="A locale; else Accept-Language decides")
        text = Answer(
            status=200,
            description="The text, by Accept",
            schema=PublishedDocumentOut(),
            media=(_HTML, _MARKDOWN),
        )
        listed = Answer(status=200, description="The list", schema=PublishedListOut())
        entries = (
            (base, self.list_current, "The documents in force", listed),
            (f"{base}/<kind>", self.current, "The version in force", text),
            (f"{base}/<kind>/versions", self.versions, "All versions, newest first", listed),
            (f"{base}/<kind>/versions/<int:number>", self.version, "One version", text),
        )
        return [
            Route(
                method="GET",
                path=path,
                view=view,
                access=Access.PUBLIC,
                tag="Documents",
                summary=summary,
                parameters=(lang,) if answer is text else (),
                answers=(answer,),
                problems=(*_PROBLEMS, *((NotAcceptableError,) if answer is text else ())),
            )
            for path, view, summary, answer in entries
        ] + [self._difference_route(f"{base}/<kind>/diff")]

    def _difference_route(self, path: str) -> Route:
        number = {"type": "integer", "minimum": 1}
        parameters = (
            Parameter(name="from", description="Else the one before `to`", schema=number),
            Parameter(name="to", description="Else the version in force", schema=number),
            Parameter(name="lang", description="A locale; else Accept-Language decides"),
            Parameter(name="from_lang", description="The locale of `from`, where it differs"),
            Parameter(name="to_lang", description="The locale of `to`, where it differs"),
        )
        return Route(
            method="GET",
            path=path,
            view=self.difference,
            access=Access.PUBLIC,
            tag="Documents",
            summary="What changed between two versions, word by word",
            parameters=parameters,
            answers=(
                Answer(
                    status=200,
                    description="By Accept",
                    schema=DifferenceOut(),
                    media=(_HTML, _PLAIN),
                ),
            ),
            problems=(*_PROBLEMS, NotAcceptableError, InvalidRequestError),
        )


def _negotiated(version: DocumentVersion, cache_control: str) -> Response:
    locale = wanted_locale(tuple(version.texts))
    media = _wanted_media(_MEDIA)
    if media == _JSON:
        answer = jsonify(_full(version))
        answer.headers["Cache-Control"] = cache_control
    else:
        text = version.text(locale)
        content = text.html if media == _HTML else text.source
        answer = _prebuilt(content, media, cache_control)
        answer.content_language.add(locale)
    answer.vary.update(["Accept", "Accept-Language"])
    return allow_everyone(answer)


def _compared(chosen: Comparison, cache_control: str) -> Response:
    media = _wanted_media(_DIFF_MEDIA)
    difference = chosen.difference()
    if media == _JSON:
        added, removed = difference.changed_words
        answer = jsonify(
            {
                "kind": chosen.new.kind,
                "from": _side(chosen.old, chosen.old_locale),
                "to": _side(chosen.new, chosen.new_locale),
                "identical": difference.identical,
                "words": {"added": added, "removed": removed},
                "html": difference.html(),
                "text": difference.text(),
            }
        )
        answer.headers["Cache-Control"] = cache_control
    else:
        content = difference.html() if media == _HTML else difference.text()
        answer = _prebuilt(content, media, cache_control)
        answer.content_language.update([chosen.old_locale, chosen.new_locale])
    answer.vary.update(["Accept", "Accept-Language"])
    return allow_everyone(answer)


def _side(version: DocumentVersion, locale: str) -> dict[str, Any]:
    text = version.text(locale)
    return {
        "number": version.number,
        "sha256": version.sha256,
        "locale": locale,
        "title": text.title,
        "markdown_sha256": text.source_sha256,
    }


def _wanted_media(offered: tuple[str, ...]) -> str:
    accepted = request.accept_mimetypes
    media = accepted.best_match(offered) if accepted else _HTML
    if media is None:
        raise NotAcceptableError(f"this can be had as {', '.join(offered)}")
    return media


def _prebuilt(content: str, media: str, cache_control: str) -> Response:
    return Prebuilt.of(content.encode(), f"{media}; charset=utf-8").respond(cache_control)


def _listed(versions: list[dict[str, Any]]) -> Response:
    answer = jsonify(versions=versions)
    answer.headers["Cache-Control"] = _FRESH
    return allow_everyone(answer)


def _summary(version: DocumentVersion) -> dict[str, Any]:
    return {
        "kind": version.kind,
        "number": version.number,
        "sha256": version.sha256,
        "accept": version.accept.value,
        "material": version.material,
        "affects": list(version.affects),
        "effective_at": format_time(version.effective_at),
        "published_at": format_time(version.published_at),
        "titles": {locale: text.title for locale, text in version.texts.items()},
    }


def _full(version: DocumentVersion) -> dict[str, Any]:
    texts = {locale: _text(text) for locale, text in version.texts.items()}
    return {**_summary(version), "manifest": version.manifest, "texts": texts}


def _text(text: DocumentText) -> dict[str, str]:
    return {
        "title": text.title,
        "summary": text.summary,
        "markdown": text.source,
        "markdown_sha256": text.source_sha256,
        "html": text.html,
        "html_sha256": text.html_sha256,
    }

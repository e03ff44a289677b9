"""Pages of documents for people."""

from datetime import datetime
from typing import Any

from flask import Response, request

from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError
from consent_service.documents.comparison import choose
from consent_service.documents.model import DocumentVersion, in_force
from consent_service.documents.service import DocumentService, DocumentUnknownError
from consent_service.http.languages import wanted_locale
from consent_service.http.pages import languages, moment, page
from consent_service.http.routes import Access, Answer, Route
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_HTML = ("text/html",)
_PROBLEMS = (SiteUnknownError, SiteClosedError, DocumentUnknownError)
_SIDES = ("from", "to", "from_lang", "to_lang")


class DocumentPages:
    """Shows a site's documents and every version of each."""

    def __init__(self, documents: DocumentService, sites: SiteService, clock: Clock) -> None:
        self._documents = documents
        self._sites = sites
        self._clock = clock

    def overview(self, key: str) -> Response:
        """Show the documents in force."""
        site = self._sites.get(key)
        locale = wanted_locale(site.locales)
        documents = [
            {
                "kind": version.kind,
                "title": version.title(locale),
                "number": version.number,
                "effective": moment(version.effective_at, locale),
            }
            for version in self._documents.list_current(site)
        ]
        return page(
            "documents.html",
            locale,
            site=site,
            languages=languages(site.locales, locale),
            documents=documents,
        )

    def current(self, key: str, kind: str) -> Response:
        """Show the version in force."""
        site = self._sites.get(key)
        return self._show(site, self._documents.current(site, kind))

    def version(self, key: str, kind: str, number: int) -> Response:
        """Show one version."""
        site = self._sites.get(key)
        return self._show(site, self._documents.version(site, kind, number))

    def difference(self, key: str, kind: str) -> Response:
        """Show what changed between two versions, with a form to choose them."""
        site = self._sites.get(key)
        versions = self._documents.versions(site, kind)
        named = {name: request.args[name] for name in _SIDES if request.args.get(name)}
        chosen = choose(versions, lambda: self._documents.current(site, kind), named, wanted_locale)
        locale = wanted_locale(tuple(chosen.new.texts))
        difference = chosen.difference()
        return page(
            "document_diff.html",
            locale,
            site=site,
            languages=languages(tuple(chosen.new.texts), locale),
            kept=f"from={chosen.old.number}&to={chosen.new.number}&",
            document={"kind": kind, "title": chosen.new.title(chosen.new_locale)},
            sides=[
                _side("from", versions, chosen.old, chosen.old_locale, locale),
                _side("to", versions, chosen.new, chosen.new_locale, locale),
            ],
            words=difference.changed_words._asdict(),
            identical=difference.identical,
            html=difference.html(),
        )

    def _show(self, site: Site, version: DocumentVersion) -> Response:
        locale = wanted_locale(tuple(version.texts))
        text = version.text(locale)
        versions = self._documents.versions(site, version.kind)
        current = in_force(versions, self._clock.now())
        listed = [
            {**_described(each, current, self._clock.now(), locale), "shown": each is version}
            for each in reversed(versions)
        ]
        return page(
            "document.html",
            locale,
            site=site,
            languages=languages(tuple(version.texts), locale),
            document={"kind": version.kind, "title": text.title},
            version=_described(version, current, self._clock.now(), locale)
            | {"summary": text.summary, "sha256": version.sha256},
            html=text.html,
            versions=listed,
        )

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        base = "/sites/<key>/documents"
        entries = (
            (base, self.overview, "A site's documents", _PROBLEMS),
            (f"{base}/<kind>", self.current, "The version in force", _PROBLEMS),
            (f"{base}/<kind>/<int:number>", self.version, "One version", _PROBLEMS),
            (
                f"{base}/<kind>/diff",
                self.difference,
                "What changed between two versions",
                (*_PROBLEMS, InvalidRequestError),
            ),
        )
        return [
            Route(
                method="GET",
                path=path,
                view=view,
                access=Access.PAGE,
                tag="Pages",
                summary=summary,
                answers=(Answer(status=200, description="The page", media=_HTML),),
                problems=problems,
            )
            for path, view, summary, problems in entries
        ]


def _described(
    version: DocumentVersion, current: DocumentVersion | None, now: datetime, locale: str
) -> dict[str, Any]:
    status = "current" if version is current else "future" if version.effective_at > now else "past"
    return {
        "number": version.number,
        "effective": moment(version.effective_at, locale),
        "status": status,
    }


def _side(
    name: str, versions: list[DocumentVersion], chosen: DocumentVersion, text: str, locale: str
) -> dict[str, Any]:
    """Return one side of the form; `text` is the locale that is compared."""
    every = tuple(dict.fromkeys(each for version in versions for each in version.texts))
    return {
        "name": name,
        "version": chosen.number,
        "numbers": [
            {
                "number": version.number,
                "effective": moment(version.effective_at, locale),
                "chosen": version is chosen,
            }
            for version in reversed(versions)
        ],
        "locales": [
            {"locale": each["locale"], "name": each["name"], "chosen": each["current"]}
            for each in languages(every, text)
        ],
    }

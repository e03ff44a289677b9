"""A site as its folder describes it, and in which locales it is complete."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent_service.core.canonical import sha256_hex
from consent_service.core.errors import FieldError, InvalidRequestError
from consent_service.documents.model import DocumentSource
from consent_service.notices.drafting import NoticeSource
from consent_service.notices.localised import Localised, missing_locales
from consent_service.notices.texts import missing_texts
from consent_service.sites.model import Embed, Manager, Retention


class InvalidSiteError(InvalidRequestError):
    """A folder that cannot be published; names each problem with its file and field."""

    code = "invalid_site"
    title = "The site's folder has errors"

    def __init__(self, fields: list[FieldError]) -> None:
        super().__init__(f"{len(fields)} problem(s) in the site's folder", fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """An officer's word, by e-mail address, that a finding of the linter is no obstacle."""

    rule: str
    officer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSource:
    """All of a site's folder: settings, notice and documents. `files` is the folder verbatim."""

    key: str
    managed_by: Manager
    origins: tuple[str, ...]
    embed: Embed
    erasure: str
    erasure_reason: Localised | None
    retention: Retention
    log: str
    notice: NoticeSource
    documents: tuple[DocumentSource, ...]
    files: Mapping[str, str]
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDraft:
    """A file of a site's folder that waits to be published; without a text, the file is to go.

    `base_sha256` is that of the applied file which the draft was written over, where there was one.
    """

    name: str
    text: str | None
    author: str | None
    base_sha256: str | None
    revision: int
    updated_at: datetime

    def is_outdated(self, applied: str | None) -> bool:
        """Tell whether publishing would undo what was published of the file after the draft."""
        base = None if applied is None else sha256_hex(applied)
        return base != self.base_sha256 and applied != self.text

    @property
    def tag(self) -> str:
        """What names this state of the draft."""
        return f"{self.revision}-{sha256_hex(self.text or '')[:16]}"


def with_complete_locales(source: SiteSource) -> tuple[SiteSource, list[str]]:
    """Return the site in the locales that are complete, and a sentence about each that is not.

    A variant is in one language throughout, so a locale that lacks a text is not offered.

    Raises:
        InvalidSiteError: the default locale is not complete.
    """
    gaps = {locale: list(_gaps(source, locale)) for locale in source.notice.locales}
    default, *others = source.notice.locales
    if gaps[default]:
        raise InvalidSiteError(
            [FieldError(path, f"has no text in {default}") for path in gaps[default]]
        )
    complete = (default, *(locale for locale in others if not gaps[locale]))
    warnings = [
        f"{locale} is not offered: {', '.join(gaps[locale])} missing"
        for locale in others
        if gaps[locale]
    ]
    return replace(source, notice=replace(source.notice, locales=complete)), warnings


def _gaps(source: SiteSource, locale: str) -> Iterator[str]:
    notice = source.notice
    own: dict[str, Any] = {
        "controller": notice.controller,
        "purposes": notice.purposes,
        "services": notice.services,
        "withdrawal": notice.withdrawal,
        "erasure_reason": source.erasure_reason,
    }
    yield from (f"site.yaml: {path}" for path, _ in missing_locales(own, (locale,)))
    texts = notice.texts.get(locale, {})
    written_elsewhere = {key for others in notice.texts.values() for key in others} - set(texts)
    missing = {*written_elsewhere, *missing_texts(locale, texts)}
    yield from (f"site.yaml: texts.{locale}.{key}" for key in sorted(missing))
    yield from (
        f"{document.kind}.{locale}.md"
        for document in source.documents
        if locale not in document.texts
    )

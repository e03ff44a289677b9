"""A site as its folder describes it, and the rules that hold between its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent_service.consents.tokens import STATE_TOKEN_LIMIT, longest_state_token
from consent_service.core.canonical import sha256_hex
from consent_service.core.errors import FieldError, InvalidRequestError
from consent_service.documents.model import DocumentSource
from consent_service.notices.drafting import NEEDS_CONSENT, NoticeSource
from consent_service.notices.localised import missing_locales
from consent_service.notices.texts import linked_documents, missing_texts, text_keys
from consent_service.sites.model import Embed, Manager


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


def check(source: SiteSource) -> None:
    """Check what holds between the parts of a site.

    Raises:
        InvalidSiteError: naming every breach.
    """
    problems = [
        *_reference_problems(source),
        *profile_problems(source),
        *_embed_problems(source),
        *size_problems(source),
    ]
    if problems:
        raise InvalidSiteError(problems)


def _gaps(source: SiteSource, locale: str) -> Iterator[str]:
    notice = source.notice
    own: dict[str, Any] = {
        "controller": notice.controller,
        "purposes": notice.purposes,
        "services": notice.services,
        "withdrawal": notice.withdrawal,
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


def _reference_problems(source: SiteSource) -> Iterator[FieldError]:
    notice = source.notice
    purposes = [purpose["key"] for purpose in notice.purposes]
    kinds = {document.kind for document in source.documents}
    yield from _repeated("purposes", purposes)
    yield from _repeated("services", [service["key"] for service in notice.services])
    for position, service in enumerate(notice.services):
        if service["purpose"] not in purposes:
            path = f"site.yaml: services.{position}.purpose"
            yield FieldError(path, f"names no purpose of this site: {service['purpose']}")
    for document in source.documents:
        for purpose in sorted(set(document.affects) - set(purposes)):
            path = f"{document.kind}.{notice.locales[0]}.md: affects"
            yield FieldError(path, f"names no purpose of this site: {purpose}")
    for locale, texts in notice.texts.items():
        for key in sorted(set(texts) - set(text_keys())):
            yield FieldError(f"site.yaml: texts.{locale}.{key}", "is no text of the banner")
        for kind in linked_documents(texts.get("body", "")):
            if kind not in kinds:
                path = f"site.yaml: texts.{locale}.body"
                yield FieldError(path, f"links to {kind}, which has no {kind}.{locale}.md")


def _repeated(group: str, keys: list[str]) -> Iterator[FieldError]:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield FieldError(f"site.yaml: {group}", f"has {key} twice")


def profile_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield that purposes need consent where no profile asks for it."""
    consent = [
        each["key"] for each in source.notice.purposes if each["legal_basis"] == NEEDS_CONSENT
    ]
    if consent and all(profile.model == "notice" for profile in source.notice.profiles):
        yield FieldError(
            "site.yaml: profiles",
            f"a plain notice asks for no consent, but these purposes need it: {', '.join(consent)}",
        )


def _embed_problems(source: SiteSource) -> Iterator[FieldError]:
    embed = source.embed
    if embed.mode != "external" and not embed.base_url:
        yield FieldError("site.yaml: embed.base_url", f"is needed in mode {embed.mode}")
    if embed.mode == "subdomain" and not embed.cookie_domain:
        yield FieldError("site.yaml: embed.cookie_domain", "is needed in mode subdomain")


def size_problems(source: SiteSource) -> Iterator[FieldError]:
    """Yield that the state token could grow too large: browsers drop such a cookie."""
    longest = longest_state_token(
        source.key,
        [purpose["key"] for purpose in source.notice.purposes],
        [service["key"] for service in source.notice.services],
        [document.kind for document in source.documents],
    )
    if longest > STATE_TOKEN_LIMIT:
        yield FieldError(
            "site.yaml: purposes",
            f"the state cookie could grow to {longest} of {STATE_TOKEN_LIMIT} bytes: "
            "use fewer purposes and services, or shorter keys",
        )

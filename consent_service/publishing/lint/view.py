"""What the linter looks at: a site, and each form of its notice as visitors would see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from consent_service.documents.model import DocumentSource, DocumentVersion, version_of
from consent_service.notices.drafting import draft
from consent_service.notices.profiles import Profile
from consent_service.publishing.lint.wording import Wording, wording_of
from consent_service.publishing.model import SiteSource, with_complete_locales
from consent_service.publishing.positions import located

_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
"""Any moment would do: what is looked at is the folder, as if it were in force."""
_QUESTION = ("title", "body", "accept", "reject", "choose", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A notice in one locale under one profile. `wording` is None in languages not known."""

    profile: Profile
    locale: str
    body: Mapping[str, Any]
    wording: Wording | None

    def text(self, key: str) -> str:
        """Return a text of the banner without markup."""
        text = self.body["texts"][key]
        return text if isinstance(text, str) else "".join(part["text"] for part in text)

    def prose(self) -> Iterator[tuple[str, str]]:
        """Yield the field and the text of each sentence shown, in the same order in all locales."""
        yield from ((self.field(key), self.text(key)) for key in self.body["texts"])
        for group, parts in (
            ("purposes", ("description", "exemption")),
            ("services", ("description",)),
        ):
            for position, each in enumerate(self.body[group]):
                for part in parts:
                    if each.get(part):
                        yield f"{group}.{position}.{part}.{self.locale}", each[part]
        for position, service in enumerate(self.body["services"]):
            for number, cookie in enumerate(service["cookies"]):
                field = f"services.{position}.cookies.{number}.description.{self.locale}"
                yield field, cookie["description"]
        yield f"withdrawal.{self.locale}", self.body["withdrawal"]

    def question(self) -> Iterator[tuple[str, str]]:
        """Yield the field and the text of what the first layer says."""
        yield from ((self.field(key), self.text(key)) for key in _QUESTION)

    def field(self, key: str) -> str:
        """Return the field of a text."""
        return f"texts.{self.locale}.{key}"

    def choices(self) -> list[Mapping[str, Any]]:
        """Return the purposes that visitors decide about."""
        return [purpose for purpose in self.body["purposes"] if purpose["choice"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A site and the forms of its notice, one for each profile and locale.

    `source` has the locales that are complete, `declared` are all; `gaps` says what the others
    are missing.
    """

    source: SiteSource
    variants: Sequence[Shown]
    declared: tuple[str, ...]
    gaps: Mapping[str, str]

    def under(self, models: Sequence[str]) -> "Examined":
        """Return the site with only the variants of these models."""
        kept = tuple(shown for shown in self.variants if shown.profile.model in models)
        return replace(self, variants=kept)

    def by_locale(self) -> Iterator[Shown]:
        """Yield one variant of each locale, for rules about texts that no profile changes."""
        yield from {shown.locale: shown for shown in self.variants}.values()

    def consents(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the position and the source of each purpose that rests on consent."""
        for position, purpose in enumerate(self.source.notice.purposes):
            if purpose["legal_basis"] == "consent":
                yield position, purpose

    def services_of(self, purpose: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield the position and the source of each service under a purpose."""
        for position, service in enumerate(self.source.notice.services):
            if service["purpose"] == purpose:
                yield position, service


def examine(source: SiteSource) -> Examined:
    """Return a site with all forms of its notice, in the locales that are complete.

    Raises:
        InvalidSiteError: the default locale is not complete.
    """
    with located(source.files):
        complete, warnings = with_complete_locales(source)
    declared, offered = source.notice.locales, complete.notice.locales
    left_out = [locale for locale in declared if locale not in offered]
    documents = {each.kind: [_version(complete.key, each)] for each in complete.documents}
    bodies = draft(complete.notice, documents, _MOMENT).bodies
    profiles = {profile.key: profile for profile in complete.notice.profiles}
    variants = tuple(
        Shown(profile=profiles[profile], locale=locale, body=body, wording=wording_of(locale))
        for (profile, locale), body in bodies.items()
    )
    gaps = dict(zip(left_out, warnings, strict=True))
    return Examined(source=complete, variants=variants, declared=declared, gaps=gaps)


def _version(site: str, document: DocumentSource) -> DocumentVersion:
    return version_of(
        replace(document, effective_at=None),
        site_id="",
        site_key=site,
        number=1,
        html=dict.fromkeys(document.texts, ""),
        published_at=_MOMENT,
    )

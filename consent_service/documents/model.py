"""Document versions: what is published once and never changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent_service.core.canonical import canonical_json, sha256_hex
from consent_service.core.clock import format_time


class Accept(StrEnum):
    """What a visitor is asked about a document."""

    INFORM = "inform"
    ACKNOWLEDGE = "acknowledge"
    AGREE = "agree"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSource:
    """A document as it was written: one text per locale, and what goes for all of them."""

    kind: str
    accept: Accept
    material: bool
    affects: tuple[str, ...]
    effective_at: datetime | None
    author: str | None
    texts: Mapping[str, "SourceText"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """One locale of a document, in Markdown. `summary` says what changed."""

    title: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """One locale of a published version."""

    title: str
    summary: str
    source: str
    source_sha256: str
    html: str
    html_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """A published version. `sha256` is that of its manifest, which names the hash of every text.

    `author` is for the history that managers see; the manifest does not name it.
    """

    site_id: str
    kind: str
    number: int
    accept: Accept
    material: bool
    affects: tuple[str, ...]
    effective_at: datetime
    published_at: datetime
    manifest: str
    sha256: str
    author: str | None
    texts: Mapping[str, DocumentText] = field(repr=False)

    def text(self, locale: str) -> DocumentText:
        """Return the text in a locale, else in the version's first one."""
        return self.texts.get(locale) or next(iter(self.texts.values()))

    def title(self, locale: str) -> str:
        """Return the title in a locale, else in the version's first one."""
        return self.text(locale).title


def version_of(
    source: DocumentSource,
    *,
    site_id: str,
    site_key: str,
    number: int,
    html: Mapping[str, str],
    published_at: datetime,
) -> DocumentVersion:
    """Return the version that publishing `source` now makes. `html` is rendered per locale."""
    texts = {locale: _text(text, html[locale]) for locale, text in source.texts.items()}
    effective_at = source.effective_at or published_at
    manifest = canonical_json(
        {
            "v": 1,
            "site": site_key,
            "kind": source.kind,
            "number": number,
            "accept": source.accept.value,
            "material": source.material,
            "affects": list(source.affects),
            "effective_at": format_time(effective_at),
            "texts": {locale: _text_hashes(text) for locale, text in texts.items()},
        }
    )
    return DocumentVersion(
        site_id=site_id,
        kind=source.kind,
        number=number,
        accept=source.accept,
        material=source.material,
        affects=source.affects,
        effective_at=effective_at,
        published_at=published_at,
        manifest=manifest,
        sha256=sha256_hex(manifest),
        author=source.author,
        texts=texts,
    )


def is_published(source: DocumentSource, latest: DocumentVersion | None) -> bool:
    """Tell whether the newest version already says what `source` says.

    `material` and `summary` describe a change and are no change by themselves.
    """
    if latest is None:
        return False
    return (
        {locale: (text.title, text.source) for locale, text in source.texts.items()}
        == {locale: (text.title, text.source) for locale, text in latest.texts.items()}
        and source.accept == latest.accept
        and source.effective_at in (None, latest.effective_at)
    )


def in_force(versions: Iterable[DocumentVersion], moment: datetime) -> DocumentVersion | None:
    """Return the version in force: the highest number whose `effective_at` has passed."""
    begun = [version for version in versions if version.effective_at <= moment]
    return max(begun, key=lambda version: version.number, default=None)


def replaced_by(
    version: DocumentVersion, versions: Iterable[DocumentVersion]
) -> DocumentVersion | None:
    """Return why a version never comes into force: a higher number that begins no later than it."""
    higher = (v for v in versions if v.number > version.number)
    earlier = (v for v in higher if v.effective_at <= version.effective_at)
    return min(earlier, key=lambda v: (v.effective_at, v.number), default=None)


def took_effect(versions: Sequence[DocumentVersion], moment: datetime) -> Iterator[DocumentVersion]:
    """Yield the versions of a document whose changes hold at a moment, replaced since or not.

    Nobody was ever shown a version before which a higher number began. Where both begin at once
    the higher one carries the changes of the other.
    """
    for version in versions:
        instead = replaced_by(version, versions)
        is_skipped = instead is not None and instead.effective_at < version.effective_at
        if version.effective_at <= moment and not is_skipped:
            yield version


def _text(text: SourceText, html: str) -> DocumentText:
    return DocumentText(
        title=text.title,
        summary=text.summary,
        source=text.source,
        source_sha256=sha256_hex(text.source),
        html=html,
        html_sha256=sha256_hex(html),
    )


def _text_hashes(text: DocumentText) -> dict[str, Any]:
    return {
        "title": text.title,
        "summary": text.summary,
        "source_sha256": text.source_sha256,
        "html_sha256": text.html_sha256,
    }

"""Reads a site's folder: site.yaml and its documents, `KIND.LOCALE.md`."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from consent_service.core.clock import to_milliseconds
from consent_service.core.errors import FieldError, field_errors
from consent_service.documents.model import Accept, DocumentSource, SourceText
from consent_service.notices.drafting import NoticeSource
from consent_service.notices.profiles import all_profiles
from consent_service.publishing import strict_yaml
from consent_service.publishing.model import InvalidSiteError, SiteSource, check
from consent_service.publishing.positions import FRONT_MATTER, located
from consent_service.publishing.schemas import front_matter_schema, site_schema
from consent_service.sites.model import Embed

SITE_FILE = "site.yaml"
DocumentTexts = dict[str, tuple[dict[str, Any], str]]
_DOCUMENT = re.compile(r"([a-z][a-z0-9-]{0,31})\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.md")
_SHARED_FIELDS = ("effective_at", "material", "affects", "accept")


def read_folder(folder: Path) -> SiteSource:
    """Read and check a site's folder.

    Raises:
        InvalidSiteError: naming every problem with its file, line and field.
    """
    with located(_texts(folder)):
        return _read(folder)


def _texts(folder: Path) -> dict[str, str]:
    """Return the files in which problems can have a line."""
    paths = [folder / SITE_FILE, *folder.glob("*.md")]
    return {path.name: path.read_text("utf-8", "replace") for path in paths if path.is_file()}


def _read(folder: Path) -> SiteSource:
    text = _read_text(folder / SITE_FILE)
    problems: list[FieldError] = []
    data: dict[str, Any] = {}
    with _collecting(problems):
        data = _load(site_schema, _yaml(text, SITE_FILE), SITE_FILE)
    texts = _document_texts(folder, problems)
    if problems:
        raise InvalidSiteError(problems)
    source = SiteSource(
        key=data["key"],
        managed_by=data["managed_by"],
        origins=tuple(data["origins"]),
        embed=Embed(**data["embed"]),
        erasure=data["erasure"],
        notice=_notice(data),
        documents=tuple(_documents(texts, data["locales"])),
        text=text,
    )
    check(source)
    return source


@contextmanager
def _collecting(problems: list[FieldError]) -> Iterator[None]:
    """Go on after errors, so that all are told at once."""
    try:
        yield
    except InvalidSiteError as error:
        problems.extend(error.fields)


def _notice(data: Mapping[str, Any]) -> NoticeSource:
    return NoticeSource(
        site=data["key"],
        name=data["name"],
        controller=data["controller"],
        jurisdiction=data["jurisdiction"],
        authority=data["authority"],
        locales=tuple(data["locales"]),
        profiles=tuple(all_profiles()[key] for key in data["profiles"]),
        layout=data["layout"],
        theme=data["theme"],
        texts=data["texts"],
        purposes=data["purposes"],
        services=data["services"],
        withdrawal=data["withdrawal"],
        retention=data["retention"],
    )


def _document_texts(folder: Path, problems: list[FieldError]) -> dict[str, DocumentTexts]:
    """Return each document's texts by locale, as front matter and Markdown."""
    found: dict[str, DocumentTexts] = {}
    for path in sorted(folder.glob("*.md")):
        name = _DOCUMENT.fullmatch(path.name)
        if name is not None:
            with _collecting(problems):
                found.setdefault(name[1], {})[name[2]] = _front_matter(path)
        elif path.name != "README.md":
            problems.append(FieldError(path.name, "must be named KIND.LOCALE.md"))
    return found


def _documents(texts: Mapping[str, DocumentTexts], locales: list[str]) -> list[DocumentSource]:
    problems = [
        FieldError(f"{kind}.{locale}.md", f"{locale} is not among the site's locales")
        for kind, by_locale in texts.items()
        for locale in by_locale
        if locale not in locales
    ]
    problems += [
        FieldError(f"{kind}.{locales[0]}.md", "the default locale's text is missing")
        for kind, by_locale in texts.items()
        if locales[0] not in by_locale
    ]
    if problems:
        raise InvalidSiteError(problems)
    return [_document(kind, by_locale, locales) for kind, by_locale in texts.items()]


def _front_matter(path: Path) -> tuple[dict[str, Any], str]:
    parts = FRONT_MATTER.fullmatch(_read_text(path))
    if parts is None:
        raise InvalidSiteError(
            [FieldError(path.name, "must begin with front matter between --- lines")]
        )
    matter = _load(front_matter_schema, _zoned(_yaml(parts[1], path.name)), path.name)
    return matter, parts[2].strip().replace("\r\n", "\n") + "\n"


def _document(kind: str, texts: DocumentTexts, locales: list[str]) -> DocumentSource:
    shared = texts[locales[0]][0]
    _check_shared(kind, shared, texts)
    effective_at = shared.get("effective_at")
    return DocumentSource(
        kind=kind,
        accept=shared.get("accept", Accept.INFORM),
        material=shared.get("material", False),
        affects=tuple(shared.get("affects", ())),
        effective_at=to_milliseconds(effective_at) if effective_at else None,
        texts={
            locale: SourceText(title=matter["title"], summary=matter["summary"], source=source)
            for locale in locales
            if locale in texts
            for matter, source in [texts[locale]]
        },
    )


def _check_shared(kind: str, shared: Mapping[str, Any], texts: DocumentTexts) -> None:
    problems = [
        FieldError(f"{kind}.{locale}.md: {field}", "differs from the default locale's file")
        for locale, (matter, _) in texts.items()
        for field in _SHARED_FIELDS
        if field in matter and matter[field] != shared.get(field)
    ]
    if problems:
        raise InvalidSiteError(problems)


def _zoned(matter: Any) -> Any:
    """YAML reads dates by itself; one without a zone or hour means midnight UTC."""
    if isinstance(matter, dict) and isinstance(matter.get("effective_at"), date):
        value = matter["effective_at"]
        moment = value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)
        matter["effective_at"] = (
            moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ).isoformat()
    return matter


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise InvalidSiteError([FieldError(path.name, f"is missing in {path.parent}")]) from None
    except UnicodeDecodeError as error:
        raise InvalidSiteError([FieldError(path.name, f"is not UTF-8: {error.reason}")]) from error


def _yaml(text: str, name: str) -> Any:
    try:
        return strict_yaml.load(text)
    except strict_yaml.YamlError as error:
        raise InvalidSiteError([FieldError(name, f"is not YAML: {error}")]) from error


def _load(schema: Schema, data: Any, name: str) -> dict[str, Any]:
    try:
        return dict(schema.load(data if data is not None else {}))
    except ValidationError as error:
        raise InvalidSiteError(
            [
                FieldError(f"{name}: {each.field}", each.message)
                for each in field_errors(error.messages)
            ]
        ) from error

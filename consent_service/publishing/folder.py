"""Reads and writes a site's folder: site.yaml and its documents, `KIND.LOCALE.md`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from consent_service.core.clock import to_milliseconds
from consent_service.core.errors import FieldError, InvalidRequestError, field_errors
from consent_service.documents.model import Accept, DocumentSource, SourceText
from consent_service.notices.drafting import NoticeSource
from consent_service.notices.profiles import all_profiles
from consent_service.publishing import strict_yaml
from consent_service.publishing.checks import check
from consent_service.publishing.files import SITE_FILE, VENDOR_LIST, document_name
from consent_service.publishing.model import InvalidSiteError, SiteSource, Waiver
from consent_service.publishing.positions import FRONT_MATTER, located
from consent_service.publishing.schemas import front_matter_schema, site_schema
from consent_service.publishing.signal_checks import pinned
from consent_service.sites.model import Embed, Manager, Retention

DocumentTexts = dict[str, tuple[dict[str, Any], str]]
_BESIDE = {"README.md"}
_SHARED_FIELDS = ("effective_at", "material", "affects", "accept", "author")


def read_folder(folder: Path) -> SiteSource:
    """Read and check a site's folder.

    Raises:
        InvalidSiteError: naming every problem with its file, line and field.
    """
    return read_files(folder_files(folder))


def folder_files(folder: Path) -> dict[str, str]:
    """Return the files of a site's folder by name, verbatim; others may stand beside them.

    Raises:
        InvalidSiteError: site.yaml is missing, or a file is not UTF-8.
    """
    paths = [folder / SITE_FILE, folder / VENDOR_LIST, *sorted(folder.glob("*.md"))]
    files: dict[str, str] = {}
    problems: list[FieldError] = []
    for path in paths:
        if path.is_file() and path.name not in _BESIDE:
            with _collecting(problems):
                files[path.name] = read_text(path)
    if not (folder / SITE_FILE).is_file():
        problems.append(FieldError(SITE_FILE, f"is missing in {folder}"))
    if problems:
        raise InvalidSiteError(problems)
    return files


def write_folder(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write files into a folder, byte for byte, and return their paths; nothing is deleted.

    Raises:
        InvalidRequestError: something is in the folder and `force` is not given, or the folder
            cannot be written.
    """
    try:
        if not force and folder.is_dir() and any(folder.iterdir()):
            raise InvalidRequestError.of(str(folder), "is not empty: --force writes over its files")
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / name for name in sorted(files)]
        for path in written:
            path.write_bytes(files[path.name].encode())
    except OSError as error:
        raise InvalidRequestError.of(str(folder), f"cannot be written: {error.strerror}") from error
    return written


def read_files(files: Mapping[str, str]) -> SiteSource:
    """Read and check the files of a site's folder, by name.

    Raises:
        InvalidSiteError: naming every problem with its file, line and field.
    """
    with located(files):
        return _read(files)


def _read(files: Mapping[str, str]) -> SiteSource:
    problems: list[FieldError] = []
    data: dict[str, Any] = {}
    with _collecting(problems):
        data = _load(site_schema, _yaml(_site_text(files), SITE_FILE), SITE_FILE)
    texts = _document_texts(files, problems)
    if problems:
        raise InvalidSiteError(problems)
    source = SiteSource(
        key=data["key"],
        managed_by=Manager(data["managed_by"]),
        origins=tuple(data["origins"]),
        embed=Embed(**data["embed"]),
        erasure=data["erasure"],
        erasure_reason=data.get("erasure_reason"),
        retention=Retention(
            proof_months=data["retention"]["proof_months"],
            openings_days=data["retention"].get("openings_days"),
        ),
        log=data["log"],
        notice=_notice(data, files),
        documents=tuple(_documents(texts, data["locales"])),
        files=dict(files),
        waivers=tuple(Waiver(**each) for each in data["waivers"]),
    )
    check(source)
    return source


def _site_text(files: Mapping[str, str]) -> str:
    if SITE_FILE not in files:
        raise InvalidSiteError([FieldError(SITE_FILE, "is missing")])
    return files[SITE_FILE]


@contextmanager
def _collecting(problems: list[FieldError]) -> Iterator[None]:
    """Go on after errors, so that all are told at once."""
    try:
        yield
    except InvalidSiteError as error:
        problems.extend(error.fields)


def _notice(data: Mapping[str, Any], files: Mapping[str, str]) -> NoticeSource:
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
        child_directed=data["child_directed"],
        placement=data["placement"],
        release=data["release"],
        signals=pinned(data["signals"], data["jurisdiction"], files),
    )


def _document_texts(
    files: Mapping[str, str], problems: list[FieldError]
) -> dict[str, DocumentTexts]:
    """Return each document's texts by locale, as front matter and Markdown."""
    found: dict[str, DocumentTexts] = {}
    for name in sorted(files.keys() - {SITE_FILE, VENDOR_LIST}):
        document = document_name(name)
        if document is None:
            problems.append(FieldError(name, "must be named KIND.LOCALE.md"))
            continue
        kind, locale = document
        with _collecting(problems):
            found.setdefault(kind, {})[locale] = _front_matter(name, files[name])
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


def _front_matter(name: str, text: str) -> tuple[dict[str, Any], str]:
    if "\0" in text:
        raise InvalidSiteError([FieldError(name, "holds a NUL character")])
    parts = FRONT_MATTER.fullmatch(text)
    if parts is None:
        raise InvalidSiteError([FieldError(name, "must begin with front matter between --- lines")])
    matter = _load(front_matter_schema, _zoned(_yaml(parts[1], name)), name)
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
        author=shared.get("author"),
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


def read_text(path: Path) -> str:
    """Return the text of a file, with its line ends as they are.

    Raises:
        InvalidSiteError: it is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
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
                FieldError(
                    name if each.field == "_schema" else f"{name}: {each.field}", each.message
                )
                for each in field_errors(error.messages)
            ]
        ) from error

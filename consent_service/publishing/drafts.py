"""Drafts of a site's files, and publishing them: for sites that the console manages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from consent_service.core.canonical import sha256_hex
from consent_service.core.clock import Clock
from consent_service.core.errors import FieldError, InvalidRequestError, PreconditionFailedError
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.documents.model import DocumentSource
from consent_service.publishing import store
from consent_service.publishing.errors import (
    DraftOutdatedError,
    DraftUnknownError,
    ManagedElsewhereError,
    PublishedMeanwhileError,
)
from consent_service.publishing.files import SITE_FILE, VENDOR_LIST, document_name, is_site_file
from consent_service.publishing.lint import Finding, Severity
from consent_service.publishing.model import FileDraft, InvalidSiteError, SiteSource
from consent_service.publishing.plan import Plan
from consent_service.publishing.planning import Planner
from consent_service.publishing.positions import located
from consent_service.sites import store as site_store
from consent_service.sites.model import Manager, Site
from consent_service.sites.service import require_site

ReadFiles = Callable[[Mapping[str, str]], SiteSource]
"""Reads and checks the files of a folder; raises `InvalidSiteError`."""


class DraftService:
    """Drafts of all sites. A draft lies over the applied file until it is published."""

    def __init__(self, db: Database, planner: Planner, read: ReadFiles, clock: Clock) -> None:
        self._db = db
        self._planner = planner
        self._read = read
        self._clock = clock

    def list(self, key: str) -> Sequence[FileDraft]:
        """Return the drafts of a site by file name.

        Raises:
            SiteUnknownError: no site has this key.
        """
        with self._db.read() as connection:
            return store.list_drafts(connection, require_site(connection, key).site_id)

    def get(self, key: str, name: str) -> FileDraft:
        """Return the draft of a file.

        Raises:
            DraftUnknownError: there is none.
        """
        with self._db.read() as connection:
            return _require_draft(connection, require_site(connection, key), name)

    def create(self, key: str, name: str, text: str | None, author: str | None) -> FileDraft:
        """Store the first draft of a file; without a text, publishing takes the file away.

        Raises:
            InvalidRequestError: a site's folder has no file of such a name, or no such text.
            ManagedElsewhereError: the folder manages the site.
            PreconditionFailedError: there is a draft already.
        """
        _check_file(name, text)
        with self._changing(key) as (tx, site):
            if store.find_draft(tx, site.site_id, name):
                raise PreconditionFailedError(f"there is a draft of {name} already")
            new = FileDraft(
                name=name,
                text=text,
                author=author,
                base_sha256=_base(tx, site, name),
                revision=1,
                updated_at=self._clock.now(),
            )
            store.insert_draft(tx, site.site_id, new)
        return new

    def change(
        self, key: str, name: str, text: str | None, author: str | None, *, seen: str
    ) -> FileDraft:
        """Store a draft in place of the state that `seen` names, over the file as it is now.

        Raises:
            As `create`; DraftUnknownError: there is no draft to change.
            PreconditionFailedError: the draft is in another state.
        """
        _check_file(name, text)
        with self._changing(key) as (tx, site):
            old = _require_seen(tx, site, name, seen)
            changed = replace(
                old,
                text=text,
                author=author,
                base_sha256=_base(tx, site, name),
                revision=old.revision + 1,
                updated_at=self._clock.now(),
            )
            store.update_draft(tx, site.site_id, changed)
        return changed

    def discard(self, key: str, name: str, *, seen: str) -> None:
        """Remove a draft that is in the state that `seen` names.

        Raises:
            As `change`.
        """
        with self._changing(key) as (tx, site):
            _require_seen(tx, site, name, seen)
            store.delete_draft(tx, site.site_id, name)

    def plan(self, key: str) -> Plan:
        """Return what publishing the drafts of a site would change.

        Raises:
            InvalidSiteError: the drafts cannot be published.
        """
        with self._db.read() as connection:
            site = require_site(connection, key)
            return self._plan(connection, site, store.list_drafts(connection, site.site_id))

    def publish(self, key: str, over: str) -> Plan:
        """Publish the drafts of a site and remove them, all in one transaction.

        Raises:
            InvalidSiteError: the drafts cannot be published.
            ManagedElsewhereError: the folder manages the site.
            HeadMovedError: `over` is not the site's head.
            LintFailedError: the linter found errors in what opt-in visitors would see.
            DraftOutdatedError: a file was published after its draft was written.
            PublishedMeanwhileError: somebody else published this site at the same time.
        """
        with self._changing(key) as (tx, site):
            plan = self._plan(tx, site, store.list_drafts(tx, site.site_id), over)
            self._planner.carry_out(tx, plan)
            store.delete_drafts(tx, site.site_id)
        return plan

    def publish_files(
        self,
        key: str,
        files: Mapping[str, str],
        *,
        at: datetime | None = None,
        over: str | None = None,
    ) -> Plan:
        """Publish files over the applied ones; documents among them come into force `at` a time.

        Raises:
            As `publish`; InvalidRequestError: a name is not one of a document.
        """
        for name in files:
            if document_name(name) is None:
                raise InvalidRequestError.of(name, "must be named KIND.LOCALE.md")
        with self._changing(key) as (tx, site):
            current = store.list_files(tx, site.site_id)
            source = _dated(self._source(site, current | dict(files)), files, at)
            plan = self._planner.plan(tx, source, Manager.CONSOLE, over)
            self._planner.carry_out(tx, plan)
        return plan

    def _plan(
        self,
        connection: Connection,
        site: Site,
        drafts: Sequence[FileDraft],
        over: str | None = None,
    ) -> Plan:
        applied = store.list_files(connection, site.site_id)
        files = applied | {draft.name: draft.text for draft in drafts if draft.text is not None}
        for draft in drafts:
            if draft.text is None:
                files.pop(draft.name, None)
        source = _signed(self._source(site, files), drafts)
        plan = self._planner.plan(connection, source, Manager.CONSOLE, over)
        outdated = [each.name for each in drafts if each.is_outdated(applied.get(each.name))]
        return _with_outdated(plan, outdated) if outdated else plan

    def _source(self, site: Site, files: Mapping[str, str]) -> SiteSource:
        with located(files):
            source = self._read(files)
            if source.key != site.key:
                message = f"must stay {site.key}: a site keeps its key"
                raise InvalidSiteError([FieldError(f"{SITE_FILE}: key", message)])
        return source

    @contextmanager
    def _changing(self, key: str) -> Iterator[tuple[Connection, Site]]:
        """Open a transaction in which nobody else changes a site of the console."""
        try:
            with self._db.write() as tx:
                site_store.lock_site(tx, key)
                site = require_site(tx, key)
                if site.managed_by is not Manager.CONSOLE:
                    raise ManagedElsewhereError(f"{key} is managed by its folder")
                yield tx, site
        except ConflictError as error:
            raise PublishedMeanwhileError("look at it again, then try again") from error


def _with_outdated(plan: Plan, names: Sequence[str]) -> Plan:
    """Tell of drafts that lie over a newer file; nobody has seen what they would undo."""
    findings = [
        Finding(
            rule="outdated-draft",
            severity=Severity.WARNING,
            message="The file was published after this draft of it was written.",
            mend="Look at the published file, then save the draft again.",
            sources=(),
            file=name,
            line=1,
            field="",
        )
        for name in names
    ]
    refusal = DraftOutdatedError(
        f"look at what was published of {', '.join(names)}, then save again"
    )
    return replace(plan, findings=[*plan.findings, *findings], refusal=plan.refusal or refusal)


def _base(tx: Connection, site: Site, name: str) -> str | None:
    applied = store.find_file(tx, site.site_id, name)
    return None if applied is None else sha256_hex(applied)


def _check_file(name: str, text: str | None) -> None:
    if not is_site_file(name):
        raise InvalidRequestError.of(
            "name", f"must be {SITE_FILE}, {VENDOR_LIST} or KIND.LOCALE.md"
        )
    if text is not None and "\0" in text:
        raise InvalidRequestError.of("text", "holds a NUL character")


def _require_draft(connection: Connection, site: Site, name: str) -> FileDraft:
    draft = store.find_draft(connection, site.site_id, name)
    if draft is None:
        raise DraftUnknownError(f"no draft of {name} waits")
    return draft


def _require_seen(tx: Connection, site: Site, name: str, seen: str) -> FileDraft:
    draft = _require_draft(tx, site, name)
    if draft.tag != seen:
        raise PreconditionFailedError(f"the draft is at {draft.tag} by now")
    return draft


def _signed(source: SiteSource, drafts: Sequence[FileDraft]) -> SiteSource:
    """Name the author of a draft as that of its document, where the text itself names none."""
    authors: dict[str, str] = {}
    for draft in drafts:
        document = document_name(draft.name)
        if document and draft.author:
            authors.setdefault(document[0], draft.author)
    documents = (
        replace(each, author=each.author or authors.get(each.kind)) for each in source.documents
    )
    return replace(source, documents=tuple(documents))


def _dated(source: SiteSource, files: Mapping[str, str], at: datetime | None) -> SiteSource:
    if at is None:
        return source
    kinds = {named[0] for name in files if (named := document_name(name))}

    def dated(document: DocumentSource) -> DocumentSource:
        if document.kind not in kinds:
            return document
        if document.effective_at not in (None, at):
            path = f"{document.kind}.{source.notice.locales[0]}.md: effective_at"
            raise InvalidSiteError([FieldError(path, "names another time than the one asked for")])
        return replace(document, effective_at=at)

    with located(source.files):
        return replace(source, documents=tuple(dated(each) for each in source.documents))

"""Plans and applies a site's folder: settings, document versions and notices in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from consent_service.core.clock import Clock
from consent_service.core.errors import FieldError, ServiceError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.documents import service as documents
from consent_service.documents import store as document_store
from consent_service.documents.model import DocumentVersion
from consent_service.ledger import store as ledger_store
from consent_service.notices import service as notices
from consent_service.notices import store as notice_store
from consent_service.notices.model import Notice, dangling_links
from consent_service.publishing import store
from consent_service.publishing.files import FileChange, changes, head
from consent_service.publishing.model import InvalidSiteError, SiteSource, with_complete_locales
from consent_service.publishing.positions import located
from consent_service.sites import store as site_store
from consent_service.sites.model import Site
from consent_service.sites.service import SiteUnknownError


class PublishedMeanwhileError(ServiceError):
    """Another publication took the numbers that this one had planned."""

    code = "published_meanwhile"
    title = "Somebody published this site at the same time"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying a folder would change. `before` and `head` are None for a new site."""

    before: Site | None
    site: Site
    head: str | None
    files: Sequence[FileChange]
    documents: Sequence[DocumentVersion]
    notices: Sequence[Notice]
    warnings: Sequence[str]

    @property
    def settings_changed(self) -> bool:
        """True where settings change that no notice shows, such as origins."""
        return self.before is not None and self.before != self.site

    @property
    def changes_nothing(self) -> bool:
        """True where everything is published already."""
        changed = self.settings_changed or self.files or self.documents or self.notices
        return self.before is not None and not changed


class PublishingService:
    """Publishes site folders."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, log_name: str) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._log_name = log_name

    def plan(self, source: SiteSource) -> Plan:
        """Return what applying would change, changing nothing.

        Raises:
            InvalidSiteError: the folder cannot be published.
        """
        with self._db.read() as connection:
            return self._plan(connection, source)

    def apply(self, source: SiteSource) -> Plan:
        """Publish what changed; applying again without a change publishes nothing.

        Raises:
            InvalidSiteError: the folder cannot be published.
            PublishedMeanwhileError: somebody else published this site at the same time.
        """
        try:
            with self._db.write() as tx:
                site_store.lock_site(tx, source.key)
                plan = self._plan(tx, source)
                if not plan.changes_nothing:
                    self._store(tx, plan, source.files)
        except ConflictError as error:
            raise PublishedMeanwhileError("look at the new plan and apply again") from error
        return plan

    def files(self, key: str) -> Mapping[str, str]:
        """Return the files of the folder that was applied last, by name.

        Raises:
            SiteUnknownError: no site has this key.
        """
        with self._db.read() as connection:
            site = site_store.find_site(connection, key)
            if site is None:
                raise SiteUnknownError(f"no site has the key {key}")
            return store.list_files(connection, site.site_id)

    def _plan(self, connection: Connection, source: SiteSource) -> Plan:
        with located(source.files):
            source, warnings = with_complete_locales(source)
        before = site_store.find_site(connection, source.key)
        site = self._site(source, before)
        files = store.list_files(connection, site.site_id)
        published = document_store.list_versions(connection, site.site_id)
        new_versions = documents.prepare(site, list(source.documents), published, self._clock)
        kept = {document.kind for document in source.documents}
        shown = documents.by_kind([v for v in [*published, *new_versions] if v.kind in kept])
        new_notices = notices.prepare(
            site.site_id,
            source.notice,
            shown,
            notice_store.list_notices(connection, site.site_id),
            self._clock,
        )
        _check_links(new_notices)
        return Plan(
            before=before,
            site=site,
            head=head(files) if before else None,
            files=list(changes(files, source.files)),
            documents=new_versions,
            notices=new_notices,
            warnings=warnings,
        )

    def _site(self, source: SiteSource, before: Site | None) -> Site:
        if source.managed_by != "folder":
            raise InvalidSiteError(
                [FieldError("site.yaml: managed_by", "the console manages this site")]
            )
        site_id = before.site_id if before else self._ids.uuid7()
        return Site(
            site_id=site_id,
            key=source.key,
            log_origin=before.log_origin if before else f"{self._log_name}/{source.key}",
            name=source.notice.name,
            controller=source.notice.controller,
            origins=source.origins,
            embed=source.embed,
            locales=source.notice.locales,
            profiles=tuple(profile.key for profile in source.notice.profiles),
            erasure=source.erasure,
            managed_by=source.managed_by,
            revision=before.revision if before else 0,
            closed_at=before.closed_at if before else None,
        )

    def _store(self, tx: Connection, plan: Plan, files: Mapping[str, str]) -> None:
        site = replace(plan.site, revision=plan.site.revision + 1)
        if plan.before is None:
            now = self._clock.now()
            site_store.insert_site(tx, site, now)
            ledger_store.insert_log(tx, site.site_id, site.log_origin, now)
        else:
            site_store.update_site(tx, site)
        store.replace_files(tx, site.site_id, files)
        documents.publish(tx, site, list(plan.documents), self._clock, self._ids)
        notices.publish(tx, site, plan.notices, self._clock, self._ids)


def _check_links(new: Sequence[Notice]) -> None:
    """A notice may only link to documents that are in force when it is."""
    problems = [
        FieldError(
            "site.yaml: texts",
            f"the notice in force from {notice.effective_at:%Y-%m-%d} links to {kind}, "
            "which is not in force by then",
        )
        for notice in new
        for kind in sorted(dangling_links(notice))
    ]
    if problems:
        raise InvalidSiteError(problems)

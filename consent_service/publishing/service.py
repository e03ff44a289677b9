"""Plans and applies a site's folder: settings, document versions and notices in one transaction."""

from collections.abc import Mapping

from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.publishing import store
from consent_service.publishing.errors import PublishedMeanwhileError
from consent_service.publishing.model import SiteSource
from consent_service.publishing.plan import Plan
from consent_service.publishing.planning import Planner
from consent_service.sites import store as site_store
from consent_service.sites.model import Manager
from consent_service.sites.service import SiteUnknownError


class PublishingService:
    """Publishes site folders."""

    def __init__(self, db: Database, planner: Planner) -> None:
        self._db = db
        self._planner = planner

    def plan(self, source: SiteSource, over: str | None = None) -> Plan:
        """Return what applying would change, changing nothing.

        Raises:
            InvalidSiteError: the folder cannot be published.
        """
        with self._db.read() as connection:
            return self._planner.plan(connection, source, Manager.FOLDER, over)

    def apply(self, source: SiteSource, over: str | None = None) -> Plan:
        """Publish what changed; applying again without a change publishes nothing.

        `over` names the head that the caller has seen, in full or by its first 12 digits.

        Raises:
            InvalidSiteError: the folder cannot be published.
            ManagedElsewhereError: the console manages the site.
            HeadMovedError: `over` is not the site's head.
            LintFailedError: the linter found errors in what opt-in visitors would see.
            PublishedMeanwhileError: somebody else published this site at the same time.
        """
        try:
            with self._db.write() as tx:
                site_store.lock_site(tx, source.key)
                plan = self._planner.plan(tx, source, Manager.FOLDER, over)
                self._planner.carry_out(tx, plan)
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

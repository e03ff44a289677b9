"""Stores the banner's code that is served, so that a later release can still serve it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from consent_service.banners import store
from consent_service.banners.service import BannerService
from consent_service.core.clock import Clock
from consent_service.db.engine import Database
from consent_service.notices.model import Notice
from consent_service.notices.service import NoticeService
from consent_service.sites.model import Site
from consent_service.sites.service import SiteService

_STILL_SEEN = timedelta(days=1)
"""For how long a notice that was replaced may still be in somebody's page or cache."""
_SITES_AT_ONCE = 100
"""The worker has more to do than this."""


class KeepingService:
    """A chore of the worker, so that no request for the banner ever writes."""

    def __init__(
        self,
        db: Database,
        sites: SiteService,
        notices: NoticeService,
        banners: BannerService,
        clock: Clock,
    ) -> None:
        self._db = db
        self._sites = sites
        self._notices = notices
        self._banners = banners
        self._clock = clock
        self._kit_is_kept = False
        self._kept: dict[str, int] = {}

    def run(self) -> int:
        """Store the kit and what sites serve where either changed; return how many rows it took."""
        rows = 0 if self._kit_is_kept else self._keep_kit()
        revisions = self._sites.revisions()
        changed = (key for key, revision in revisions.items() if self._kept.get(key) != revision)
        for site in map(self._sites.get, islice(changed, _SITES_AT_ONCE)):
            rows += self._keep_site(site)
            self._kept[site.key] = site.revision
        return rows

    def _keep_kit(self) -> int:
        with self._db.write() as tx:
            rows = store.add_kit(tx, self._banners.kit)
        self._kit_is_kept = True
        return rows

    def _keep_site(self, site: Site) -> int:
        """Store the scripts of a site with their builds, and the whole code, which it may use."""
        scripts = [
            self._banners.script(site, variant)
            for notice in self._seen(site)
            for variant in notice.variants
        ]
        builds = {self._banners.kit.whole, *(script.build for script in scripts)}
        with self._db.write() as tx:
            rows = store.add_builds(tx, site.site_id, builds)
            return rows + store.add_scripts(tx, site.site_id, scripts)

    def _seen(self, site: Site) -> Iterator[Notice]:
        """Yield the notices that are shown, that will be, or that somebody may still look at."""
        since = self._clock.now() - _STILL_SEEN
        for notice in self._notices.list(site):
            replaced = self._notices.superseded_at(site, notice)
            if replaced is None or replaced >= since:
                yield notice

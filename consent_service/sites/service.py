"""Finds sites, from memory where they have not changed."""

import re
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from consent_service.core.errors import NotFoundError, ServiceError, UnavailableError
from consent_service.db.engine import Database
from consent_service.sites import store
from consent_service.sites.model import Site

_LOOK_AGAIN_SECONDS = 1.0
_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}")


class SiteUnknownError(NotFoundError):
    """No site has this key."""

    code = "site_unknown"
    title = "There is no such site"


class SiteClosedError(ServiceError):
    """The site has ended."""

    code = "site_closed"
    title = "This site is closed"
    status = 410


def require_site(connection: Connection, key: str) -> Site:
    """Return an open site as the database has it now.

    Raises:
        SiteUnknownError: no site has this key.
        SiteClosedError: the site has ended.
    """
    site = store.find_site(connection, key)
    if site is None:
        raise SiteUnknownError(f"no site has the key {key}")
    if site.closed_at is not None:
        raise SiteClosedError(f"the site {key} is closed")
    return site


class SiteService:
    """Sites by key. A change shows within a second; what is known outlives a lost database."""

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._monotonic = monotonic
        self._known: dict[str, tuple[Site, float]] = {}

    def get(self, key: str) -> Site:
        """Return an open site.

        Raises:
            SiteUnknownError: no site has this key.
            SiteClosedError: the site has ended.
        """
        if not _KEY.fullmatch(key):
            raise SiteUnknownError("no site has such a key")
        known = self._known.get(key)
        if known and self._monotonic() - known[1] < _LOOK_AGAIN_SECONDS:
            site = known[0]
        else:
            site = self._look_again(key, known[0] if known else None)
        if site.closed_at is not None:
            raise SiteClosedError(f"the site {key} is closed")
        return site

    def list(self) -> Sequence[Site]:
        """Return all sites by key."""
        with self._db.read() as connection:
            return store.list_sites(connection)

    def revisions(self) -> dict[str, int]:
        """Return the revisions of all open sites by key: which of them changed, for little."""
        with self._db.read() as connection:
            return store.list_revisions(connection)

    def remember_all(self) -> Sequence[Site]:
        """Read all sites into memory and return them."""
        sites = self.list()
        self._known.update({site.key: (site, self._monotonic()) for site in sites})
        return sites

    def _look_again(self, key: str, known: Site | None) -> Site:
        try:
            site = self._read(key, known)
        except UnavailableError:
            if known is None:
                raise
            site = known
        if site is None:
            self._known.pop(key, None)
            raise SiteUnknownError(f"no site has the key {key}")
        self._known[key] = (site, self._monotonic())
        return site

    def _read(self, key: str, known: Site | None) -> Site | None:
        with self._db.read() as connection:
            if known and store.find_revision(connection, key) == known.revision:
                return known
            return store.find_site(connection, key)

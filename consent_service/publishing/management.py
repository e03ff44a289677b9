"""Sites as managers see them: settings, state, history; and handing a site over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from consent_service.core.clock import Clock, format_time
from consent_service.db.engine import Database
from consent_service.documents import store as document_store
from consent_service.documents.model import DocumentVersion, replaced_by
from consent_service.notices import store as notice_store
from consent_service.notices.model import Notice, notice_in_force
from consent_service.notices.service import NoticeUnknownError
from consent_service.publishing import store
from consent_service.publishing.errors import HeadMovedError
from consent_service.publishing.files import SHORT_HEAD, head
from consent_service.publishing.plan import change_of
from consent_service.sites import store as site_store
from consent_service.sites.model import Manager, Site
from consent_service.sites.service import require_site


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """A site with the head of its files and the number of its notice in force, where one is."""

    site: Site
    head: str
    notice: int | None


def versions_json(versions: Sequence[DocumentVersion]) -> Sequence[dict[str, Any]]:
    """Return all versions of a site as managers see them.

    One that never comes into force names the version that it is `replaced_by`.
    """
    return [_version_json(each, [v for v in versions if v.kind == each.kind]) for each in versions]


def _version_json(version: DocumentVersion, others: Sequence[DocumentVersion]) -> dict[str, Any]:
    instead = replaced_by(version, others)
    told: dict[str, Any] = {
        "kind": version.kind,
        "number": version.number,
        "sha256": version.sha256,
        "change": change_of(version),
        "accept": version.accept.value,
        "affects": list(version.affects),
        "locales": list(version.texts),
        "effective_at": format_time(version.effective_at),
        "published_at": format_time(version.published_at),
    }
    if instead:
        told["replaced_by"] = instead.number
    return {**told, "author": version.author} if version.author else told


class ManagementService:
    """Reads what managers ask about sites, and changes who manages them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def list(self, after: str | None, limit: int, keys: Sequence[str]) -> Sequence[Site]:
        """Return up to `limit` sites by key behind `after`; with `keys`, of these only."""
        with self._db.read() as connection:
            return site_store.list_page(connection, after, limit, keys)

    def state(self, key: str) -> SiteState:
        """Return a site as it is now.

        Raises:
            SiteUnknownError: no site has this key.
        """
        with self._db.read() as connection:
            return self._state(connection, require_site(connection, key))

    def hand_over(self, key: str, to: Manager, over: str) -> SiteState:
        """Change who manages a site; `over` names the head that the caller has seen.

        Raises:
            SiteUnknownError: no site has this key.
            HeadMovedError: `over` is not the site's head.
        """
        with self._db.write() as tx:
            site_store.lock_site(tx, key)
            found = self._state(tx, require_site(tx, key))
            if over != found.head:
                raise HeadMovedError(f"its head is {found.head[:SHORT_HEAD]}")
            if found.site.managed_by is to:
                return found
            changed = replace(found.site, managed_by=to, revision=found.site.revision + 1)
            site_store.update_site(tx, changed)
        return replace(found, site=changed)

    def notices(self, key: str, after: int, limit: int) -> Sequence[Notice]:
        """Return up to `limit` notices of a site by number behind `after`, future ones too.

        Raises:
            SiteUnknownError: no site has this key.
        """
        with self._db.read() as connection:
            site = require_site(connection, key)
            found = notice_store.list_notices(connection, site.site_id)
        return [notice for notice in found if notice.number > after][:limit]

    def notice(self, key: str, number: int) -> Notice:
        """Return a notice by its number.

        Raises:
            NoticeUnknownError: there is no such notice.
        """
        found = self.notices(key, number - 1, 1)
        if not found or found[0].number != number:
            raise NoticeUnknownError(f"the site {key} has no notice {number}")
        return found[0]

    def versions(self, key: str) -> Sequence[DocumentVersion]:
        """Return all document versions of a site, by kind and number.

        Raises:
            SiteUnknownError: no site has this key.
        """
        with self._db.read() as connection:
            site = require_site(connection, key)
            return document_store.list_versions(connection, site.site_id)

    def _state(self, connection: Connection, site: Site) -> SiteState:
        shown = notice_store.list_notices(connection, site.site_id)
        current = notice_in_force(shown, self._clock.now())
        return SiteState(
            site=site,
            head=head(store.list_files(connection, site.site_id)),
            notice=current.number if current else None,
        )

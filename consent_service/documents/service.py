"""Finds document versions and publishes new ones inside the publisher's transaction."""

from sqlalchemy import Connection

from consent_service.core.clock import Clock
from consent_service.core.errors import NotFoundError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.documents import store
from consent_service.documents.markdown import render
from consent_service.documents.model import (
    DocumentSource,
    DocumentVersion,
    in_force,
    is_published,
    version_of,
)
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import control_leaf
from consent_service.sites.model import Site


class DocumentUnknownError(NotFoundError):
    """The site has no such document or version, or none in force."""

    code = "document_unknown"
    title = "There is no such document"


class DocumentService:
    """Documents of all sites, kept in memory until a site's revision moves on."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, tuple[int, dict[str, list[DocumentVersion]]]] = {}

    def current(self, site: Site, kind: str) -> DocumentVersion:
        """Return the version of a document that is in force now.

        Raises:
            DocumentUnknownError: there is none.
        """
        version = in_force(self.versions(site, kind), self._clock.now())
        if version is None:
            raise DocumentUnknownError(f"the document {kind} is not in force yet")
        return version

    def list_current(self, site: Site) -> list[DocumentVersion]:
        """Return the versions in force now, by kind."""
        now = self._clock.now()
        found = (in_force(versions, now) for versions in self._by_kind(site).values())
        return [version for version in found if version]

    def versions(self, site: Site, kind: str) -> list[DocumentVersion]:
        """Return all published versions of a document, oldest first, future ones too.

        Raises:
            DocumentUnknownError: the site never had this document.
        """
        versions = self._by_kind(site).get(kind)
        if versions is None:
            raise DocumentUnknownError(f"the site {site.key} has no document {kind}")
        return versions

    def version(self, site: Site, kind: str, number: int) -> DocumentVersion:
        """Return one version.

        Raises:
            DocumentUnknownError: there is no such version.
        """
        for version in self.versions(site, kind):
            if version.number == number:
                return version
        raise DocumentUnknownError(f"the document {kind} has no version {number}")

    def _by_kind(self, site: Site) -> dict[str, list[DocumentVersion]]:
        known = self._known.get(site.site_id)
        if known is None or known[0] != site.revision:
            with self._db.read() as connection:
                known = site.revision, by_kind(store.list_versions(connection, site.site_id))
            self._known[site.site_id] = known
        return known[1]


def by_kind(versions: list[DocumentVersion]) -> dict[str, list[DocumentVersion]]:
    """Group versions by their document, keeping their order."""
    grouped: dict[str, list[DocumentVersion]] = {}
    for version in versions:
        grouped.setdefault(version.kind, []).append(version)
    return grouped


def prepare(
    site: Site, sources: list[DocumentSource], published: list[DocumentVersion], clock: Clock
) -> list[DocumentVersion]:
    """Return the versions that publishing `sources` now would add."""
    versions = by_kind(published)
    now = clock.now()
    new = []
    for source in sources:
        latest = versions.get(source.kind, [None])[-1]
        if not is_published(source, latest):
            html = {locale: render(text.source) for locale, text in source.texts.items()}
            number = latest.number + 1 if latest else 1
            new.append(
                version_of(
                    source,
                    site_id=site.site_id,
                    site_key=site.key,
                    number=number,
                    html=html,
                    published_at=now,
                )
            )
    return new


def publish(
    tx: Connection, site: Site, versions: list[DocumentVersion], clock: Clock, ids: Ids
) -> None:
    """Store new versions, each with its leaf in the log."""
    for version in versions:
        store.insert_version(tx, version)
        named = {"kind": version.kind, "n": version.number, "sha256": version.sha256}
        leaf = control_leaf("document.published", site.log_origin, clock.now(), ids, document=named)
        ledger_store.insert_entry(tx, site.site_id, leaf)

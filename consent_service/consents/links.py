"""One-use addresses of the hosted preference page."""

import hashlib
from datetime import timedelta

from consent_service.consents import store
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.store import VisitorLink
from consent_service.core.clock import Clock
from consent_service.core.encoding import b64url
from consent_service.core.errors import ServiceError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.sites.model import Site

LINK_LIFETIME = timedelta(minutes=10)


class LinkSpentError(ServiceError):
    """A one-use address that was used, or is older than ten minutes."""

    code = "link_spent"
    title = "This link was used or is too old"
    status = 410


class LinkService:
    """Makes and spends the addresses by which a visitor opens the page."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def open(self, site: Site, visitor: str, return_to: str) -> str:
        """Return the token of a one-use address, valid for ten minutes.

        Raises:
            VisitorUnknownError: nothing is on record about the visitor.
        """
        token = b64url(self._ids.random(24))
        link = VisitorLink(
            token_hash=_digest(token),
            visitor=visitor,
            return_to=return_to,
            expires_at=self._clock.now() + LINK_LIFETIME,
        )
        with self._db.write() as tx:
            if not store.hold_visitor(tx, site.site_id, visitor):
                raise VisitorUnknownError("erased, or never there")
            store.insert_link(tx, site.site_id, link)
        return token

    def take(self, site: Site, token: str) -> VisitorLink:
        """Return whom a one-use address names, and spend it.

        Raises:
            LinkSpentError: it was used, or is too old.
        """
        with self._db.write() as tx:
            link = store.take_link(tx, site.site_id, _digest(token))
        if link is None or link.expires_at <= self._clock.now():
            raise LinkSpentError("open the preferences from the website again")
        return link


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

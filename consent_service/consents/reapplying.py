"""After a backup was restored: erases again whom a newer copy of the log says to be erased."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from consent_service.consents import store_retention
from consent_service.consents.erasure import Erased, ErasureService, sum_of
from consent_service.consents.marks import Cause, Order
from consent_service.consents.model import Method
from consent_service.consents.recording import Context
from consent_service.core.errors import InvalidRequestError
from consent_service.db.engine import Database
from consent_service.sites.model import Site

_PAGE = 1000


class ReapplyService:
    """Matches the leaves of erasures with the events that a backup brought back."""

    def __init__(self, db: Database, erasure: ErasureService) -> None:
        self._db = db
        self._erasure = erasure

    def run(self, site: Site, leaves: Iterable[bytes]) -> Erased:
        """Erase, or restrict, every visitor of whom a leaf in canonical JSON says that.

        What went because its time was over goes by that again, and needs no leaf.

        Raises:
            InvalidRequestError: a leaf is no JSON object, or of another log.
        """
        causes = dict(_causes(site, leaves))
        visitors = dict(self._matches(site, causes))
        total, context = Erased(), Context(method=Method.API)
        for visitor, cause in visitors.items():
            erased = self._erasure.erase(site, visitor, context, Order(cause=cause))
            total = sum_of(total, erased)
        return total

    def _matches(self, site: Site, causes: dict[bytes, Cause]) -> Iterator[tuple[str, Cause]]:
        after: str | None = None
        while page := self._page(site, after):
            for _, leaf_hash, visitor in page:
                if leaf_hash in causes:
                    yield visitor, causes[leaf_hash]
            after = page[-1][0]

    def _page(self, site: Site, after: str | None) -> list[tuple[str, bytes, str]]:
        with self._db.read() as connection:
            return store_retention.list_linked(connection, site.site_id, after=after, limit=_PAGE)


def _causes(site: Site, leaves: Iterable[bytes]) -> Iterator[tuple[bytes, Cause]]:
    for number, line in enumerate(leaves):
        leaf = _parsed(site, line, number)
        if leaf.get("type") == "log.restriction":
            yield bytes.fromhex(leaf["leaf"]), Cause.VISITOR
        if leaf.get("type") == "log.erasure" and leaf["reason"] != Cause.RETENTION:
            yield bytes.fromhex(leaf["leaf"]), Cause(leaf["reason"])


def _parsed(site: Site, line: bytes, number: int) -> dict[str, Any]:
    try:
        leaf = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError.of("file", f"leaf {number} is no JSON") from error
    if not isinstance(leaf, dict) or leaf.get("log", site.log_origin) != site.log_origin:
        raise InvalidRequestError.of("file", f"leaf {number} is none of {site.log_origin}")
    return leaf

"""After a backup was restored: erases again whom a newer copy of the log says to be erased."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.consents import store_holds, store_retention
from consent_service.consents.erasure import DUTY, HOLD, Erased, ErasureService, sum_of
from consent_service.consents.marks import Cause, Order
from consent_service.consents.retold import Holds
from consent_service.consents.store_erasure import Restriction
from consent_service.core.clock import Clock, parse_time
from consent_service.core.errors import InvalidRequestError, ServiceError
from consent_service.db.engine import Database
from consent_service.sites.model import Site

_PAGE = 1000
_HASH_SIZE = 32


class HoldMissingError(ServiceError):
    """The log tells of a legal hold that is not in force here."""

    code = "hold_missing"
    title = "A legal hold must be placed first"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a leaf says of another one: erased for a cause or, with `reason`, hidden."""

    cause: Cause
    reason: str | None = None
    until: datetime | None = None


class ReapplyService:
    """Matches the leaves of erasures with the events that a backup brought back."""

    def __init__(self, db: Database, erasure: ErasureService, clock: Clock) -> None:
        self._db = db
        self._erasure = erasure
        self._clock = clock

    def run(self, site: Site, leaves: Iterable[bytes]) -> Erased:
        """Erase, or restrict, every visitor of whom a leaf in canonical JSON says that.

        The leaves are in the order of the log, epoch by epoch. What was erased stays erased, also
        where the leaf that hid it before has the same time and stands behind.
        What went because its time was over goes by that again, and needs no leaf.

        Raises:
            InvalidRequestError: a leaf is no JSON object, of another log, or says what no leaf
                of this log can.
            HoldMissingError: a legal hold may last by the log, and does not here.
        """
        said, holds = _read(site, leaves)
        self._require_held(site, holds)
        total = Erased()
        for visitor, each in dict(self._matches(site, said)).items():
            order, hidden = Order(cause=each.cause), self._restriction(visitor, each)
            total = sum_of(total, self._erasure.erase_as(site, visitor, order, hidden))
        return total

    def _restriction(self, visitor: str, said: _Said) -> Restriction | None:
        if said.reason is None:
            return None
        return Restriction(
            visitor=visitor, until=said.until, reason=said.reason, created_at=self._clock.now()
        )

    def _require_held(self, site: Site, told: Holds) -> None:
        with self._db.read() as connection:
            here = store_holds.list_holds(connection, site.site_id)
        missing = told.missing(here)
        if missing:
            whom = {True: "one visitor", False: "the whole site"}
            named = "; ".join(f"{each.reason!r} of {whom[each.has_visitor]}" for each in missing)
            raise HoldMissingError(
                f"the log tells of legal holds that may last and are not in force here: {named}. "
                "Place each by `retention hold` with the same reason, then reapply"
            )

    def _matches(self, site: Site, said: dict[bytes, _Said]) -> Iterator[tuple[str, _Said]]:
        after: str | None = None
        while page := self._page(site, after):
            for _, leaf_hash, visitor in page:
                if leaf_hash in said:
                    yield visitor, said[leaf_hash]
            after = page[-1][0]

    def _page(self, site: Site, after: str | None) -> list[tuple[str, bytes, str]]:
        with self._db.read() as connection:
            return store_retention.list_linked(connection, site.site_id, after=after, limit=_PAGE)


def _read(site: Site, leaves: Iterable[bytes]) -> tuple[dict[bytes, _Said], Holds]:
    """Return what leaves say of others by their hashes, and the legal holds among them."""
    said, holds = dict[bytes, _Said](), Holds()
    for number, line in enumerate(leaves):
        leaf = _parsed(site, line, number)
        try:
            _take(leaf, said, holds)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = f"`{error.args[0]}` is absent" if isinstance(error, KeyError) else str(error)
            message = f"leaf {number} is no {leaf['type']} of this log: {told}"
            raise InvalidRequestError.of("file", message) from error
    return said, holds


def _take(leaf: dict[str, Any], said: dict[bytes, _Said], holds: Holds) -> None:
    kind = leaf.get("type")
    if kind == "log.restriction":
        said.setdefault(_hash(leaf), _restricted(leaf))
    elif kind == "log.erasure":
        cause = Cause(leaf["reason"])
        if cause is not Cause.RETENTION:
            said[_hash(leaf)] = _Said(cause=cause)
    else:
        holds.take(leaf)


def _restricted(leaf: dict[str, Any]) -> _Said:
    reason = leaf["reason"]
    if reason not in (DUTY, HOLD):
        raise ValueError(f"{reason!r} is no reason to hide somebody")
    until = parse_time(leaf["until"]) if reason == DUTY else None
    return _Said(cause=Cause.VISITOR, reason=reason, until=until)


def _hash(leaf: dict[str, Any]) -> bytes:
    digest = bytes.fromhex(leaf["leaf"])
    if len(digest) != _HASH_SIZE:
        raise ValueError("`leaf` is no hash")
    return digest


def _parsed(site: Site, line: bytes, number: int) -> dict[str, Any]:
    try:
        leaf = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError.of("file", f"leaf {number} is no JSON") from error
    if not isinstance(leaf, dict) or leaf.get("log", site.log_origin) != site.log_origin:
        raise InvalidRequestError.of("file", f"leaf {number} is none of {site.log_origin}")
    return leaf

"""Control leaves about events: what became of what named their visitor, and of their text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent_service.core.clock import Clock, format_time
from consent_service.core.commitments import commit
from consent_service.core.ids import Ids
from consent_service.ledger.model import control_leaf
from consent_service.ledger.store_entries import Entry
from consent_service.sites.model import Site

MOST_REDACTED = 200
"""Leaves that one `log.redaction` names: more would not fit into 16 KiB."""


class Cause(StrEnum):
    """Why what names a visitor is erased."""

    VISITOR = "visitor"
    OFFICER = "officer"
    SUBJECT = "subject"
    RETENTION = "retention"
    RESTRICTION_ENDED = "restriction_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order to erase. Leaves commit to what is `personal` in it, such as the officer."""

    cause: Cause
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A leaf that something happens to: its hash and its text."""

    leaf_hash: bytes
    leaf: str

    @property
    def fields(self) -> list[str]:
        """What the leaf commits to."""
        return sorted(json.loads(self.leaf).get("priv", {}))


class Marks:
    """Makes these leaves."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def erasure(self, site: Site, marked: Marked, order: Order) -> Entry:
        """Return the leaf that tells that the openings of another are gone."""
        said = {"leaf": marked.leaf_hash.hex(), "fields": marked.fields, "reason": order.cause}
        return self._entry("log.erasure", site, said, order.personal, [marked.leaf_hash])

    def restriction(
        self, site: Site, marked: Marked, until: datetime | None, reason: str, order: Order
    ) -> Entry:
        """Return the leaf that tells that the openings of another are hidden.

        Without `until` they are while a legal hold lasts.
        """
        said = {"leaf": marked.leaf_hash.hex(), "fields": marked.fields, "reason": reason}
        if until is not None:
            said["until"] = format_time(until)
        return self._entry("log.restriction", site, said, order.personal, [marked.leaf_hash])

    def redaction(self, site: Site, leaf_hashes: Sequence[bytes]) -> Entry:
        """Return the leaf that tells that the texts of up to 200 others are gone."""
        said = {"leaves": [each.hex() for each in leaf_hashes], "reason": Cause.RETENTION}
        return self._entry("log.redaction", site, said, {}, leaf_hashes)

    def hold(self, kind: str, site: Site, reason: str, personal: Mapping[str, str]) -> Entry:
        """Return the leaf of a legal hold, `retention.held` or `retention.released`."""
        return self._entry(kind, site, {"reason": reason}, personal, ())

    def _entry(
        self,
        kind: str,
        site: Site,
        said: Mapping[str, Any],
        personal: Mapping[str, str],
        mentions: Sequence[bytes],
    ) -> Entry:
        commitments, openings = commit(personal, self._ids)
        priv = {"priv": commitments} if commitments else {}
        now = self._clock.now()
        leaf = control_leaf(kind, site.log_origin, now, self._ids, **said, **priv)
        return Entry(leaf=leaf, mentions=mentions, openings=openings)

"""Expiry: what visitors decided too long ago is recorded as ended."""

import hashlib
import json

from consent_service.consents import store, store_states
from consent_service.consents.model import ConsentEvent, State
from consent_service.consents.recording import new_event
from consent_service.consents.rules.lapse import lapse
from consent_service.consents.store import Repeatable
from consent_service.core.clock import Clock
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError, Outcome
from consent_service.sites.model import Site
from consent_service.sites.service import SiteService

_BATCH = 500
_CIRCUMSTANCES = ("notice", "locale", "profile", "why")


class ExpiryService:
    """Appends `consent.expired` for what has ended. Nothing depends on it: time decides anyway."""

    def __init__(self, db: Database, sites: SiteService, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._sites = sites
        self._clock = clock
        self._ids = ids

    def run(self) -> int:
        """Record what has expired, for some hundred visitors; return how many events those were."""
        sites = {site.site_id: site for site in self._sites.list() if site.closed_at is None}
        with self._db.read() as connection:
            due = store_states.list_due(connection, sites, self._clock.now(), _BATCH)
        return sum(self._record(sites[each.site_id], each.visitor) for each in due)

    def _record(self, site: Site, visitor: str) -> bool:
        with self._db.read() as connection:
            latest = store.find_latest(connection, site.site_id, visitor)
        ts = self._clock.now()
        change = lapse(State.load(latest.state), ts) if latest else None
        if latest is None or change is None:
            return False
        leaf = latest.body()
        told = {name: leaf[name] for name in _CIRCUMSTANCES if name in leaf}
        event = new_event(site, change, told, latest, ts=ts, ids=self._ids)
        unit = store.event_unit(site.site_id, event, _once(latest), latest)
        try:
            return self._db.append(unit) is Outcome.STORED
        except ConflictError:
            # The visitor acted at this very moment; what is left comes with the next turn.
            return False


def _once(latest: ConsentEvent) -> Repeatable:
    digest = hashlib.sha256(json.dumps(["expiry", latest.event_id]).encode()).digest()
    return Repeatable(key_hash=digest, request_hash=digest)

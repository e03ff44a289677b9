"""Seals the log: gives each stored leaf its index, in the order of entry ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from consent_service.core.clock import Clock
from consent_service.core.errors import SettingsError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.ledger import store
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.model import EVENT, Leaf, Log, control_leaf

MAX_MERGE_DELAY_SECONDS = 60
_BATCH = 1000

Projection = Callable[[Connection, str, Sequence[str]], None]
"""Keeps something that follows from a site's events; gets the ids of those that are sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """The size of a log's newest epoch, and how many leaves wait for an index."""

    epoch: int
    size: int
    pending: int


class LedgerService:
    """Seals and counts. Several may run at once: the row of a log is locked while it is sealed.

    Only who has the log's keys can seal.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        *,
        keys: LogKeys | None,
        projections: Sequence[Projection] = (),
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._projections = tuple(projections)

    def fix_log_name(self, configured: str | None) -> str:
        """Return the installation's log name, fixing it at the first start.

        Raises:
            SettingsError: another name was fixed before.
        """
        with self._db.read() as connection:
            fixed = store.find_log_name(connection)
        if fixed is None:
            fixed = self._insert_log_name(configured or f"log-{self._ids.random(6).hex()}")
        if configured not in (None, fixed):
            raise SettingsError(
                f"CONSENT_LOG_NAME is {configured}, but the logs of this database are named {fixed}"
            )
        return fixed

    def _insert_log_name(self, name: str) -> str:
        try:
            with self._db.write() as tx:
                store.insert_log_name(tx, name)
        except ConflictError:
            # Another process starts at the same moment, and was first.
            with self._db.read() as connection:
                return store.find_log_name(connection) or name
        return name

    def seal_all(self) -> int:
        """Seal everything that waits, in every log; return how many leaves were sealed."""
        with self._db.read() as connection:
            sites = store.list_sites_with_pending(connection)
        return sum(self.seal(site_id) for site_id in sites)

    def seal(self, site_id: str) -> int:
        """Seal what waits in one site's log, in batches; return how many leaves were sealed."""
        if self._keys is None:
            raise SettingsError("this process holds no keys of the log and cannot seal")
        total = 0
        while sealed := self._seal_batch(site_id, self._keys):
            total += sealed
        return total

    def _seal_batch(self, site_id: str, keys: LogKeys) -> int:
        with self._db.write() as tx:
            log = store.lock_log(tx, site_id)
            leaves = store.list_pending(tx, site_id, _BATCH)
            if leaves:
                first_index = self._begun(tx, log, keys)
                store.insert_leaves(tx, log, first_index, leaves)
                store.delete_pending(tx, site_id, leaves)
                events = [leaf.entry_id for leaf in leaves if leaf.kind == EVENT]
                for project in self._projections:
                    project(tx, site_id, events)
            return len(leaves)

    def _begun(self, tx: Connection, log: Log, keys: LogKeys) -> int:
        """Return the next index of a log that has its genesis."""
        size = store.count_leaves(tx, log.site_id, log.epoch)
        if size == 0:
            store.insert_first_leaf(tx, log, self._genesis(log, keys))
            size = 1
        return size

    def _genesis(self, log: Log, keys: LogKeys) -> Leaf:
        return control_leaf(
            "log.genesis",
            log.origin,
            self._clock.now(),
            self._ids,
            epoch=log.epoch,
            mmd=MAX_MERGE_DELAY_SECONDS,
            keys=keys.public(log),
        )

    def status(self, site_id: str) -> LogStatus:
        """Return how far a site's log is sealed."""
        with self._db.read() as connection:
            epoch = store.get_epoch(connection, site_id)
            return LogStatus(
                epoch=epoch,
                size=store.count_leaves(connection, site_id, epoch),
                pending=store.count_pending(connection, site_id),
            )

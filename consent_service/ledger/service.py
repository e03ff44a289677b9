"""What an operator does with logs: seals them, asks how they are, decides how one goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from consent_service.core.checkpoints import Checkpoint
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError, SettingsError
from consent_service.core.ids import Ids, uuid7_time
from consent_service.db.engine import Database
from consent_service.ledger import store, store_tree
from consent_service.ledger.anchor import AnchorFile, HeldAnchor
from consent_service.ledger.fitting import ADOPTABLE, Halt, LogHaltedError, require_fit
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.model import Log
from consent_service.ledger.proofs import tiled_tree
from consent_service.ledger.sealing import Projection, Sealed, Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """How a log is. `size` is what is published, `pending` what waits for an index.

    `oldest_pending` is when the leaf was made that waits longest; `halted` says why nothing is
    sealed.
    """

    epoch: int
    size: int
    published_at: datetime | None
    pending: int
    oldest_pending: datetime | None
    halted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEpoch:
    """How far an epoch goes: `size` is published in the database, `anchored` in the anchor."""

    epoch: int
    size: int
    anchored: int | None


class LedgerService:
    """The logs of all sites. Only who has the log's keys can seal."""

    def __init__(
        self,
        db: Database,
        anchor: AnchorFile,
        clock: Clock,
        ids: Ids,
        *,
        keys: LogKeys | None,
        projections: Sequence[Projection] = (),
    ) -> None:
        self._db = db
        self._anchor = anchor
        self._clock = clock
        self._sealer = (
            Sealer(db, anchor, keys=keys, clock=clock, ids=ids, projections=projections)
            if keys
            else None
        )

    def seal_all(self, *, wait: bool = True) -> Sealed:
        """Seal and publish everything that waits, in every log that is not at a halt.

        Without `wait` nothing is done while another process seals.
        """
        return self._with_keys().seal_all(wait=wait)

    def seal(self, site_id: str) -> int:
        """Seal and publish what waits in one site's log; return how many leaves were sealed.

        Raises:
            LogHaltedError: the log is at a halt.
        """
        sealed = self._with_keys().seal(site_id)
        for error in sealed.halted.values():
            raise error
        return sealed.leaves

    def status(self, site_id: str) -> LogStatus:
        """Return how a site's log is."""
        anchor = self._anchor.look()
        with self._db.read() as connection:
            log = store_tree.get_head(connection, site_id).log
            published = store_tree.find_newest(connection, log, published=True)
            halted = _find_halt(connection, log, anchor)
            oldest = store.find_oldest_pending(connection, site_id)
            return LogStatus(
                epoch=log.epoch,
                size=published.checkpoint.size if published else 0,
                published_at=published.published_at if published else None,
                pending=store.count_pending(connection, site_id),
                oldest_pending=uuid7_time(oldest) if oldest else None,
                halted=halted.detail if halted else None,
            )

    def known_epochs(self, site_id: str) -> list[KnownEpoch]:
        """Return every epoch of a site's log that the database or the anchor knows."""
        anchor = self._anchor.look()
        known = []
        with self._db.read() as connection:
            newest = store_tree.get_head(connection, site_id).log
            for epoch in range(1, max(newest.epoch, anchor.newest_epoch(newest.origin)) + 1):
                log = replace(newest, epoch=epoch)
                published = store_tree.find_newest(connection, log, published=True)
                size = published.checkpoint.size if published else 0
                anchored = anchor.find(log.tree)
                known.append(
                    KnownEpoch(epoch=epoch, size=size, anchored=anchored.size if anchored else None)
                )
        return known

    def adopt(self, site_id: str, known: Checkpoint | None = None) -> bool:
        """Go on from what the database has published; tell whether that was at a halt.

        Whoever calls this knows that no other copy of the database is in use, and none is newer.
        `known` is a checkpoint that was kept elsewhere; the database must hold it.

        Raises:
            LogHaltedError: the database is behind or beside what was published: it can only begin
                a new epoch.
            InvalidRequestError: `known` is not part of this log.
        """
        with self._anchor.held() as held, self._db.read() as connection:
            log = store_tree.get_head(connection, site_id).log
            if known:
                _require_known(connection, log, known)
            halted = _find_halt(connection, log, held)
            if halted is None:
                return False
            if halted.halt not in ADOPTABLE:
                raise halted
            held.advance({log.tree: _furthest(connection, log, held)})
            return True

    def begin_epoch(self, site_id: str) -> Log:
        """End a log where it is and begin its next epoch, with a tree of its own.

        Its number is the next that neither the database nor the anchor knows. Whoever calls this
        knows that no other copy of the database is in use. What no published checkpoint holds is
        sealed again in the new epoch.
        """
        with self._anchor.held() as held, self._db.write() as tx:
            log = store_tree.lock_head(tx, site_id).log
            epoch = max(log.epoch, held.newest_epoch(log.origin)) + 1
            return store_tree.begin_epoch(tx, log, epoch, self._clock.now())

    def _with_keys(self) -> Sealer:
        if self._sealer is None:
            raise SettingsError("this process holds no keys of the log and cannot seal")
        return self._sealer


def _find_halt(connection: Connection, log: Log, anchor: HeldAnchor) -> LogHaltedError | None:
    newest = store_tree.find_newest(connection, log)
    try:
        require_fit(connection, log, newest, anchor.find(log.tree))
    except LogHaltedError as error:
        return error
    return None


def _furthest(connection: Connection, log: Log, anchor: HeldAnchor) -> Checkpoint:
    """Return the larger of what is published here and what is anchored, which this log holds."""
    published = store_tree.find_newest(connection, log, published=True)
    anchored = anchor.find(log.tree)
    if anchored and (published is None or anchored.size > published.checkpoint.size):
        return Checkpoint(origin=log.tree, size=anchored.size, root=anchored.root)
    if published is None:
        raise LogHaltedError(Halt.UNANCHORED, f"{log.tree} has published nothing yet")
    return published.checkpoint


def _require_known(connection: Connection, log: Log, known: Checkpoint) -> None:
    newest = store_tree.find_newest(connection, log, published=True)
    size = newest.checkpoint.size if newest else 0
    is_part = (
        known.origin == log.tree
        and known.size <= size
        and tiled_tree(connection, log.site_id, log.epoch, known.size).root() == known.root
    )
    if not is_part:
        raise InvalidRequestError.of(
            "checkpoint",
            f"{known.origin} of size {known.size} is not part of {log.tree}, "
            f"of which {size} leaves are published here",
        )

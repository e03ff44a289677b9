"""What logs have published: the newest checkpoints, tiles, inclusion proofs and keys."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from consent_service.core.checkpoints import InclusionProof, format_proof
from consent_service.core.errors import NotFoundError, UnavailableError
from consent_service.core.ids import uuid7_time
from consent_service.core.merkle import inclusion_path
from consent_service.core.tiles import join, width_at
from consent_service.db.engine import Database
from consent_service.ledger import store, store_tree
from consent_service.ledger.model import FIRST_EPOCH, Log, SignedCheckpoint
from consent_service.ledger.proofs import tiled_tree
from consent_service.ledger.store_attestations import full_note

_FRESH_SECONDS = 1.0
_RETRY_SECONDS = 5


class LogPartUnknownError(NotFoundError):
    """A checkpoint, tile or epoch that the log has not published."""

    code = "log_part_unknown"
    title = "The log has published no such thing"


class ProofPendingError(NotFoundError):
    """A leaf that no published checkpoint holds yet."""

    code = "proof_pending"
    title = "The event is not sealed yet"
    retry_after = _RETRY_SECONDS


class EntryUnknownError(NotFoundError):
    """No leaf has that id."""

    code = "entry_unknown"
    title = "There is no such event"


@dataclass(frozen=True, slots=True)
class _Looked:
    at: float
    found: SignedCheckpoint | None


class PublishedLogs:
    """Reads what is published and nothing else; needs no key."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._newest: dict[str, _Looked] = {}

    def newest(self, site_id: str) -> SignedCheckpoint | None:
        """Return the newest checkpoint of a site's log, as it was within the last second.

        While the database does not answer it is the last one that was seen.
        """
        known = self._newest.get(site_id)
        if known and time.monotonic() - known.at < _FRESH_SECONDS:
            return known.found
        try:
            with self._db.read() as connection:
                log = store_tree.get_head(connection, site_id).log
                found = store_tree.find_newest(connection, log, published=True)
        except UnavailableError:
            if known is None:
                raise
            return known.found
        self._newest[site_id] = _Looked(time.monotonic(), found)
        return found

    def checkpoint(self, site_id: str, epoch: int | None = None) -> str:
        """Return the newest signed checkpoint of an epoch, of the newest one where none is named.

        Raises:
            LogPartUnknownError: nothing is published of it.
        """
        with self._db.read() as connection:
            log = self._log(connection, site_id, epoch)
            return full_note(connection, log, self._checkpoint(connection, log))

    def tile(self, site_id: str, epoch: int | None, place: tuple[int, int, int]) -> bytes:
        """Return the bytes of a tile given by level, index and width.

        Raises:
            LogPartUnknownError: the published tree has no such tile.
        """
        level, index, width = place
        with self._db.read() as connection:
            log = self._log(connection, site_id, epoch)
            size = self._checkpoint(connection, log).checkpoint.size
            if width > width_at(level, index, size):
                raise LogPartUnknownError(f"the tree of {log.tree} has {size} leaves so far")
            tree = tiled_tree(connection, log.site_id, log.epoch, size)
            return join(tree.tile(level, index, width))

    def proof(self, site_id: str, entry_id: str) -> str:
        """Return the inclusion proof of a leaf (`c2sp.org/tlog-proof@v1`).

        `entry_id` is the id of the event.

        Raises:
            ProofPendingError: it is not sealed and published yet.
            EntryUnknownError: there is no such leaf.
        """
        is_known = False
        with self._db.read() as connection:
            newest = store_tree.get_head(connection, site_id).log
            for epoch in range(newest.epoch, FIRST_EPOCH - 1, -1):
                log = Log(site_id=site_id, epoch=epoch, origin=newest.origin)
                index = store.find_index(connection, log, entry_id)
                signed = store_tree.find_newest(connection, log, published=True)
                if index is not None and signed and index < signed.checkpoint.size:
                    return _proof(connection, log, index, signed)
                is_known = is_known or index is not None
            if is_known or store.is_pending(connection, site_id, entry_id):
                raise ProofPendingError(f"come back in {_RETRY_SECONDS} seconds")
        raise EntryUnknownError(f"the log of this site holds nothing with the id {entry_id}")

    def lag(self, now: datetime) -> float:
        """Return for how many seconds the leaf waits that waits longest, over all logs."""
        with self._db.read() as connection:
            oldest = store.find_oldest_pending_of_all(connection)
        return max(0.0, (now - uuid7_time(oldest)).total_seconds()) if oldest else 0.0

    def keys(self, site_id: str) -> list[dict[str, Any]]:
        """Return the keys that a log named last, `{use, kid, key}` each."""
        with self._db.read() as connection:
            named = store_tree.find_keys_leaf(connection, site_id)
        return list(json.loads(named)["keys"]) if named else []

    def _log(self, connection: Connection, site_id: str, epoch: int | None) -> Log:
        newest = store_tree.get_head(connection, site_id).log
        if epoch is None:
            return newest
        if not FIRST_EPOCH <= epoch <= newest.epoch:
            raise LogPartUnknownError(f"{newest.origin} has the epochs 1 to {newest.epoch}")
        return Log(site_id=site_id, epoch=epoch, origin=newest.origin)

    def _checkpoint(self, connection: Connection, log: Log) -> SignedCheckpoint:
        found = store_tree.find_newest(connection, log, published=True)
        if found is None:
            raise LogPartUnknownError(f"{log.tree} has published nothing yet")
        return found


def _proof(connection: Connection, log: Log, index: int, signed: SignedCheckpoint) -> str:
    size = signed.checkpoint.size
    tree = tiled_tree(connection, log.site_id, log.epoch, size)
    path = tuple(inclusion_path(index, size, tree.subtree))
    note = full_note(connection, log, signed)
    return format_proof(InclusionProof(index=index, path=path, checkpoint=note))

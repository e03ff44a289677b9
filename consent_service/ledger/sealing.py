"""Seals logs: gives stored leaves their indexes and publishes checkpoints over them.

One process seals at a time, the one that holds the anchor. For each log a transaction writes
leaves, tiles, projections and a signed checkpoint that nobody sees yet; then the anchor is
written and synced; then a transaction publishes. Whoever comes after a crash finishes what is
there before going on, and a database that does not fit its anchor signs nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from consent_service.core.checkpoints import Checkpoint
from consent_service.core.clock import Clock
from consent_service.core.ids import Ids
from consent_service.core.merkle import EMPTY_ROOT
from consent_service.core.notes import encode_base64
from consent_service.db.engine import Database
from consent_service.ledger import store, store_tree
from consent_service.ledger.anchor import AnchorFile, HeldAnchor
from consent_service.ledger.fitting import LogHaltedError, require_fit
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.model import (
    CONTROL,
    EVENT,
    FIRST_EPOCH,
    MAX_MERGE_DELAY_SECONDS,
    Head,
    Leaf,
    Log,
    Pending,
    SignedCheckpoint,
    control_leaf,
)
from consent_service.ledger.proofs import grow

BATCH = 1000
"""Leaves in one transaction: a longer one would keep requests waiting on SQLite."""
LOGS_AT_ONCE = 200

Projection = Callable[[Connection, str, Sequence[str]], None]
"""Keeps something that follows from a site's events; gets the ids of those that are sealed."""


@dataclass(slots=True)
class Sealed:
    """What was done: how many leaves got their index, and why which logs are at a halt."""

    leaves: int = 0
    halted: dict[str, LogHaltedError] = field(default_factory=dict)


class Sealer:
    """Seals the logs of all sites."""

    def __init__(
        self,
        db: Database,
        anchor: AnchorFile,
        *,
        keys: LogKeys,
        clock: Clock,
        ids: Ids,
        projections: Sequence[Projection],
    ) -> None:
        self._db = db
        self._anchor = anchor
        self._keys = keys
        self._clock = clock
        self._ids = ids
        self._projections = projections

    def seal_all(self, *, wait: bool) -> Sealed:
        """Seal and publish everything that waits, in every log.

        Without `wait` nothing is done while another process seals.
        """
        return self._seal(None, wait=wait)

    def seal(self, site_id: str) -> Sealed:
        """Seal and publish everything that waits in one site's log."""
        return self._seal(site_id, wait=True)

    def _seal(self, site_id: str | None, *, wait: bool) -> Sealed:
        done = Sealed()
        with self._anchor.held() if wait else self._anchor.held_if_free() as held:
            while held and (sites := self._due(site_id, done)):
                done.leaves += self._round(held, sites, done)
        return done

    def _due(self, site_id: str | None, done: Sealed) -> list[str]:
        limit = LOGS_AT_ONCE + len(done.halted)
        with self._db.read() as connection:
            due = store_tree.list_due(connection, self._keys.digest, limit=limit, site_id=site_id)
        return [each for each in due if each not in done.halted]

    def _round(self, held: HeldAnchor, sites: Sequence[str], done: Sealed) -> int:
        """Take each log one batch further; return how many leaves that were."""
        written: dict[Log, Checkpoint] = {}
        leaves = 0
        for site_id in sites:
            try:
                with self._db.write() as tx:
                    log, checkpoint, count = self._write(tx, held, site_id)
            except LogHaltedError as error:
                done.halted[site_id] = error
            else:
                written[log] = checkpoint
                leaves += count
        self._publish(held, written)
        return leaves

    def _publish(self, held: HeldAnchor, written: dict[Log, Checkpoint]) -> None:
        if written:
            held.advance({log.tree: checkpoint for log, checkpoint in written.items()})
            with self._db.write() as tx:
                sizes = {log: checkpoint.size for log, checkpoint in written.items()}
                store_tree.publish(tx, sizes, self._clock.now())

    def _write(self, tx: Connection, held: HeldAnchor, site_id: str) -> tuple[Log, Checkpoint, int]:
        """Write the next checkpoint of a log, or return the one that waits to be published."""
        head = store_tree.lock_head(tx, site_id)
        newest = store_tree.find_newest(tx, head.log)
        require_fit(tx, head.log, newest, held.find(head.log.tree))
        if newest and newest.published_at is None:
            return head.log, newest.checkpoint, 0
        size = newest.checkpoint.size if newest else 0
        # Leaves that were sealed before there were checkpoints come into the tree first.
        hashes = store_tree.list_leaf_hashes(tx, head.log, size, BATCH)
        count = 0 if hashes else self._assign(tx, held, head, size, hashes)
        root = grow(tx, head.log, size, hashes)
        checkpoint = Checkpoint(origin=head.log.tree, size=size + len(hashes), root=root)
        self._insert_checkpoint(tx, head.log, checkpoint)
        return head.log, checkpoint, count

    def _assign(
        self, tx: Connection, held: HeldAnchor, head: Head, size: int, hashes: list[bytes]
    ) -> int:
        """Give what waits its indexes; add the hashes, and return how many leaves those are."""
        own = list(self._about_keys(tx, held, head, size))
        waiting = store.list_pending(tx, head.log.site_id, BATCH)
        leaves = own + waiting
        store.insert_leaves(tx, head.log, size, leaves)
        store.delete_pending(tx, head.log.site_id, waiting)
        events = [leaf.entry_id for leaf in waiting if leaf.kind == EVENT]
        for project in self._projections:
            project(tx, head.log.site_id, events)
        hashes += [leaf.hash for leaf in leaves]
        return len(leaves)

    def _about_keys(
        self, tx: Connection, held: HeldAnchor, head: Head, size: int
    ) -> Iterator[Pending]:
        """Yield the leaf that begins a log, or that tells of keys it has not named."""
        digest = self._keys.digest
        if size and head.keys_hash == digest:
            return
        leaf = self._rotation(head.log) if size else self._genesis(tx, held, head.log)
        store.insert_sealed_entry(tx, head.log.site_id, leaf)
        # So the leaves that name keys are found by the one that begins the log.
        genesis = store_tree.list_leaf_hashes(tx, head.log, 0, 1) or [leaf.hash]
        store.insert_mentions(tx, head.log.site_id, leaf, genesis)
        store_tree.name_keys(tx, head.log.site_id, digest, leaf.entry_id)
        yield Pending(entry_id=leaf.entry_id, kind=CONTROL, hash=leaf.hash)

    def _genesis(self, tx: Connection, held: HeldAnchor, log: Log) -> Leaf:
        members: dict[str, object] = {
            "epoch": log.epoch,
            "mmd": MAX_MERGE_DELAY_SECONDS,
            "keys": self._keys.public(log),
        }
        if log.epoch > FIRST_EPOCH:
            members["previous"] = _ended(tx, held, replace(log, epoch=log.epoch - 1))
        return self._control("log.genesis", log, **members)

    def _rotation(self, log: Log) -> Leaf:
        return self._control(
            "log.key_rotation", log, keys=self._keys.public(log), revoked=self._keys.revoked()
        )

    def _control(self, kind: str, log: Log, **members: object) -> Leaf:
        return control_leaf(kind, log.origin, self._clock.now(), self._ids, **members)

    def _insert_checkpoint(self, tx: Connection, log: Log, checkpoint: Checkpoint) -> None:
        now = self._clock.now()
        signed = SignedCheckpoint(
            checkpoint=checkpoint,
            note=self._keys.sign(checkpoint, now),
            created_at=now,
            published_at=None,
        )
        store_tree.insert_checkpoint(tx, log, signed)


def _ended(tx: Connection, held: HeldAnchor, log: Log) -> dict[str, object]:
    """Return the last that is known of an epoch that ended: here, or by the anchor."""
    newest = store_tree.find_newest(tx, log, published=True)
    size, root = (newest.checkpoint.size, newest.checkpoint.root) if newest else (0, EMPTY_ROOT)
    anchored = held.find(log.tree)
    if anchored and anchored.size > size:
        size, root = anchored.size, anchored.root
    return {"origin": log.tree, "size": size, "root": encode_base64(root)}

"""Recomputes logs from their rows: every hash, tile, root and signature, and what rests on them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from consent_service.core.clock import format_time
from consent_service.core.commitments import commitment, opened
from consent_service.core.encoding import b64url_decode
from consent_service.core.merkle import CompactRange, leaf_hash, root_of
from consent_service.core.notes import NoteError, Verifier, check, parse, parse_verifier_key
from consent_service.core.tiles import WIDTH, join
from consent_service.db.engine import Database
from consent_service.ledger import store_tree
from consent_service.ledger.model import Log, SignedCheckpoint
from consent_service.proofs import store
from consent_service.proofs.store import StoredLeaf

_PAGE = 1024
_CHECKPOINTS = 500

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a log is not what its rows say: which log, at which index where there is one, why."""

    log: str
    index: int | None
    what: str


@dataclass(slots=True)
class Audited:
    """What a log holds as far as it was checked; `difference` is the first, if any."""

    log: str
    leaves: int = 0
    checkpoints: int = 0
    redacted: int = 0
    difference: Difference | None = None


class _DifferenceError(Exception):
    def __init__(self, what: str, index: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.index = index


class AuditService:
    """Checks the logs of all sites; needs no key."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def logs(self, site_id: str) -> list[Log]:
        """Return every epoch of a site's log."""
        with self._db.read() as connection:
            return [log for log in store_tree.list_logs(connection) if log.site_id == site_id]

    def size(self, log: Log) -> int:
        """Return how many leaves the newest checkpoint of a log says it has."""
        with self._db.read() as connection:
            newest = store_tree.find_newest(connection, log)
        return newest.checkpoint.size if newest else 0

    def audit(self, log: Log, progress: Progress = lambda _: None) -> Audited:
        """Recompute an epoch of a log and stop at the first difference.

        Rows are read page by page, so writers go on; `progress` is told how many leaves are done.
        """
        done = Audited(log.tree)
        try:
            with self._db.read() as connection:
                _Walk(connection, log, done, progress).run()
        except _DifferenceError as error:
            done.difference = Difference(log=log.tree, index=error.index, what=error.what)
        return done

    def audit_rows(self, site_id: str) -> Difference | None:
        """Check that everything that is stored is sealed or waits to be, and nothing else waits."""
        logs = self.logs(site_id)
        with self._db.read() as connection:
            # In this order: what is sealed meanwhile is found by the second question.
            unaccounted = store.find_unaccounted(connection, site_id, [log.epoch for log in logs])
            foreign = store.find_foreign_pending(connection, site_id)
        if unaccounted:
            what = f"{unaccounted} is stored but was never sealed and does not wait to be"
            return Difference(log=logs[-1].origin, index=None, what=what)
        if foreign:
            what = f"{foreign} waits to be sealed but is not stored"
            return Difference(log=logs[-1].origin, index=None, what=what)
        return None


@dataclass(slots=True)
class _Walk:
    """One pass over a log, leaf by leaf, with the tree as it grows."""

    connection: Connection
    log: Log
    done: Audited
    progress: Progress
    tree: CompactRange = field(default_factory=CompactRange)
    verifiers: dict[str, Verifier] = field(default_factory=dict)
    levels: list[list[bytes]] = field(default_factory=lambda: [[]])
    tiles: list[int] = field(default_factory=lambda: [0])

    def run(self) -> None:
        checkpoints = self._checkpoints()
        due = next(checkpoints, None)
        while page := store.list_leaves(self.connection, self.log, self.done.leaves, _PAGE):
            self._require_marks(page)
            for leaf in page:
                self._take(leaf)
                while due and due.checkpoint.size == self.done.leaves:
                    self._require_checkpoint(due)
                    due = next(checkpoints, None)
            self.progress(self.done.leaves)
        if due:
            raise _DifferenceError(
                f"a checkpoint says {due.checkpoint.size} leaves, there are {self.done.leaves}"
            )

    def _checkpoints(self) -> Iterator[SignedCheckpoint]:
        after = 0
        while page := store_tree.list_checkpoints(self.connection, self.log, after, _CHECKPOINTS):
            yield from page
            after = page[-1].checkpoint.size

    def _take(self, leaf: StoredLeaf) -> None:
        if leaf.index != self.done.leaves:
            raise _DifferenceError(f"the leaf {self.done.leaves} is missing", self.done.leaves)
        _require_leaf(self.log, leaf)
        if leaf.text is None:
            self.done.redacted += 1
        elif leaf.event is None:
            self._learn_keys(leaf.text)
        self.tree.push(0, leaf.index, leaf.hash)
        self.done.leaves += 1
        self._fill(0, leaf.hash)

    def _learn_keys(self, text: str) -> None:
        body = json.loads(text)
        for key in body.get("keys", ()):
            if key["use"] in ("checkpoint", "clock"):
                verifier = parse_verifier_key(key["key"])
                self.verifiers[verifier.text] = verifier

    def _fill(self, level: int, digest: bytes) -> None:
        """Add a node to the tile that is being filled at a level, and check the tile when full."""
        self.levels[level].append(digest)
        if len(self.levels[level]) < WIDTH:
            return
        hashes, self.levels[level] = self.levels[level], []
        index, self.tiles[level] = self.tiles[level], self.tiles[level] + 1
        root = root_of(hashes)
        stored = store.list_tiles(self.connection, self.log, level, index, 1).get(index)
        # The sealer takes leaves of older versions into the tree batch by batch.
        if stored != (join(hashes), root) and (stored or self._is_covered(level, index)):
            place = f"the tile {index} of level {level}"
            raise _DifferenceError(f"{place} is {'wrong' if stored else 'missing'}")
        if level + 1 == len(self.levels):
            self.levels.append([])
            self.tiles.append(0)
        self._fill(level + 1, root)

    def _is_covered(self, level: int, index: int) -> bool:
        newest = store_tree.find_newest(self.connection, self.log)
        end = (index + 1) * WIDTH ** (level + 1)
        return newest is not None and newest.checkpoint.size >= end

    def _require_checkpoint(self, signed: SignedCheckpoint) -> None:
        size = signed.checkpoint.size
        if signed.checkpoint.root != self.tree.root():
            raise _DifferenceError(f"the checkpoint of size {size} has another root", size - 1)
        try:
            note = parse(signed.note)
            if note.text != signed.checkpoint.text:
                raise NoteError("its text is not that of its columns")
            if not check(note, list(self.verifiers.values())):
                raise NoteError("no key that the log names signed it")
        except NoteError as error:
            raise _DifferenceError(f"the checkpoint of size {size}: {error}", size - 1) from None
        self.done.checkpoints += 1

    def _require_marks(self, page: Sequence[StoredLeaf]) -> None:
        """Check that the log says of each opening or text that is gone that it is."""
        gaps = {leaf.hash: _missing(leaf) for leaf in page if leaf.stored_hash}
        missing = {digest: fields for digest, fields in gaps.items() if fields}
        told: dict[bytes, set[str]] = {digest: set() for digest in missing}
        for digest, text in store.list_mentions(self.connection, self.log.site_id, list(missing)):
            body = json.loads(text)
            told[digest] |= {"*"} if body["type"] == "log.redaction" else set(body["fields"])
        for leaf in page:
            unsaid = missing.get(leaf.hash, set()) - told.get(leaf.hash, set())
            if unsaid and "*" not in told[leaf.hash]:
                gone = (
                    "the text" if "*" in unsaid else f"the opening of {', '.join(sorted(unsaid))}"
                )
                raise _DifferenceError(f"{gone} is gone and no leaf says why", leaf.index)


def _missing(leaf: StoredLeaf) -> set[str]:
    """Return the fields whose opening is gone; `*` stands for the whole text."""
    if leaf.text is None:
        return {"*"}
    committed = set(json.loads(leaf.text).get("priv", {}))
    return committed - set(opened(json.loads(leaf.openings)) if leaf.openings else ())


def _require_leaf(log: Log, leaf: StoredLeaf) -> None:
    """Check a leaf against its own row."""
    if leaf.stored_hash is None:
        raise _DifferenceError(f"{leaf.entry_id} is sealed but not stored", leaf.index)
    if leaf.stored_hash != leaf.hash:
        raise _DifferenceError(f"{leaf.entry_id} has another hash than its leaf", leaf.index)
    if leaf.text is None:
        return
    if leaf_hash(leaf.text.encode()) != leaf.hash:
        raise _DifferenceError(f"the text of {leaf.entry_id} does not have its hash", leaf.index)
    body = json.loads(leaf.text)
    if (body["log"], body["id"]) != (log.origin, leaf.entry_id):
        raise _DifferenceError(f"{leaf.entry_id} holds a leaf of another place", leaf.index)
    if leaf.event and (leaf.event.type, format_time(leaf.event.ts)) != (body["type"], body["ts"]):
        raise _DifferenceError(
            f"the columns of {leaf.entry_id} do not say what its leaf says", leaf.index
        )
    _require_openings(leaf, body.get("priv", {}))


def _require_openings(leaf: StoredLeaf, committed: dict[str, str]) -> None:
    for opening in json.loads(leaf.openings) if leaf.openings else ():
        _salt, name, _value = json.loads(b64url_decode(opening))
        if committed.get(name) != commitment(opening):
            raise _DifferenceError(
                f"the opening of {name} is not what {leaf.entry_id} commits to", leaf.index
            )

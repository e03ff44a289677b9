"""Lets others attest checkpoints, where the operator names any: witnesses, and who stamps times."""

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import Connection
from structlog import get_logger

from consent_service.core.clock import Clock
from consent_service.core.merkle import consistency_path
from consent_service.core.notes import encode_base64
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError
from consent_service.ledger import store_attestations as store
from consent_service.ledger import store_tree
from consent_service.ledger.model import Log, SignedCheckpoint
from consent_service.ledger.outgoing import Post
from consent_service.ledger.proofs import tiled_tree
from consent_service.ledger.stamping import Authority, StampError, stamp
from consent_service.ledger.witnesses import Witness, WitnessError, cosign

_log = get_logger("consent_service.ledger")


class AttestingService:
    """Has the newest checkpoint of each log signed by witnesses and stamped."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        post: Post,
        *,
        witnesses: Sequence[Witness] = (),
        authority: Authority | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._post = post
        self._witnesses = tuple(witnesses)
        self._authority = authority

    def run(self) -> int:
        """Have every log's newest checkpoint attested; return how many attestations came."""
        if not self._witnesses and not self._authority:
            return 0
        with self._db.read() as connection:
            logs = store_tree.list_heads(connection)
        return sum(self.attest(log.site_id) for log in logs)

    def attest(self, site_id: str) -> int:
        """Have a log's newest checkpoint attested by whoever has not done so.

        What does not come is told in the process's log and tried again at the next turn.
        """
        with self._db.read() as connection:
            log = store_tree.get_head(connection, site_id).log
            signed = store_tree.find_newest(connection, log, published=True)
            if signed is None:
                return 0
            known = store.list_names(connection, log, signed.checkpoint.size)
        return sum(1 for _ in self._attested(log, signed, known))

    def _attested(
        self, log: Log, signed: SignedCheckpoint, known: set[tuple[str, str]]
    ) -> Iterator[str]:
        if any(kind == store.TIMESTAMP for kind, _ in known):
            # What is stamped takes no further signature: the stamp is of all its bytes.
            return
        for witness in self._witnesses:
            if (store.COSIGNATURE, witness.name) not in known:
                yield from self._cosigned(log, signed, witness)
        if self._authority:
            yield from self._stamped(log, signed, self._authority)

    def _cosigned(self, log: Log, signed: SignedCheckpoint, witness: Witness) -> Iterator[str]:
        with self._db.read() as connection:
            last = store.find_last_size(connection, log, witness.name)
            consistency = partial(_consistency, connection, log, signed.checkpoint.size)
            try:
                line = cosign(witness, signed.note, last, consistency, self._post)
            except WitnessError as error:
                _log.warning("witness did not sign", log=log.tree, detail=str(error))
                return
        yield from self._keep(log, signed, store.COSIGNATURE, witness.name, line)

    def _stamped(self, log: Log, signed: SignedCheckpoint, by: Authority) -> Iterator[str]:
        with self._db.read() as connection:
            note = store.full_note(connection, log, signed)
        try:
            content = stamp(note.encode(), by, self._post)
        except StampError as error:
            _log.warning("no time stamp", log=log.tree, detail=str(error))
            return
        yield from self._keep(log, signed, store.TIMESTAMP, by.url, encode_base64(content))

    def _keep(
        self, log: Log, signed: SignedCheckpoint, kind: str, name: str, content: str
    ) -> Iterator[str]:
        try:
            with self._db.write() as tx:
                store.insert(
                    tx, log, signed.checkpoint.size, kind, name, content, self._clock.now()
                )
        except ConflictError:
            # Another worker asked at the same moment.
            return
        yield name


def _consistency(connection: Connection, log: Log, size: int, old: int) -> list[bytes]:
    if not 0 < old < size:
        return []
    return consistency_path(old, size, tiled_tree(connection, log.site_id, log.epoch, size).subtree)

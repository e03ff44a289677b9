"""The keys of a log: which sign its checkpoints, and what it tells of all of them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.core.canonical import canonical_json
from consent_service.core.checkpoints import Checkpoint
from consent_service.core.clock import epoch_seconds, format_time
from consent_service.core.encoding import b64url
from consent_service.core.keyring import Key, Keyring
from consent_service.core.notes import COSIGNATURE, ED25519, cosign, join, sign, verifier_key
from consent_service.ledger.model import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """The keyrings whose keys verify a log and what is made from it.

    No web process has those of checkpoint and clock.
    """

    receipt: Keyring
    checkpoint: Keyring
    export: Keyring
    clock: Keyring

    @property
    def digest(self) -> bytes:
        """What changes with any key that is added or revoked, 32 bytes."""
        kids = [[ring.use, key.kid] for ring in self._rings() for key in ring.accepted()]
        return hashlib.sha256(canonical_json(kids).encode()).digest()

    def public(self, log: Log) -> list[dict[str, str]]:
        """Return `{use, kid, key}` of each key: a C2SP verifier key, for receipts the raw key."""
        names = (
            (self.checkpoint, log.tree, ED25519),
            (self.export, export_name(log.origin), ED25519),
            (self.clock, clock_name(log.origin), COSIGNATURE),
        )
        notes = [
            _entry(ring.use, key, verifier_key(name, key.public_bytes(), kind))
            for ring, name, kind in names
            for key in ring.accepted()
        ]
        receipts = [
            _entry("receipt", key, b64url(key.public_bytes())) for key in self.receipt.accepted()
        ]
        return receipts + notes

    def revoked(self) -> list[dict[str, str]]:
        """Return `{use, kid, revoked_at}` of each key that is accepted no more."""
        return [
            {"use": ring.use, "kid": key.kid, "revoked_at": format_time(key.revoked_at)}
            for ring in self._rings()
            for key in ring.all_keys()
            if key.revoked_at
        ]

    def sign(self, checkpoint: Checkpoint, now: datetime) -> str:
        """Return a checkpoint signed by every key that may sign now.

        So whoever knows only an older key goes on reading it until that key is revoked.
        """
        text, name = checkpoint.text, clock_name(checkpoint.origin)
        lines = [sign(text, checkpoint.origin, k.private_key()) for k in self.checkpoint.signing()]
        times = [
            cosign(text, name, key.private_key(), epoch_seconds(now))
            for key in self.clock.signing()
        ]
        return join(text, lines + times)

    def _rings(self) -> tuple[Keyring, ...]:
        return (self.receipt, self.checkpoint, self.export, self.clock)


def export_name(origin: str) -> str:
    """Return the name of a log's export key."""
    return f"{origin}/export"


def clock_name(origin: str) -> str:
    """Return the name of the clock key, which all logs of an installation share."""
    return f"{origin.partition('/')[0]}/clock"


def _entry(use: str, key: Key, public: str) -> dict[str, Any]:
    return {"use": use, "kid": key.kid, "key": public}

"""The public keys that a log names in its genesis."""

from dataclasses import dataclass

from consent_service.core.encoding import b64url
from consent_service.core.keyring import Key, Keyring
from consent_service.core.notes import COSIGNATURE, ED25519, verifier_key
from consent_service.ledger.model import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """The keyrings whose keys verify a log and what is made from it; no web process has them."""

    receipt: Keyring
    checkpoint: Keyring
    export: Keyring
    clock: Keyring

    def public(self, log: Log) -> list[dict[str, str]]:
        """Return `{use, kid, key}` of each key: a C2SP verifier key, for receipts the raw key."""
        of_epoch = f"{log.origin}/{log.epoch}"
        names = (
            (self.checkpoint, of_epoch, ED25519),
            (self.export, f"{log.origin}/export", ED25519),
            (self.clock, f"{log.origin.partition('/')[0]}/clock", COSIGNATURE),
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


def _entry(use: str, key: Key, public: str) -> dict[str, str]:
    return {"use": use, "kid": key.kid, "key": public}

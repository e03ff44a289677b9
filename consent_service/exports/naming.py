"""The keys that a log names, as a bundle tells and uses them."""

import json
from datetime import UTC, datetime

from consent_service.core.clock import format_time
from consent_service.core.errors import SettingsError
from consent_service.core.keyring import Key, Keyring
from consent_service.core.notes import check, parse, parse_verifier_key, verifier_key
from consent_service.exports.leaves import Stored
from consent_service.ledger.keys import export_name
from consent_service.ledger.model import Log, SignedCheckpoint

_TOLD = ("checkpoint", "clock", "export")


def vkeys_of(leaf: Stored) -> tuple[tuple[str, str], ...]:
    """Return use and verifier key of the keys that a genesis or a rotation names."""
    keys = json.loads(leaf.leaf or "{}").get("keys", ())
    return tuple((each["use"], each["key"]) for each in keys if each["use"] in _TOLD)


def created_at(signed: SignedCheckpoint, vkeys: tuple[tuple[str, str], ...]) -> str:
    """Return the time that the clock key gave a checkpoint."""
    clocks = [parse_verifier_key(key) for use, key in vkeys if use == "clock"]
    times = [each.time for each in check(parse(signed.note), clocks) if each.time is not None]
    if not times:
        raise SettingsError(
            f"no clock key of the log signed the checkpoint of {signed.checkpoint.size} leaves"
        )
    return format_time(datetime.fromtimestamp(max(times), UTC))


def signer_of(signed: SignedCheckpoint, vkeys: tuple[tuple[str, str], ...]) -> str:
    """Return the newest of the named keys that signed a checkpoint; a fresh one has not yet."""
    named = [parse_verifier_key(key) for use, key in vkeys if use == "checkpoint"]
    signers = {each.verifier for each in check(parse(signed.note), named)}
    for key in reversed(named):
        if key in signers:
            return key.text
    raise SettingsError(
        f"no key that the log names signed the checkpoint of {signed.checkpoint.size} leaves"
    )


def signing_key(keyring: Keyring, log: Log, vkeys: tuple[tuple[str, str], ...]) -> Key:
    """Return the newest export key that the tree names, so that one trusted key leads to it."""
    named, name = {key for _, key in vkeys}, export_name(log.origin)
    for key in reversed(keyring.signing()):
        if verifier_key(name, key.public_bytes()) in named:
            return key
    raise SettingsError(
        "the checkpoint names no export key that may still sign: export from a newer checkpoint"
    )

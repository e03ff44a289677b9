"""Keyrings: who may read their files, when a new key signs, what a revoked one still does."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent_service.core.encoding import b64url_decode
from consent_service.core.errors import NotFoundError, SettingsError
from consent_service.core.ids import Ids
from consent_service.core.keyring import (
    SIGNATURE_USES,
    USES,
    Keyring,
    ensure_keyring,
    public_jwk,
    revoke,
    rotate,
    thumbprint,
)
from tests.support.clock import FakeClock

CREATE = """
import sys
from pathlib import Path
from consent_service.core.clock import SystemClock
from consent_service.core.ids import Ids
from consent_service.core.keyring import ensure_keyring
clock = SystemClock()
print("ready", flush=True)
sys.stdin.readline()
print(ensure_keyring(Path(sys.argv[1]), "state", clock, Ids(clock)).signing_key().kid)
"""


class Keys:
    """A folder of keyrings and a clock to move."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keys"
        self.clock = FakeClock()
        self.ids = Ids(self.clock)

    def ensure(self, use: str = "state") -> Keyring:
        return ensure_keyring(self.folder, use, self.clock, self.ids)

    def rotate(self, use: str = "state") -> str:
        return rotate(self.folder, use, self.clock, self.ids).kid

    def revoke(self, kid: str, use: str = "state") -> None:
        revoke(self.folder, use, kid, self.clock)

    def path(self, use: str = "state") -> Path:
        return self.folder / f"{use}.json"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.mark.parametrize("use", USES)
def test_a_new_keyring_is_for_its_owner_only(keys: Keys, use: str) -> None:
    keys.ensure(use)
    assert stat.S_IMODE(keys.path(use).stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700


def test_a_rotated_keyring_is_still_for_its_owner_only(keys: Keys) -> None:
    keys.ensure()
    keys.rotate()
    assert stat.S_IMODE(keys.path().stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o660])
def test_a_keyring_that_others_can_read_is_refused(keys: Keys, mode: int) -> None:
    keys.ensure()
    keys.path().chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        Keyring(keys.folder, "state", keys.clock).signing_key()


def test_a_refused_keyring_is_refused_again_with_the_same_reason(keys: Keys) -> None:
    keys.ensure()
    keys.path().chmod(0o644)
    ring = Keyring(keys.folder, "state", keys.clock)
    for _ in range(2):
        with pytest.raises(SettingsError, match="chmod 600"):
            ring.signing_key()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{}]}', '{"keys": [{"kid": 1}]}', "7"])
def test_a_file_that_is_no_keyring_is_named(keys: Keys, text: str) -> None:
    keys.ensure()
    keys.path().write_text(text)
    with pytest.raises(SettingsError, match=r"state\.json is no keyring"):
        Keyring(keys.folder, "state", keys.clock).signing_key()


def test_a_missing_keyring_is_named(keys: Keys) -> None:
    with pytest.raises(SettingsError, match=r"state\.json is missing"):
        Keyring(keys.folder, "state", keys.clock).signing_key()


def test_an_existing_keyring_is_kept(keys: Keys) -> None:
    assert keys.ensure().signing_key() == keys.ensure().signing_key()


def test_a_change_replaces_the_file_as_a_whole(keys: Keys) -> None:
    keys.ensure()
    with keys.path().open() as before:
        keys.rotate()
        assert len(json.load(before)["keys"]) == 1
    assert len(json.loads(keys.path().read_text())["keys"]) == 2
    assert sorted(path.name for path in keys.folder.iterdir()) == ["lock", "state.json"]


def test_a_new_key_signs_after_ten_minutes(keys: Keys) -> None:
    first = keys.ensure().signing_key().kid
    second = keys.rotate()
    ring = keys.ensure()
    keys.clock.move(minutes=9, seconds=59, milliseconds=999)
    assert ring.signing_key().kid == first
    keys.clock.move(milliseconds=1)
    assert ring.signing_key().kid == second


def test_the_old_key_is_accepted_after_rotation(keys: Keys) -> None:
    ring = keys.ensure()
    first = ring.signing_key().kid
    second = keys.rotate()
    keys.clock.move(days=30)
    assert [key.kid for key in ring.accepted()] == [first, second]
    assert ring.find(first) is not None


def test_a_running_process_learns_of_a_rotation_within_five_seconds(keys: Keys) -> None:
    ring = keys.ensure()
    ring.signing_key()
    keys.rotate()
    keys.clock.move(seconds=4, milliseconds=999)
    assert len(ring.accepted()) == 1
    keys.clock.move(milliseconds=1)
    assert len(ring.accepted()) == 2


def test_an_unknown_kid_makes_a_process_look_at_once(keys: Keys) -> None:
    ring = keys.ensure()
    ring.signing_key()
    second = keys.rotate()
    found = ring.find(second)
    assert found is not None
    assert found.kid == second


def test_a_kid_that_never_was_is_not_found(keys: Keys) -> None:
    assert keys.ensure().find("nobody") is None


def test_a_revoked_key_neither_signs_nor_is_accepted(keys: Keys) -> None:
    ring = keys.ensure()
    first = ring.signing_key().kid
    second = keys.rotate()
    keys.clock.move(minutes=10)
    keys.revoke(second)
    keys.clock.move(seconds=5)
    assert ring.signing_key().kid == first
    assert ring.find(second) is None
    assert [key.kid for key in ring.all_keys()] == [first, second]


def test_a_key_that_waits_signs_at_once_where_the_other_is_revoked(keys: Keys) -> None:
    ring = keys.ensure()
    first = ring.signing_key().kid
    second = keys.rotate()
    keys.revoke(first)
    keys.clock.move(seconds=5)
    assert ring.signing_key().kid == second


def test_the_last_key_cannot_be_revoked(keys: Keys) -> None:
    ring = keys.ensure()
    first = ring.signing_key().kid
    with pytest.raises(SettingsError, match="rotate"):
        keys.revoke(first)
    second = keys.rotate()
    keys.revoke(first)
    with pytest.raises(SettingsError, match="rotate"):
        keys.revoke(second)
    assert ring.signing_key().kid == first


def test_an_unknown_key_cannot_be_revoked(keys: Keys) -> None:
    keys.ensure()
    with pytest.raises(NotFoundError):
        keys.revoke("nobody")


def test_revoking_twice_keeps_the_first_time(keys: Keys) -> None:
    ring = keys.ensure()
    first = ring.signing_key().kid
    keys.rotate()
    keys.revoke(first)
    revoked_at = keys.clock.now()
    keys.clock.move(days=1)
    keys.revoke(first)
    assert ring.all_keys()[0].revoked_at == revoked_at


def test_processes_that_create_at_once_make_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CREATE, str(tmp_path / "keys")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    kids = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(kids)) == 1


@pytest.mark.parametrize("use", SIGNATURE_USES)
def test_a_signature_keys_kid_is_its_rfc_7638_thumbprint(keys: Keys, use: str) -> None:
    key = keys.ensure(use).signing_key()
    assert key.kid == thumbprint(public_jwk(key))
    message = b"a leaf"
    public = Ed25519PublicKey.from_public_bytes(b64url_decode(public_jwk(key)["x"]))
    public.verify(key.private_key().sign(message), message)


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_each_context_has_a_key_of_its_own(keys: Keys) -> None:
    key = keys.ensure().signing_key()
    derived = {key.derive(context) for context in ("state:a", "state:b", "credential:a")}
    assert len(derived) == 3
    assert key.secret not in derived
    assert key.derive("state:a") == key.derive("state:a")

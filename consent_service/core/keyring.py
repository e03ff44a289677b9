"""Keyrings: one file per use, each key with a beginning and perhaps a revocation.

A new key signs ten minutes after it was made, so that every process has read it by then, and
older keys go on being accepted until they are revoked. Files have mode 0600 and are replaced
as a whole; a process looks at them again every five seconds, and at once for an unknown kid.
"""

import fcntl
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent_service.core.canonical import canonical_json
from consent_service.core.clock import Clock, format_time, parse_time
from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.errors import NotFoundError, SettingsError
from consent_service.core.ids import Ids

SECRET_USES = ("credential", "state", "subject")
SIGNATURE_USES = ("receipt", "checkpoint", "export", "clock")
USES = SECRET_USES + SIGNATURE_USES
ROTATION_DELAY = timedelta(minutes=10)
REREAD_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `secret` is an HMAC key or an Ed25519 seed, 32 bytes either way."""

    kid: str
    created: datetime
    signs_from: datetime
    revoked_at: datetime | None
    secret: bytes

    def derive(self, context: str) -> bytes:
        """Return a 32-byte key for one context, such as one site."""
        return hmac.digest(self.secret, context.encode(), hashlib.sha256)

    def private_key(self) -> Ed25519PrivateKey:
        """Return the Ed25519 key of this seed."""
        return Ed25519PrivateKey.from_private_bytes(self.secret)

    def public_bytes(self) -> bytes:
        """Return the 32 bytes of the Ed25519 public key."""
        return self.private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """What a file held when it was last looked at; replaced as a whole, for threads share it."""

    keys: tuple[Key, ...]
    version: tuple[int, int]
    looked_at: datetime


class Keyring:
    """The keys of one use, read from their file."""

    def __init__(self, directory: Path, use: str, clock: Clock) -> None:
        self.use = use
        self._path = directory / f"{use}.json"
        self._clock = clock
        self._loaded: _Loaded | None = None

    def accepted(self) -> tuple[Key, ...]:
        """Return all keys that are not revoked, oldest first."""
        now = self._clock.now()
        return tuple(k for k in self._load().keys if k.revoked_at is None or k.revoked_at > now)

    def all_keys(self) -> tuple[Key, ...]:
        """Return all keys, revoked ones too, oldest first."""
        return self._load(at_once=True).keys

    def signing_key(self) -> Key:
        """Return the newest key that may sign now.

        Raises:
            SettingsError: every key is revoked.
        """
        usable = self.accepted()
        if not usable:
            raise SettingsError(
                f"every key of {self._path} is revoked: run `key rotate {self.use}`"
            )
        now = self._clock.now()
        return next((key for key in reversed(usable) if key.signs_from <= now), usable[0])

    def signing(self) -> tuple[Key, ...]:
        """Return all keys that may sign now, oldest first; never none.

        Raises:
            SettingsError: every key is revoked.
        """
        now = self._clock.now()
        begun = tuple(key for key in self.accepted() if key.signs_from <= now)
        return begun or (self.signing_key(),)

    def find(self, kid: str) -> Key | None:
        """Return the key of that kid unless it is revoked or unknown."""
        found = self._find(kid)
        if found is None:
            self._load(at_once=True)
            found = self._find(kid)
        return found

    def _find(self, kid: str) -> Key | None:
        return next((key for key in self.accepted() if key.kid == kid), None)

    def _load(self, *, at_once: bool = False) -> _Loaded:
        now, known = self._clock.now(), self._loaded
        if known and not at_once and abs(now - known.looked_at) < REREAD_AFTER:
            return known
        try:
            status = self._path.stat()
        except FileNotFoundError:
            raise SettingsError(f"the keyring {self._path} is missing") from None
        version = (status.st_mtime_ns, status.st_ino)
        keys = known.keys if known and known.version == version else _read(self._path)
        self._loaded = _Loaded(keys=keys, version=version, looked_at=now)
        return self._loaded


def ensure_keyring(directory: Path, use: str, clock: Clock, ids: Ids) -> Keyring:
    """Return the keyring of a use, making its file with a first key where there is none."""
    path = directory / f"{use}.json"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(directory):
            if not path.exists():
                _write(path, use, (_new_key(use, clock.now(), clock.now(), ids),))
    return Keyring(directory, use, clock)


def rotate(directory: Path, use: str, clock: Clock, ids: Ids) -> Key:
    """Add a key that takes over signing after ten minutes; older ones stay accepted."""
    path, now = directory / f"{use}.json", clock.now()
    with _locked(directory):
        key = _new_key(use, now, now + ROTATION_DELAY, ids)
        _write(path, use, (*_read(path), key))
    return key


def revoke(directory: Path, use: str, kid: str, clock: Clock) -> Key:
    """Revoke a key from now on.

    Raises:
        NotFoundError: there is no such key.
        SettingsError: it is the only one left; rotate first.
    """
    path, now = directory / f"{use}.json", clock.now()
    with _locked(directory):
        keys = _read(path)
        revoked = next(
            (replace(k, revoked_at=k.revoked_at or now) for k in keys if k.kid == kid), None
        )
        if revoked is None:
            raise NotFoundError(f"the keyring {use} has no key {kid}")
        left = [k for k in keys if k.kid != kid and k.revoked_at is None]
        if not left:
            raise SettingsError(f"{kid} is the only key of {use}: run `key rotate {use}` first")
        _write(path, use, tuple(revoked if k.kid == kid else k for k in keys))
    return revoked


def public_jwk(key: Key) -> dict[str, str]:
    """Return the public JWK (RFC 8037) of an Ed25519 key, without its kid."""
    return {"crv": "Ed25519", "kty": "OKP", "x": b64url(key.public_bytes())}


def thumbprint(jwk: dict[str, str]) -> str:
    """Return the RFC 7638 thumbprint of a public JWK."""
    return b64url(hashlib.sha256(canonical_json(jwk).encode()).digest())


def _new_key(use: str, created: datetime, signs_from: datetime, ids: Ids) -> Key:
    kid = b64url(ids.random(6))
    key = Key(
        kid=kid, created=created, signs_from=signs_from, revoked_at=None, secret=ids.random(32)
    )
    return replace(key, kid=thumbprint(public_jwk(key))) if use in SIGNATURE_USES else key


def _read(path: Path) -> tuple[Key, ...]:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        return tuple(_key_from(entry) for entry in json.loads(path.read_text())["keys"])
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no keyring: {error}") from error


def _key_from(entry: dict[str, Any]) -> Key:
    revoked_at = entry["revoked_at"]
    return Key(
        kid=entry["kid"],
        created=parse_time(entry["created"]),
        signs_from=parse_time(entry["signs_from"]),
        revoked_at=parse_time(revoked_at) if revoked_at else None,
        secret=b64url_decode(entry["secret"]),
    )


def _write(path: Path, use: str, keys: tuple[Key, ...]) -> None:
    text = json.dumps({"use": use, "keys": [_entry(key) for key in keys]}, indent=2) + "\n"
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def _entry(key: Key) -> dict[str, str | None]:
    times = {
        name: format_time(moment) if isinstance(moment, datetime) else None
        for name, moment in asdict(key).items()
        if name in ("created", "signs_from", "revoked_at")
    }
    return {"kid": key.kid, **times, "secret": b64url(key.secret)}


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""The anchor: what each log has published, kept outside the database that could be set back.

It is a file that no backup contains and that all sealing processes share. Beside it stands an
empty file, which is the lock and gives the anchor its identity: copying a folder makes a new one,
so an anchor that was copied or restored with its folder is known to be a copy.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent_service.core.canonical import canonical_json
from consent_service.core.checkpoints import Checkpoint
from consent_service.core.errors import SettingsError, UnavailableError
from consent_service.core.notes import NoteError, decode_base64, encode_base64

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What an anchor holds of a log. `is_own`: it was written here, not in a copied file."""

    size: int
    root: bytes
    is_own: bool


class AnchorFile:
    """The anchor of all logs of an installation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock_path = path.with_suffix(".lock")

    @contextmanager
    def held(self) -> Iterator["HeldAnchor"]:
        """Lend the anchor to one process alone, when those before have done.

        Raises:
            SettingsError: it cannot be read or written.
        """
        with self._locked(fcntl.LOCK_EX) as identity:
            yield HeldAnchor(self.path, identity)

    @contextmanager
    def held_if_free(self) -> Iterator["HeldAnchor | None"]:
        """Lend the anchor as `held` does, but None where another process has it."""
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as identity:
            yield HeldAnchor(self.path, identity) if identity else None

    def look(self) -> "HeldAnchor":
        """Return the anchor as it is now, for looking at only."""
        try:
            identity = _identity(self._lock_path.stat())
        except FileNotFoundError:
            identity = ""
        return HeldAnchor(self.path, identity)

    @contextmanager
    def _locked(self, how: int) -> Iterator[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(
                f"the anchor {self.path} cannot be used: {error.strerror}; "
                "set CONSENT_ANCHOR_FILE to a file that this process may write"
            ) from error
        try:
            yield _identity(os.fstat(file)) if _is_free(file, how) else ""
        finally:
            os.close(file)


class HeldAnchor:
    """The anchor's content, read once."""

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity
        self._read_as = _read_bytes(path)
        self._entries = _entries(path, self._read_as)

    def find(self, origin: str) -> Anchored | None:
        """Return what is anchored of the log with this origin (NAME/KEY/EPOCH)."""
        entry = self._entries.get(origin)
        if entry is None:
            return None
        return Anchored(
            size=entry["size"],
            root=decode_base64(entry["root"]),
            is_own=entry["at"] == self._identity,
        )

    def advance(self, checkpoints: Mapping[str, Checkpoint]) -> None:
        """Write checkpoints by origin, durably before this returns.

        Raises:
            UnavailableError: somebody else wrote the file although it was held.
        """
        if _read_bytes(self._path) != self._read_as:
            raise UnavailableError(f"{self._path} was changed by another process")
        for origin, each in checkpoints.items():
            root = encode_base64(each.root)
            self._entries[origin] = {"at": self._identity, "size": each.size, "root": root}
        text = canonical_json({"v": VERSION, "logs": self._entries}) + "\n"
        _replace(self._path, text.encode())
        self._read_as = text.encode()


def _is_free(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def _identity(status: os.stat_result) -> str:
    """Return what a copy of a file does not share with it: it gets an inode and a ctime anew."""
    return f"{status.st_ino:x}-{status.st_ctime_ns:x}"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(f"the anchor {path} cannot be read: {error.strerror}") from error


def _entries(path: Path, content: bytes) -> dict[str, dict[str, Any]]:
    if not content:
        return {}
    try:
        data = json.loads(content)
        entries: dict[str, dict[str, Any]] = dict(data["logs"])
        if data["v"] != VERSION:
            raise ValueError(f"its version is {data['v']}")
        for each in entries.values():
            decode_base64(each["root"])
            if not isinstance(each["size"], int) or not isinstance(each["at"], str):
                raise TypeError("an entry has a size and a place")
    except (ValueError, KeyError, TypeError, NoteError) as error:
        raise SettingsError(
            f"{path} is no anchor ({error}): nothing is sealed until it is put right. If it is "
            "damaged, move it away and run `consent-service ledger adopt`"
        ) from error
    return entries


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

"""The anchor: what each log has published, kept outside the database that could be set back.

It is a file that no backup contains and that all sealing processes share. Beside it stands the
lock, which is never replaced: it has a random name and counts how often the anchor was written.
A folder that was copied has another inode for it, and an anchor that came out of a backup has
been written less often than the lock says, so both are known not to be the anchor itself.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from consent_service.core.canonical import canonical_json
from consent_service.core.checkpoints import Checkpoint
from consent_service.core.errors import SettingsError, UnavailableError
from consent_service.core.notes import NoteError, decode_base64, encode_base64

VERSION = 1
_LOCK = re.compile(rb"([0-9a-f]{32}) ([0-9]{16})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """What an anchor holds of a log. `is_own`: it was written here, not in a copied file."""

    size: int
    root: bytes
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lock:
    """The lock as it is: its name, which no copy shares, and how often the anchor was written."""

    name: str
    turn: int

    @classmethod
    def read(cls, file: int) -> "_Lock | None":
        """Return what an open lock says; None where it says nothing."""
        found = _LOCK.fullmatch(os.pread(file, 64, 0))
        if found is None:
            return None
        return cls(name=f"{found[1].decode()}-{os.fstat(file).st_ino:x}", turn=int(found[2]))

    def write(self, file: int) -> None:
        """Write the lock in place, durably: it is shorter than a disk's smallest block."""
        name = self.name.partition("-")[0]
        os.pwrite(file, f"{name} {self.turn:016d}\n".encode(), 0)
        os.fsync(file)


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
        with self._opened() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self._held(file)

    @contextmanager
    def held_if_free(self) -> Iterator["HeldAnchor | None"]:
        """Lend the anchor as `held` does, but None where another process has it."""
        with self._opened() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            yield self._held(file)

    def look(self) -> "HeldAnchor":
        """Return the anchor as it is now, for looking at only."""
        try:
            file = os.open(self._lock_path, os.O_RDONLY)
        except OSError:
            return HeldAnchor(self.path, None, None)
        try:
            return HeldAnchor(self.path, _Lock.read(file), None)
        finally:
            os.close(file)

    def _held(self, file: int) -> "HeldAnchor":
        lock = _Lock.read(file)
        if lock is None:
            _Lock(name=os.urandom(16).hex(), turn=0).write(file)
            lock = _Lock.read(file)
        return HeldAnchor(self.path, lock, file)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(
                f"the anchor {self.path} cannot be used: {error.strerror}; "
                "set CONSENT_ANCHOR_FILE to a file that this process may write"
            ) from error
        try:
            yield file
        finally:
            os.close(file)


class HeldAnchor:
    """The anchor's content, read once. Only one that is held can be written."""

    def __init__(self, path: Path, lock: _Lock | None, file: int | None) -> None:
        self._path = path
        self._lock = lock
        self._file = file
        self._read_as = _read_bytes(path)
        self._turn, self._entries = _content(path, self._read_as)
        if lock and self._turn < lock.turn:
            # It was set back: whatever it says is as good as copied, also after the next writing.
            self._entries = {name: {**each, "at": ""} for name, each in self._entries.items()}

    def find(self, origin: str) -> Anchored | None:
        """Return what is anchored of the log with this origin (NAME/KEY/EPOCH)."""
        entry = self._entries.get(origin)
        if entry is None:
            return None
        is_own = self._lock is not None and entry["at"] == self._lock.name
        return Anchored(size=entry["size"], root=decode_base64(entry["root"]), is_own=is_own)

    def newest_epoch(self, log: str) -> int:
        """Return the number of the newest epoch of a log (NAME/KEY) that is anchored, or 0."""
        names = (name.rpartition("/") for name in self._entries)
        epochs = (int(epoch) for of, _, epoch in names if of == log and epoch.isdecimal())
        return max(epochs, default=0)

    def advance(self, checkpoints: Mapping[str, Checkpoint]) -> None:
        """Write checkpoints by origin, durably before this returns.

        Raises:
            UnavailableError: somebody else wrote the file although it was held.
        """
        if self._lock is None or self._file is None or _read_bytes(self._path) != self._read_as:
            raise UnavailableError(f"{self._path} was changed by another process")
        turn = max(self._turn, self._lock.turn) + 1
        for origin, each in checkpoints.items():
            root = encode_base64(each.root)
            self._entries[origin] = {"at": self._lock.name, "size": each.size, "root": root}
        content = {"v": VERSION, "turn": turn, "logs": self._entries}
        text = f"{canonical_json(content)}\n".encode()
        _replace(self._path, text)
        # Only now, so that an end between the two leaves an anchor that is ahead of its lock.
        self._lock = replace(self._lock, turn=turn)
        self._lock.write(self._file)
        self._read_as, self._turn = text, turn


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(f"the anchor {path} cannot be read: {error.strerror}") from error


def _content(path: Path, content: bytes) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return how often the anchor was written, and its entries by origin."""
    if not content:
        return 0, {}
    try:
        data = json.loads(content)
        turn, entries = int(data["turn"]), dict[str, dict[str, Any]](data["logs"])
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
    return turn, entries


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

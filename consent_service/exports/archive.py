"""A ZIP file that is written as it is read, without seeking, with the same bytes each time."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CHUNK = 1 << 16
_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file that was written; `sha256` is hexadecimal, `size` in bytes before packing."""

    path: str
    sha256: str
    size: int


class Archive:
    """Takes files one after the other and yields the archive in chunks of at least 64 KiB."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._buffer = _Buffer()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def add(self, path: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Add a file of any size; yields what of the archive is complete."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(path, "w", force_zip64=True) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
                if len(self._buffer) >= CHUNK:
                    yield self._buffer.take()
        self.entries.append(Entry(path=path, sha256=digest.hexdigest(), size=size))

    def close(self) -> Iterator[bytes]:
        """Yield the end of the archive."""
        self._zip.close()
        yield self._buffer.take()


def joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in larger pieces."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


class _Buffer:
    """What `zipfile` writes to: it neither seeks nor tells, as a socket does not."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """Whoever writes here goes on reading."""

    def __len__(self) -> int:
        return len(self._data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data

"""Reads a ZIP file that somebody else made: nothing is unpacked, nothing is read unbounded."""

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

MAX_ENTRIES = 65_000
MAX_DIRECTORY = 32 * 2**20
MAX_TOTAL = 256 * 2**30
MAX_RATIO = 200
_FREE_OF_RATIO = 2**20
_CHUNK = 2**18
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_NAME = re.compile(r"[ -9;-~]{1,200}", re.ASCII)


class ArchiveError(ValueError):
    """The file is no ZIP file that can be read safely."""


class Digest(Protocol):
    """What is fed with the bytes of a file."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""


class Archive:
    """The files of a bundle by name. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            ArchiveError: it cannot be read safely.
            OSError: it cannot be read at all.
        """
        self._file = path.open("rb")
        try:
            with _told():
                _check_end(self._file)
                self._zip = zipfile.ZipFile(self._file)
            self._infos = _checked(self._zip)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """The names of all files, in their order."""
        return list(self._infos)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def size(self, name: str) -> int:
        """Return how many bytes a file says that it has; no more than that are ever read."""
        return self._infos[name].file_size

    def read(self, name: str, limit: int) -> bytes:
        """Return a file's bytes.

        Raises:
            ArchiveError: it is damaged, or larger than `limit`.
        """
        if self.size(name) > limit:
            raise ArchiveError(f"{name} is larger than {limit} bytes")
        return b"".join(self.chunks(name))

    def chunks(self, name: str, digest: Digest | None = None) -> Iterator[bytes]:
        """Yield a file's bytes in pieces, feeding a digest with them.

        Raises:
            ArchiveError: it is damaged.
        """
        with _told(name), self._zip.open(self._infos[name]) as file:
            while chunk := file.read(_CHUNK):
                if digest:
                    digest.update(chunk)
                yield chunk

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file in hexadecimal.

        Raises:
            ArchiveError: it is damaged.
        """
        digest = hashlib.sha256()
        for _ in self.chunks(name, digest):
            pass
        return digest.hexdigest()


@contextmanager
def _told(name: str = "") -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArchiveError(f"{name}: {error}" if name else str(error)) from error
    except (struct.error, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise ArchiveError(f"{name} is damaged" if name else "a damaged ZIP file") from error


def _check_end(file: IO[bytes]) -> None:
    """Refuse what stands behind the end, and a directory that would not fit into memory."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise zipfile.BadZipFile("no ZIP file")
    file.seek(size - _END.size)
    signature, _, _, _, entries, length, _, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or comment:
        raise zipfile.BadZipFile("no ZIP file, or one with something behind its end")
    if entries == 0xFFFF or length == 0xFFFFFFFF:
        file.seek(max(0, size - _END.size - _END64_LOCATOR.size))
        locator = file.read(_END64_LOCATOR.size)
        if len(locator) == _END64_LOCATOR.size and locator.startswith(b"PK\6\7"):
            file.seek(min(_END64_LOCATOR.unpack(locator)[2], size))
            record = _END64.unpack(file.read(_END64.size))
            entries, length = record[7], record[8]
    if entries > MAX_ENTRIES or length > MAX_DIRECTORY:
        raise zipfile.BadZipFile("more files than any bundle has")
    file.seek(0)


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise ArchiveError("two files have the same name")
    for info in infos:
        problem = _problem(info)
        if problem:
            raise ArchiveError(f"{_shown(info.filename)} {problem}")
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise ArchiveError("all files together are larger than 256 GiB")
    _check_places(infos, archive.start_dir)
    return dict(zip(names, infos, strict=True))


def _problem(info: zipfile.ZipInfo) -> str | None:
    parts = info.filename.split("/")
    if info.orig_filename != info.filename or not _NAME.fullmatch(info.filename):
        return "has a name with characters that no bundle uses"
    if any(part in ("", ".", "..") for part in parts) or "\\" in info.filename:
        return "has a name that leads elsewhere"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in a way that no bundle uses"
    if info.file_size > max(_FREE_OF_RATIO, info.compress_size * MAX_RATIO):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return None


def _check_places(infos: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse files that share bytes, as in a bomb, and anything that stands before the first."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    if ordered and ordered[0].header_offset != 0:
        raise ArchiveError("something stands before the first file")
    ends = [info.header_offset for info in ordered[1:]] + [directory]
    for info, end in zip(ordered, ends, strict=True):
        taken = _LOCAL_HEADER + len(info.filename) + info.compress_size
        if info.header_offset + taken > end:
            raise ArchiveError(f"{_shown(info.filename)} shares bytes with another file")


def _shown(name: str) -> str:
    return ascii(name[:80])

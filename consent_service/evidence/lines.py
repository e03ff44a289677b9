"""Cuts large files into batches of whole lines, reading no more than a batch at a time."""

import re
from collections.abc import Iterator

MAX_LINE = 64 * 1024
_INDEX = re.compile(rb'"i":([0-9]{1,16})\}?$')


class LineTooLongError(ValueError):
    """A line is longer than any that a bundle holds; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is longer than 64 KiB")
        self.line = line


class Lines:
    """Lines of a file, taken in portions; the newline belongs to the line."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.taken = 0
        """How many lines were taken."""
        self.lacks_newline = False
        """True where the last line had no newline; one was added to it."""

    def take(self, count: int) -> bytes:
        """Return the next lines, fewer only at the end of the file.

        Raises:
            LineTooLongError: one is too long.
        """
        found, pieces = 0, []
        while found < count:
            have = self._rest.count(b"\n")
            if found + have < count:
                whole = self._rest.rfind(b"\n") + 1
                pieces.append(self._rest[:whole])
                self._rest = self._rest[whole:]
                found += have
                if not self._read(found):
                    break
                continue
            end = _after(self._rest, count - found)
            pieces.append(self._rest[:end])
            self._rest = self._rest[end:]
            found = count
        self.taken += found
        return b"".join(pieces)

    def take_below(self, index: int) -> bytes:
        """Return the next lines whose `"i"`, at their end, is less than `index`.

        Lines that say no index belong to those before them.

        Raises:
            LineTooLongError: one is too long.
        """
        pieces = []
        while True:
            whole = self._rest.rfind(b"\n") + 1
            if whole and not _is_below(self._rest[:whole], index):
                end = _split(self._rest[:whole], index)
                pieces.append(self._rest[:end])
                self._rest = self._rest[end:]
                break
            pieces.append(self._rest[:whole])
            self._rest = self._rest[whole:]
            if not self._read(0):
                break
        lines = b"".join(pieces)
        self.taken += lines.count(b"\n")
        return lines

    def _read(self, found: int) -> bool:
        """Read on; called with no whole line left. Return False at the end of the file."""
        if len(self._rest) > MAX_LINE:
            raise LineTooLongError(self.taken + found + 1)
        chunk = next(self._chunks, b"")
        if chunk:
            self._rest += chunk
            return True
        if self._rest:
            self.lacks_newline = True
            self._rest += b"\n"
            return True
        return False


def _after(data: bytes, count: int) -> int:
    """Return the position behind so many newlines."""
    position = 0
    for _ in range(count):
        position = data.index(b"\n", position) + 1
    return position


def _is_below(lines: bytes, index: int) -> bool:
    """Tell whether the last of some whole lines is below an index."""
    start = lines.rfind(b"\n", 0, len(lines) - 1) + 1
    return _index_of(lines[start:-1]) < index


def _index_of(line: bytes) -> int:
    found = _INDEX.search(line[-32:])
    return int(found[1]) if found else -1


def _split(lines: bytes, index: int) -> int:
    """Return where the lines at or above an index begin, if they are in order."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        start = lines.rfind(b"\n", low, middle) + 1 or low
        end = lines.index(b"\n", start) + 1
        if _index_of(lines[start : end - 1]) < index:
            low = end
        else:
            high = start
    return low

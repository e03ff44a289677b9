"""Cuts large files into batches of whole lines, reading no more than a batch at a time."""

import re
from collections.abc import Iterator

MAX_LINE = 64 * 1024
_MOST_BYTES = 32 * 2**20
_INDEX = re.compile(rb'"i":([0-9]{1,16})\}?$')


class LineTooLongError(ValueError):
    """A line is longer than any that a bundle holds; `line` counts from 1."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__(f"line {line} is longer than 64 KiB")
        self.file = file
        self.line = line


class Lines:
    """Lines of a file, taken in portions; the newline belongs to the line."""

    def __init__(self, chunks: Iterator[bytes], name: str = "") -> None:
        self._chunks = chunks
        self._name = name
        self._rest = b""
        self.taken = 0
        """How many lines were taken."""
        self.lacks_newline = False
        """True where the last line had no newline; one was added to it."""

    def take(self, count: int) -> bytes:
        """Return the next lines: fewer at the end of the file, and where they are very long.

        Raises:
            LineTooLongError: the next one is too long.
        """
        found, pieces, size = 0, [], 0
        while found < count and size < _MOST_BYTES:
            have = self._rest.count(b"\n")
            is_enough = found + have >= count
            end = _after(self._rest, count - found) if is_enough else self._rest.rfind(b"\n") + 1
            pieces.append(self._rest[:end])
            self._rest = self._rest[end:]
            found, size = found + min(have, count - found), size + end
            if not is_enough and not self._read(has_some=bool(found)):
                break
        self.taken += found
        return b"".join(pieces)

    def take_below(self, index: int, most: int) -> bytes:
        """Return the next lines whose `"i"`, at their end, is less than `index`.

        Lines that say no index belong to those before them. Somewhat more than `most` lines may
        come, but not many more.

        Raises:
            LineTooLongError: the next one is too long.
        """
        found, pieces, size = 0, [], 0
        while found < most and size < _MOST_BYTES:
            end = self._rest.rfind(b"\n") + 1
            is_enough = bool(end) and not _is_below(self._rest[:end], index)
            if is_enough:
                end = _split(self._rest[:end], index)
            pieces.append(self._rest[:end])
            found, size = found + pieces[-1].count(b"\n"), size + end
            self._rest = self._rest[end:]
            if is_enough or not self._read(has_some=bool(found)):
                break
        self.taken += found
        return b"".join(pieces)

    def skip_rest(self) -> bool:
        """Read on to the end; return whether anything was left."""
        left = bool(self._rest)
        self._rest = b""
        for chunk in self._chunks:
            left = left or bool(chunk)
        return left

    def _read(self, *, has_some: bool) -> bool:
        """Read on; called with no whole line left. Return False where nothing comes."""
        if len(self._rest) > MAX_LINE:
            if has_some:
                return False
            raise LineTooLongError(self._name, self.taken + 1)
        chunk = next(self._chunks, b"")
        if not chunk and self._rest:
            self.lacks_newline = True
            chunk = b"\n"
        self._rest += chunk
        return bool(chunk)


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

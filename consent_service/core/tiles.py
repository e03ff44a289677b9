"""Tiles of 256 hashes (C2SP tlog-tiles): how a tree is stored, and how proofs are read from it.

A tile `(level, index)` holds the nodes of tree level `8 * level` from `256 * index` on. One with
fewer than 256 hashes is partial, and holds full subtrees only.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from consent_service.core.merkle import HASH_SIZE, root_of

WIDTH = 256
HEIGHT = 8
_PATH = re.compile(r"(\d|[1-5]\d|6[0-3])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)

ReadTile = Callable[[int, int, int], Sequence[bytes]]
"""Answers the first so many hashes of a tile, given by level, index and width."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return a tile's address below `tile/`, such as `0/x001/234.p/17`."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"{level}/{'/'.join(reversed(groups))}{partial}"


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """Return level, index and width of the tile at an address below `tile/`.

    Raises:
        ValueError: it is none, or not spelled as `tile_path` does.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError("not the address of a tile")
    level, index = int(found[1]), int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3] or WIDTH)
    if tile_path(level, index, width) != path:
        raise ValueError("not the address of a tile")
    return level, index, width


def width_at(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of `size` leaves, 0 where it is not in it."""
    nodes = size >> HEIGHT * level
    return max(0, min(WIDTH, nodes - index * WIDTH))


class TiledTree:
    """A tree of `size` leaves read from tiles; remembers what it read, so use it for one answer."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = lru_cache(maxsize=None)(read)

    def subtree(self, first: int, end: int) -> bytes:
        """Return the root over the leaves from `first` to below `end`, as proofs need it."""
        level = ((end - first).bit_length() - 1) // HEIGHT
        height = HEIGHT * level
        hashes = list(self._nodes(level, first >> height, end >> height))
        if end & (1 << height) - 1:
            hashes.append(self.subtree(end >> height << height, end))
        return root_of(hashes)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a node."""
        return self.subtree(index << level, (index + 1) << level)

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return self.subtree(0, self.size)

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """Return the first so many hashes of a tile."""
        return self._read(level, index, width)

    def _nodes(self, level: int, first: int, end: int) -> Sequence[bytes]:
        """Return the nodes of a tile level from `first` to below `end`: at most 256, in a tile."""
        index = first // WIDTH
        hashes = self._read(level, index, width_at(level, index, self.size))
        return hashes[first - index * WIDTH : end - index * WIDTH]


def join(hashes: Sequence[bytes]) -> bytes:
    """Return a tile's bytes."""
    return b"".join(hashes)


def split(tile: bytes) -> list[bytes]:
    """Return the hashes in a tile's bytes."""
    return [tile[start : start + HASH_SIZE] for start in range(0, len(tile), HASH_SIZE)]

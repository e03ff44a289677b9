"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: hashes, roots and proofs.

A node is named by its level (0 for leaf hashes) and its index within the level; the node
`(level, index)` is the root over the leaves `index << level` to `(index + 1) << level`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = tuple[int, int, bytes]
"""Level, index within the level, hash."""

Subtree = Callable[[int, int], bytes]
"""Answers the root over the leaves from the first number to below the second."""


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, or over nodes of one level of which the last is partial."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [
            node_hash(level[position], level[position + 1])
            for position in range(0, len(level) - 1, 2)
        ]
        # A node without a neighbour goes up as it is: the split at the largest power of two.
        level = paired + level[len(paired) * 2 :]
    return level[0]


class CompactRange:
    """The fewest nodes that cover the leaves so far, from which the root follows.

    Nodes are pushed in the order of their leaves and without a gap, of any level.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: list[Node] = []
        for node in nodes:
            self.push(*node)

    def push(self, level: int, index: int, digest: bytes) -> None:
        """Add the next node, and join it with its neighbours as far as they are complete."""
        nodes = self._nodes
        while nodes and nodes[-1][0] == level and index & 1:
            digest = node_hash(nodes.pop()[2], digest)
            level, index = level + 1, index >> 1
        nodes.append((level, index, digest))

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, by their leaves."""
        return tuple(self._nodes)

    def root(self) -> bytes:
        """Return the root over all leaves; they must begin with the first one."""
        if not self._nodes:
            return EMPTY_ROOT
        *rest, (_, _, digest) = self._nodes
        for _, _, left in reversed(rest):
            digest = node_hash(left, digest)
        return digest


def cover(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and index of the fewest nodes over the leaves from `first` to below `end`."""
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        yield level, first >> level
        first += 1 << level


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the inclusion proof of a leaf, siblings from the leaf up (RFC 9162, 2.1.3.1)."""
    return _path(index, 0, size, subtree)


def _path(index: int, first: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - first <= 1:
        return []
    split = first + _split(end - first)
    if index < split:
        return [*_path(index, first, split, subtree), subtree(split, end)]
    return [*_path(index, split, end, subtree), subtree(first, split)]


def consistency_path(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that a tree of `new` leaves extends its first `old` (RFC 9162, 2.1.4.1)."""
    return _extension(old, 0, new, subtree, is_whole=True) if 0 < old < new else []


def _extension(old: int, first: int, end: int, subtree: Subtree, *, is_whole: bool) -> list[bytes]:
    if old == end:
        return [] if is_whole else [subtree(first, end)]
    split = first + _split(end - first)
    if old <= split:
        return [*_extension(old, first, split, subtree, is_whole=is_whole), subtree(split, end)]
    return [*_extension(old, split, end, subtree, is_whole=False), subtree(first, split)]


def includes(digest: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether an inclusion proof holds (RFC 9162, 2.1.3.2); `digest` is the leaf's hash."""
    if not (0 <= index < size and _are_hashes([digest, root, *path])):
        return False
    position, last = index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            digest = node_hash(sibling, digest)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and digest == root


def extends(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether a consistency proof holds (RFC 9162, 2.1.4.2); `old` must not be 0."""
    if not (0 < old <= new and _are_hashes([old_root, new_root, *path])):
        return False
    if old == new:
        return not path and old_root == new_root
    if not path:
        return False
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_found = new_found = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_found, new_found = node_hash(sibling, old_found), node_hash(sibling, new_found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_found = node_hash(new_found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_found == old_root and new_found == new_root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)

"""A naive reading of RFC 9162, section 2.1: recursive, slow, and plainly what the text says."""

import hashlib
from collections.abc import Sequence


def hash_of(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]) of leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return hashlib.sha256(b"\1" + hash_of(leaves[:split]) + hash_of(leaves[split:])).digest()


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*path_of(index, leaves[:split]), hash_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), hash_of(leaves[:split])]


def proof_of(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PROOF(m, D[n])."""
    return _subproof(old, leaves, is_whole=True)


def _subproof(old: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if is_whole else [hash_of(leaves)]
    split = largest_power_below(len(leaves))
    if old <= split:
        return [*_subproof(old, leaves[:split], is_whole=is_whole), hash_of(leaves[split:])]
    rest = _subproof(old - split, leaves[split:], is_whole=False)
    return [*rest, hash_of(leaves[:split])]


def largest_power_below(size: int) -> int:
    """Return the largest power of two below `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def leaves_of(size: int, seed: int = 0) -> list[bytes]:
    """Return leaf hashes that differ."""
    return [hashlib.sha256(f"{seed}/{index}".encode()).digest() for index in range(size)]

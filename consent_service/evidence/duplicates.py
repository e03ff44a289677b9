"""Finds what stands twice among very many, by 64 bits of each, in bounded memory."""

from array import array
from bisect import bisect_left

_AT_ONCE = 200_000


class Duplicates:
    """Values that came in sorted portions."""

    def __init__(self) -> None:
        self._portions: list[array[int]] = []

    def add(self, portion: "array[int]") -> None:
        """Add a sorted portion."""
        if portion:
            self._portions.append(portion)

    def twice(self, most: int) -> set[int]:
        """Return the values that came more than once, up to so many."""
        total = sum(map(len, self._portions))
        found: set[int] = set()
        step = 2**64 // (total // _AT_ONCE + 1) + 1
        for low in range(0, 2**64, step):
            found |= _repeated(self._between(low, low + step))
            if len(found) >= most:
                break
        return found

    def _between(self, low: int, high: int) -> "array[int]":
        values = array("Q")
        for portion in self._portions:
            values.extend(portion[bisect_left(portion, low) : bisect_left(portion, high)])
        return values


def _repeated(values: "array[int]") -> set[int]:
    once = set(values)
    if len(once) == len(values):
        return set()
    twice: set[int] = set()
    for value in values:
        if value in once:
            once.remove(value)
        else:
            twice.add(value)
    return twice

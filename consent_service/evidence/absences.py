"""Holds what is missing from a bundle against what the log says was erased, hidden or redacted."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

WHOLE = "$leaf"
"""Stands for the field of a leaf whose text is gone."""

_PORTIONS = 64
_MOST_KINDS = 4096


class _Kinds:
    """Numbers for the few different tuples that come up very often."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._kinds: list[tuple[str, ...]] = []

    def number(self, kind: tuple[str, ...]) -> int:
        """Return the number of a kind. From 4096 on all share one that says nothing."""
        found = self._numbers.get(kind)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                kind = ()
            found = self._numbers.setdefault(kind, len(self._kinds))
            if found == len(self._kinds):
                self._kinds.append(kind)
        return found

    def kind(self, number: int) -> tuple[str, ...]:
        """Return the kind of a number."""
        return self._kinds[number]


class Absences:
    """Marks of leaves, with the fields that are missing from them or are said to be gone."""

    def __init__(self) -> None:
        self._kinds = _Kinds()
        self._missing = [(array("Q"), array("Q"), array("H")) for _ in range(_PORTIONS)]
        self._told = [(array("Q"), array("H"), array("H")) for _ in range(_PORTIONS)]
        self.reasons: Counter[tuple[str, str]] = Counter()
        """How many fields or leaves are gone, by what happened and its reason."""

    def miss(self, rows: Iterable[tuple[int, int, tuple[str, ...]]]) -> None:
        """Add leaves: mark, index, the fields that are missing."""
        for mark, index, fields in rows:
            marks, indexes, kinds = self._missing[mark % _PORTIONS]
            marks.append(mark)
            indexes.append(index)
            kinds.append(self._kinds.number(fields))

    def tell(self, rows: Iterable[tuple[int, tuple[str, ...], str, str]]) -> None:
        """Add what the log says: mark, the fields that are gone, what happened, its reason."""
        for mark, fields, act, reason in rows:
            marks, kinds, reasons = self._told[mark % _PORTIONS]
            marks.append(mark)
            kinds.append(self._kinds.number(fields))
            reasons.append(self._kinds.number((act, reason)))

    def unexplained(self) -> Iterator[tuple[int, list[str]]]:
        """Yield index and fields of what is missing without a word; counts the reasons."""
        for missing, told in zip(self._missing, self._told, strict=True):
            said: dict[int, list[tuple[int, int]]] = {}
            for mark, kind, reason in zip(*told, strict=True):
                said.setdefault(mark, []).append((kind, reason))
            for mark, index, kind in zip(*missing, strict=True):
                left = self._left(self._kinds.kind(kind), said.get(mark, ()))
                if left:
                    yield index, left

    def _left(
        self, fields: tuple[str, ...], said: "list[tuple[int, int]] | tuple[()]"
    ) -> list[str]:
        left = list(fields)
        for kind, reason in said:
            gone = [name for name in left if name in self._kinds.kind(kind)]
            if gone:
                act, why = self._kinds.kind(reason) or ("", "")
                self.reasons[act, why] += len(gone)
                left = [name for name in left if name not in gone]
        return left

"""Holds what is missing from a bundle against what the log says was erased, hidden or redacted."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

WHOLE = "$leaf"
"""Stands for the field of a leaf whose text is gone."""

_PORTIONS = 64
_MOST_KINDS = 4096
_UNTOLD = ("more than can be told apart",)
"""Stands for fields beyond the most kinds. No leaf can name it, so nothing explains it."""

_OTHER = "other"


class _Kinds:
    """Numbers for the few different tuples that come up very often."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._kinds: list[tuple[str, ...]] = []

    def number(self, kind: tuple[str, ...], otherwise: tuple[str, ...]) -> int:
        """Return the number of a kind. From 4096 on it is that of `otherwise`."""
        found = self._numbers.get(kind)
        if found is None:
            if len(self._kinds) >= _MOST_KINDS:
                kind = otherwise
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
        self._missing_fields, self._told_fields, self._acts = _Kinds(), _Kinds(), _Kinds()
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
            kinds.append(self._missing_fields.number(fields, _UNTOLD))

    def tell(self, rows: Iterable[tuple[int, tuple[str, ...], str, str]]) -> None:
        """Add what the log says: mark, the fields that are gone, what happened, its reason."""
        for mark, fields, act, reason in rows:
            marks, kinds, acts = self._told[mark % _PORTIONS]
            marks.append(mark)
            kinds.append(self._told_fields.number(fields, ()))
            acts.append(self._acts.number((act, reason), (act, _OTHER)))

    def unexplained(self) -> Iterator[tuple[int, list[str]]]:
        """Yield index and fields of what is missing without a word; counts the reasons.

        A leaf that stands twice is looked at once.
        """
        for missing, told in zip(self._missing, self._told, strict=True):
            said: dict[int, dict[int, int]] = {mark: {} for mark in missing[0]}
            for mark, kind, act in zip(*told, strict=True):
                if mark in said:
                    said[mark].setdefault(kind, act)
            for mark, index, kind in zip(*missing, strict=True):
                acts = said.pop(mark, None)
                if acts is None:
                    continue
                left = self._left(self._missing_fields.kind(kind), acts)
                if left:
                    yield index, left

    def _left(self, fields: tuple[str, ...], acts: dict[int, int]) -> list[str]:
        told: dict[str, int] = {}
        for kind, act in acts.items():
            for name in self._told_fields.kind(kind):
                told.setdefault(name, act)
        for name in fields:
            if name in told:
                happened, why = self._acts.kind(told[name])
                self.reasons[happened, why] += 1
        return [name for name in fields if name not in told]

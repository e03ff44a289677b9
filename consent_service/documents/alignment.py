"""Aligns two sequences: which of their items correspond, in order.

What stands once in both is an anchor (patience diff); what lies between anchors is aligned again.
Parts without anchors are compared item by item only where they are short, so that no text can keep
the service busy.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher

_SMALL = 4096
"""Parts without anchors are compared item by item up to this product of their lengths."""
_WIDTHS = (1, 4)
"""Single items are anchors; where none is, so many in a row are."""

Pair = tuple[int, int]
_Part = tuple[int, int, int, int]


def align(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Return the positions of corresponding equal items, in ascending order in both."""
    pairs: list[Pair] = []
    waiting: list[_Part] = [(0, len(old), 0, len(new))]
    while waiting:
        ends, inner = _trimmed(old, new, waiting.pop())
        pairs += ends
        found = (_anchors(old, new, inner, width) for width in _WIDTHS)
        anchors = next(filter(None, found), None)
        if anchors:
            pairs += anchors
            waiting += _between(inner, anchors)
        else:
            pairs += _compared(old, new, inner)
    return sorted(pairs)


def _trimmed(
    old: Sequence[Hashable], new: Sequence[Hashable], part: _Part
) -> tuple[list[Pair], _Part]:
    """Return the pairs at both ends of a part, and what is left between them."""
    begin, end, new_begin, new_end = part
    pairs = []
    while begin < end and new_begin < new_end and old[begin] == new[new_begin]:
        pairs.append((begin, new_begin))
        begin, new_begin = begin + 1, new_begin + 1
    while begin < end and new_begin < new_end and old[end - 1] == new[new_end - 1]:
        end, new_end = end - 1, new_end - 1
        pairs.append((end, new_end))
    return pairs, (begin, end, new_begin, new_end)


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], part: _Part, width: int
) -> list[Pair]:
    """Return where runs of `width` items begin that stand exactly once on both sides."""
    begin, end, new_begin, new_end = part
    places = _unique(new, new_begin, new_end, width)
    both = [
        (at, places[items])
        for items, at in _unique(old, begin, end, width).items()
        if items in places
    ]
    return _longest_ascending(sorted(both))


def _unique(
    items: Sequence[Hashable], begin: int, end: int, width: int
) -> dict[tuple[Hashable, ...], int]:
    """Return `{run of items: its place}` for those that stand exactly once."""
    runs = [tuple(items[at : at + width]) for at in range(begin, end - width + 1)]
    times = Counter(runs)
    return {run: begin + at for at, run in enumerate(runs) if times[run] == 1}


def _longest_ascending(pairs: list[Pair]) -> list[Pair]:
    """Return the longest subsequence whose second members ascend (patience sorting)."""
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int | None] = []
    for position, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(top_pairs[pile - 1] if pile else None)
        tops[pile : pile + 1] = [place]
        top_pairs[pile : pile + 1] = [position]
    found = []
    at = top_pairs[-1] if top_pairs else None
    while at is not None:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


def _between(part: _Part, anchors: list[Pair]) -> list[_Part]:
    begin, end, new_begin, new_end = part
    starts = [(begin, new_begin), *((at + 1, place + 1) for at, place in anchors)]
    ends = [*anchors, (end, new_end)]
    return [
        (first, last, new_first, new_last)
        for (first, new_first), (last, new_last) in zip(starts, ends, strict=True)
        if first < last and new_first < new_last
    ]


def _compared(old: Sequence[Hashable], new: Sequence[Hashable], part: _Part) -> list[Pair]:
    begin, end, new_begin, new_end = part
    if not 0 < (end - begin) * (new_end - new_begin) <= _SMALL:
        return []
    matcher = SequenceMatcher(None, old[begin:end], new[new_begin:new_end], autojunk=False)
    return [
        (begin + block.a + step, new_begin + block.b + step)
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]

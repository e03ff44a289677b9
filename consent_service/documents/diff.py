"""Says what changed between two texts of a document, word by word."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain, groupby
from typing import NamedTuple

from consent_service.documents.alignment import Pair, align
from consent_service.documents.blocks import Block, Word, blocks_of
from consent_service.documents.model import DocumentText

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
_SIMILAR = 0.3
"""Blocks that share less of their words are shown as one removed and one added."""
_MATRIX = 2500
"""Up to this product of their numbers, changed blocks are paired by likeness; else in order."""
_MARKS = {SAME: ("", ""), ADDED: ("{+", "+}"), REMOVED: ("[-", "-]")}
_TAGS = {ADDED: "ins", REMOVED: "del"}


class Run(NamedTuple):
    """Neighbouring words with the same fate: `same`, `added` or `removed`."""

    fate: str
    words: tuple[Word, ...]

    @property
    def space(self) -> str:
        """The space before the run, which is no part of what changed."""
        return self.words[0].space if self.words else ""

    @property
    def text(self) -> str:
        """The words, without the space before them."""
        return "".join(word.space + word.text for word in self.words)[len(self.space) :]


class Change(NamedTuple):
    """What became of a block: its fate, its form, and the runs of each of its cells."""

    fate: str
    block: Block
    cells: tuple[tuple[Run, ...], ...]


class Counts(NamedTuple):
    """How many words were added and removed."""

    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one text to another, over the whole of both."""

    changes: tuple[Change, ...]

    @property
    def identical(self) -> bool:
        """True where readers see no difference."""
        return all(change.fate == SAME for change in self.changes)

    @property
    def changed_words(self) -> Counts:
        """Return the number of words added and removed; a link's address is a word."""
        counted: Counter[str] = Counter()
        for change in self.changes:
            for run in (run for cell in change.cells for run in cell):
                counted[run.fate] += sum(word.is_word for word in run.words)
        return Counts(counted[ADDED], counted[REMOVED])

    def text(self) -> str:
        """Return plain text that marks `{+what was added+}` and `[-what was removed-]`."""
        blocks = (" | ".join(map(_cell_text, change.cells)) for change in self.changes)
        return "".join(f"{block}\n\n" for block in blocks)

    def html(self) -> str:
        """Return a fragment of HTML with `ins` and `del`, in which all text is escaped.

        Blocks that changed have the class `added`, `removed` or `changed`.
        """
        parts = []
        for group, changes in groupby(self.changes, key=lambda change: change.block.group):
            inner = "".join(map(_block_html, changes))
            parts.append(f'<{group} dir="auto">\n{inner}</{group}>\n' if group else inner)
        return "".join(parts)


@lru_cache(maxsize=8)
def compare(old: DocumentText, new: DocumentText) -> Difference:
    """Return what changed from one text to another, their titles included."""
    before, after = blocks_of(old.title, old.source), blocks_of(new.title, new.source)
    return Difference(tuple(_changes(before, after)))


def _changes(old: list[Block], new: list[Block]) -> Iterator[Change]:
    pairs = align([block.meaning for block in old], [block.meaning for block in new])
    at = new_at = 0
    for place, new_place in [*pairs, (len(old), len(new))]:
        yield from _replaced(old[at:place], new[new_at:new_place])
        if place < len(old):
            yield _whole(SAME, new[new_place])
        at, new_at = place + 1, new_place + 1


def _replaced(old: list[Block], new: list[Block]) -> Iterator[Change]:
    """Yield the changes of blocks between two that stayed."""
    at = new_at = 0
    for place, new_place in [*_alike(old, new), (len(old), len(new))]:
        yield from _exchanged(old[at:place], new[new_at:new_place])
        if place < len(old):
            yield _reworded(old[place], new[new_place])
        at, new_at = place + 1, new_place + 1


def _exchanged(old: list[Block], new: list[Block]) -> Iterator[Change]:
    """Yield blocks that have nothing in common; side by side where they are built alike."""
    removed = [_whole(REMOVED, block) for block in old]
    added = [_whole(ADDED, block) for block in new]
    if [block.tag for block in old] == [block.tag for block in new]:
        yield from chain.from_iterable(zip(removed, added, strict=True))
    else:
        yield from chain(removed, added)


def _alike(old: list[Block], new: list[Block]) -> list[Pair]:
    """Return the pairs of blocks, in order, that are versions of each other."""
    if len(old) * len(new) > _MATRIX:
        in_order = enumerate(zip(old, new, strict=False))
        return [(at, at) for at, (one, other) in in_order if _likeness(one, other) >= _SIMILAR]
    return _best_pairs([[_likeness(one, other) for other in new] for one in old])


def _best_pairs(likeness: list[list[float]]) -> list[Pair]:
    """Return the ascending pairs with the greatest sum of likeness."""
    height, width = len(likeness), len(likeness[0]) if likeness else 0
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for at in reversed(range(height)):
        for place in reversed(range(width)):
            paired = likeness[at][place]
            best[at][place] = max(
                best[at + 1][place],
                best[at][place + 1],
                best[at + 1][place + 1] + paired if paired >= _SIMILAR else 0.0,
            )
    pairs = []
    at = place = 0
    while at < height and place < width:
        if best[at][place] == best[at + 1][place]:
            at += 1
        elif best[at][place] == best[at][place + 1]:
            place += 1
        else:
            pairs.append((at, place))
            at, place = at + 1, place + 1
    return pairs


def _likeness(one: Block, other: Block) -> float:
    """Return which part of their words two blocks share; none where they are built differently."""
    if (one.tag, one.group, len(one.cells)) != (other.tag, other.group, len(other.cells)):
        return 0.0
    words, others = (Counter(w.text for w in block.words if w.is_word) for block in (one, other))
    total = words.total() + others.total()
    return 2 * (words & others).total() / total if total else float(one.tag != "hr")


def _whole(fate: str, block: Block) -> Change:
    return Change(fate, block, tuple((Run(fate, cell),) for cell in block.cells))


def _reworded(old: Block, new: Block) -> Change:
    cells = zip(old.cells, new.cells, strict=True)
    return Change(CHANGED, new, tuple(tuple(_runs(one, other)) for one, other in cells))


def _runs(old: Sequence[Word], new: Sequence[Word]) -> Iterator[Run]:
    pairs = align([word.text for word in old], [word.text for word in new])
    same: list[Word] = []
    at = new_at = 0
    for place, new_place in [*pairs, (len(old), len(new))]:
        if same and (place > at or new_place > new_at):
            yield Run(SAME, tuple(same))
            same = []
        if place > at:
            yield Run(REMOVED, tuple(old[at:place]))
        if new_place > new_at:
            yield Run(ADDED, tuple(new[new_at:new_place]))
        if place < len(old):
            # Either space keeps words apart whose neighbour on one side is gone.
            same.append(Word(new[new_place].text, new[new_place].space or old[place].space))
        at, new_at = place + 1, new_place + 1
    if same:
        yield Run(SAME, tuple(same))


def _cell_text(runs: tuple[Run, ...]) -> str:
    parts = []
    for run in runs:
        before, after = _MARKS[run.fate]
        parts.append(f"{run.space}{before}{run.text}{after}" if run.words else "")
    return "".join(parts)


def _block_html(change: Change) -> str:
    block = change.block
    cells = [_cell_html(runs) for runs in change.cells]
    if block.group == "table":
        row = "".join(f"<{block.tag}>{cell}</{block.tag}>" for cell in cells)
        return f"<tr{_attributes(change)}>{row}</tr>\n"
    if block.tag == "hr":
        return f"<hr{_attributes(change)}>\n"
    return f"<{block.tag}{_attributes(change)}>{cells[0]}</{block.tag}>\n"


def _attributes(change: Change) -> str:
    block = change.block
    names = [] if change.fate == SAME else [change.fate]
    if block.depth > 1:
        names.append(f"depth-{min(block.depth, 4)}")
    parts = [f'class="{" ".join(names)}"'] if names else []
    if block.number is not None:
        parts.append(f'value="{block.number}"')
    if not block.group:
        # The two texts may be in languages of different directions.
        parts.append('dir="auto"')
    return "".join(f" {part}" for part in parts)


def _cell_html(runs: tuple[Run, ...]) -> str:
    parts = []
    for run in runs:
        tag = _TAGS.get(run.fate)
        text = escape(run.text)
        parts.append(f"{run.space}<{tag}>{text}</{tag}>" if tag and text else run.space + text)
    return "".join(parts)

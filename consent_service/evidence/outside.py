"""Leaves that come with an inclusion proof of their own: `leaves.jsonl`."""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any

from consent_service.core.merkle import includes, leaf_hash
from consent_service.evidence.batches import BatchChecker, Facts, summarise
from consent_service.evidence.findings import Place
from consent_service.evidence.lines import MAX_LINE
from consent_service.evidence.openings import OpeningError, read_line
from consent_service.evidence.shapes import LeafReader, Wrong

_HASH = rb'"[A-Za-z0-9+/]{43}="'
_PROOF = rb"\[(" + _HASH + rb"(?:," + _HASH + rb")*)?\]"
_LEAF = re.compile(
    rb'\{"i":(0|[1-9][0-9]{0,15}),"leaf":"([A-Za-z0-9+/]+={0,2})","proof":' + _PROOF + rb"\}"
)
_GONE = re.compile(
    rb'\{"\$redacted":"([A-Za-z0-9+/]{43}=)","i":(0|[1-9][0-9]{0,15}),"proof":' + _PROOF + rb"\}"
)
FILE = "leaves.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideBatch:
    """Lines of leaves.jsonl, with the openings up to the last of them.

    `members` are the indexes of the leaves that are the bundle's own; None where these leaves
    are all only beside it. `line` and `opening_line` count the lines before these.
    """

    size: int
    root: bytes
    line: int
    leaves: bytes
    openings: bytes
    opening_line: int
    members: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Line:
    """A leaf, None where its text is gone, with its proof."""

    index: int
    leaf: bytes | None
    digest: bytes
    path: list[bytes]


def index_of(line: bytes) -> int:
    """Return the index that a line states; -1 where it states none."""
    found = re.match(rb'\{(?:"\$redacted":"[^"]{0,64}",)?"i":([0-9]{1,16}),', line)
    return int(found[1]) if found else -1


class OutsideChecker:
    """Checks such leaves, their proofs and what they say."""

    def __init__(self, batches: BatchChecker) -> None:
        self._batches = batches
        self._reader = LeafReader()

    def check(self, batch: OutsideBatch) -> Facts:
        """Return what a batch shows."""
        facts = Facts()
        openings = _openings(batch, facts)
        hashes, ids = [], []
        last = -1
        for number, line in enumerate(batch.leaves.split(b"\n")[:-1], batch.line + 1):
            place: dict[str, Any] = {"file": FILE, "line": number}
            read = read_outside(line) if len(line) <= MAX_LINE else None
            if read is None:
                facts.findings.add("PROOF", "the line holds no leaf with its proof", **place)
                continue
            where = (FILE, number, read.index)
            if read.index <= last:
                facts.findings.at(where, "PROOF", "the line is out of order")
            last = read.index
            hashes.append(read.digest)
            facts.indexes.append(read.index)
            if not includes(read.digest, read.index, batch.size, read.path, batch.root):
                message = "the proof does not lead to the root of the checkpoint"
                facts.findings.at(where, "PROOF", message)
            leaf_id = self._look(batch, read, openings.pop(read.index, []), where, facts)
            ids += [leaf_id] if leaf_id else []
        for index in openings:
            message = f"there are openings of {index}, but no leaf"
            facts.findings.add("OPENING_SYNTAX", message, file="openings.jsonl", index=index)
        summarise(facts, hashes, ids)
        for digest, index in zip(hashes, facts.indexes, strict=True):
            if digest in self._batches.rules.wanted:
                facts.found[digest] = index
        return facts

    def _look(
        self,
        batch: OutsideBatch,
        read: Line,
        openings: list[bytes],
        place: Place,
        facts: Facts,
    ) -> bytes | None:
        """Check what stands in a leaf; return its id."""
        is_member = batch.members is not None and read.index in batch.members
        if read.leaf is None:
            if is_member:
                self._batches.redact(read.digest, read.index, facts)
            else:
                facts.findings.at(place, "PROOF", "a leaf beside the bundle has its text")
            return None
        leaf = self._reader.read(read.leaf)
        if isinstance(leaf, Wrong):
            facts.findings.at(place, leaf.code, leaf.message)
            return None
        if is_member:
            self._batches.look(leaf, read.digest, openings, place, facts)
        elif leaf.control is None or openings:
            facts.findings.at(place, "PROOF", "the leaf has no place in this bundle")
        else:
            self._batches.glance(leaf, place, facts)
        return leaf.id


def _openings(batch: OutsideBatch, facts: Facts) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    last = -1
    for number, line in enumerate(batch.openings.split(b"\n")[:-1], batch.opening_line + 1):
        place: dict[str, Any] = {"file": "openings.jsonl", "line": number}
        try:
            index, openings = read_line(line)
        except OpeningError as error:
            facts.findings.add("OPENING_SYNTAX", str(error), **place)
            continue
        if index <= last:
            facts.findings.add("OPENING_SYNTAX", "the line is out of order", **place)
            continue
        found[index], last = openings, index
    return found


def read_outside(line: bytes) -> Line | None:
    """Read a line; None where it holds no leaf with its proof."""
    found = _LEAF.fullmatch(line)
    try:
        if found:
            leaf = _decoded(found[2])
            return Line(int(found[1]), leaf, leaf_hash(leaf), _path(found[3]))
        found = _GONE.fullmatch(line)
        if found:
            return Line(int(found[2]), None, _decoded(found[1]), _path(found[3]))
    except (Base64Error, ValueError):
        return None
    return None


def _path(hashes: bytes | None) -> list[bytes]:
    return [_decoded(each) for each in hashes[1:-1].split(b'","')] if hashes else []


def _decoded(text: bytes) -> bytes:
    data = a2b_base64(text)
    if b2a_base64(data, newline=False) != text:
        raise ValueError("not canonical base64")
    return data

"""The work on a batch of leaves, which any process can do: hashes, forms, openings.

What leads beyond the batch goes back as facts: the nodes of the tree, hashes for finding
duplicates, what is missing, what control leaves say.
"""

import hashlib
from array import array
from base64 import b64decode
from binascii import Error as Base64Error
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from consent_service.core.merkle import Node, cover, leaf_hash, root_of
from consent_service.evidence.absences import WHOLE
from consent_service.evidence.findings import Findings, Place
from consent_service.evidence.lines import MAX_LINE
from consent_service.evidence.openings import OpeningError, commitment_of, read_line, read_opening
from consent_service.evidence.shapes import Kind, Leaf, LeafReader, Wrong

_REDACTED = b'{"$redacted":"'
NO_TIME = b" " * 24
"""Stands for the time of a leaf that cannot be read."""

GONE = {
    "log.erasure": "erased",
    "log.restriction": "restricted",
    "log.redaction": "redacted",
}
KEY_LEAVES = ("log.genesis", "log.key_rotation")


EVENTS = "events.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What all batches of a bundle have in common; `secret` keys the hashes of `mark`."""

    log: str
    are_openings_included: bool
    secret: bytes
    wanted: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Leaves with indexes that follow each other, a line each, and the lines of their openings.

    `line` and `opening_line` count the lines before these.
    """

    first: int
    line: int
    leaves: bytes
    openings: bytes
    opening_line: int


@dataclass(slots=True)
class Facts:
    """What a batch shows. Arrays of bytes travel well: `Q` is 64 bits, `H` 16."""

    first: int = 0
    count: int = 0
    findings: Findings = field(default_factory=Findings)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[Kind, int] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    ids: "array[int]" = field(default_factory=lambda: array("Q"))
    times: bytes = b""
    missing: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    told: list[tuple[int, tuple[str, ...], str, str]] = field(default_factory=list)
    key_leaves: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    found: dict[bytes, int] = field(default_factory=dict)
    indexes: list[int] = field(default_factory=list)


def mark(secret: bytes, digest: bytes) -> int:
    """Return 64 bits that stand for a leaf's hash, which nobody can foresee."""
    return int.from_bytes(hashlib.blake2b(digest, digest_size=8, key=secret).digest(), "big")


class BatchChecker:
    """Checks batches by the same rules."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._reader = LeafReader()

    def check(self, batch: Batch) -> Facts:
        """Return what a batch shows."""
        facts = Facts(first=batch.first)
        lines = batch.leaves.split(b"\n")[:-1]
        openings = self._openings(batch, len(lines), facts)
        first, hashes, ids, times = batch.first, [], [], []
        for offset, line in enumerate(lines):
            index = first + offset
            place = (EVENTS, batch.line + offset + 1, index)
            if len(line) > MAX_LINE:
                facts.findings.at(place, "LINE_TOO_LONG", "the line is longer than 64 KiB")
            time = NO_TIME
            if line.startswith(_REDACTED):
                digest = self._redacted(line, place, facts)
            else:
                digest = leaf_hash(line)
                leaf = self._reader.read(line)
                if isinstance(leaf, Wrong):
                    facts.findings.at(place, leaf.code, leaf.message)
                else:
                    self.look(leaf, digest, openings.get(index, ()), place, facts)
                    ids.append(leaf.id)
                    time = leaf.ts
            hashes.append(digest)
            times.append(time)
        facts.nodes = [
            (level, at, root_of(hashes[(at << level) - first : ((at + 1) << level) - first]))
            for level, at in cover(first, first + len(hashes))
        ]
        facts.count = len(hashes)
        facts.times = b"".join(times)
        summarise(facts, hashes, ids)
        for digest in self.rules.wanted.intersection(hashes):
            facts.found[digest] = first + hashes.index(digest)
        return facts

    def look(
        self,
        leaf: Leaf,
        digest: bytes,
        openings: "list[bytes] | tuple[()]",
        place: Place,
        facts: Facts,
    ) -> None:
        """Check a leaf that could be read, with its openings."""
        if leaf.control or leaf.kind.log != self.rules.log:
            self.glance(leaf, place, facts)
        kinds = facts.kinds
        kinds[leaf.kind] = kinds.get(leaf.kind, 0) + 1
        if leaf.commitments or openings:
            self._open(leaf, digest, openings, place, facts)

    def glance(self, leaf: Leaf, place: Place, facts: Facts) -> None:
        """Check that a leaf is of this log, and take up what it says of keys and other leaves."""
        if leaf.kind.log != self.rules.log:
            message = f"the leaf names the log {leaf.kind.log}, not {self.rules.log}"
            facts.findings.at(place, "LEAF_WRONG_LOG", message)
        if leaf.control:
            self._tell(leaf.control, place[2], facts)

    def _open(
        self,
        leaf: Leaf,
        digest: bytes,
        openings: "list[bytes] | tuple[()]",
        place: Place,
        facts: Facts,
    ) -> None:
        opened, commitments = 0, leaf.commitments
        for text in openings:
            expected = commitments.get(commitment_of(text))
            opened += expected is not None
            try:
                name, _ = read_opening(text)
            except OpeningError as error:
                facts.findings.at(place, "OPENING_SYNTAX", str(error))
                continue
            if expected is None:
                message = f"the opening of {_shown(name)} opens no commitment of the leaf"
                facts.findings.at(place, "OPENING_MISMATCH", message)
            elif expected != name:
                message = f"the opening of {_shown(expected)} names the field {_shown(name)}"
                facts.findings.at(place, "OPENING_FIELD", message)
        if not self.rules.are_openings_included:
            return
        if len(openings) > 1 and len(set(openings)) < len(openings):
            facts.findings.at(place, "OPENING_SYNTAX", "the same opening stands there twice")
        if opened < len(commitments):
            shown = set(map(commitment_of, openings))
            fields = sorted(
                name.decode() for each, name in commitments.items() if each not in shown
            )
            facts.counts["erased_fields"] += len(fields)
            facts.missing.append((mark(self.rules.secret, digest), place[2], tuple(fields)))

    def _tell(self, leaf: dict[str, Any], index: int, facts: Facts) -> None:
        """Take up what a control leaf says of keys, and of other leaves."""
        kind = leaf["type"]
        if kind in KEY_LEAVES:
            facts.key_leaves.append((index, leaf))
        if kind not in GONE:
            return
        fields = tuple(leaf.get("fields", (WHOLE,)))
        for named in leaf["leaves"] if kind == "log.redaction" else (leaf["leaf"],):
            marked = mark(self.rules.secret, bytes.fromhex(named))
            facts.told.append((marked, fields, GONE[kind], leaf["reason"][:80]))

    def _redacted(self, line: bytes, place: Place, facts: Facts) -> bytes:
        digest = redacted_hash(line)
        if digest is None:
            facts.findings.at(place, "LEAF_SCHEMA", "not a hash in place of a leaf")
            return leaf_hash(line)
        self.redact(digest, place[2], facts)
        return digest

    def redact(self, digest: bytes, index: int, facts: Facts) -> None:
        """Note a leaf whose text is gone."""
        facts.counts["redacted"] += 1
        facts.missing.append((mark(self.rules.secret, digest), index, (WHOLE,)))

    def _openings(self, batch: Batch, count: int, facts: Facts) -> dict[int, list[bytes]]:
        """Return the openings of a batch by index."""
        found: dict[int, list[bytes]] = {}
        last = batch.first - 1
        for number, line in enumerate(batch.openings.split(b"\n")[:-1], batch.opening_line + 1):
            place: dict[str, Any] = {"file": "openings.jsonl", "line": number}
            try:
                index, openings = read_line(line)
            except OpeningError as error:
                facts.findings.add("OPENING_SYNTAX", str(error), **place)
                continue
            if not last < index < batch.first + count:
                message = f"the openings of {index} stand where they should not"
                facts.findings.add("OPENING_SYNTAX", message, **place)
                continue
            found[index], last = openings, index
        return found


def _shown(field: bytes) -> str:
    return ascii(field[:40].decode(errors="replace"))


def redacted_hash(line: bytes) -> bytes | None:
    """Return the hash in place of a leaf; None where the line is not spelled as it should be."""
    if not (line.startswith(_REDACTED) and line.endswith(b'"}')):
        return None
    encoded = line[len(_REDACTED) : -2]
    try:
        digest = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        return None
    is_canonical = len(encoded) == 44 and encoded[42:43] in b"AEIMQUYcgkosw048"
    return digest if is_canonical and len(digest) == 32 else None


def summarise(facts: Facts, hashes: list[bytes], ids: list[bytes]) -> None:
    """Give back what shows leaves that stand twice: 64 bits of each hash and each id, sorted."""
    facts.hashes = array("Q", sorted(array("Q", b"".join(each[:8] for each in hashes))))
    tails = b"".join(each[19:23] + each[24:] for each in ids)
    facts.ids = array("Q", sorted(array("Q", bytes.fromhex(tails.decode()))))

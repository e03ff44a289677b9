"""What all leaves of a bundle show together: the tree, its order in time, and what is missing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from typing import Any

from consent_service.core.merkle import CompactRange, Node
from consent_service.evidence.absences import WHOLE, Absences
from consent_service.evidence.batches import NO_TIME, Facts
from consent_service.evidence.duplicates import Duplicates
from consent_service.evidence.findings import LISTED, Finding, Findings

_TIME = 24
_MOST_TWICE = 100
_MOST_NAMED = 100_000
_MOST_KEY_LEAVES = 10_000
_MOST_KEYS = 100_000
UNTOLD = "REDACTED_WITHOUT_RECORD"
UNOPENED = "OPENING_MISSING_WITHOUT_ERASURE"
_MISSING = {
    UNTOLD: "the leaf's text is absent, and no log.redaction names it",
    UNOPENED: "no opening of {}, and no log.erasure or log.restriction names them",
}
KINDS = ("notices", "variants", "documents", "banners")


@dataclass(slots=True)
class Seen:
    """Facts of all batches so far.

    `roots` holds the roots at the sizes that were asked for, `shown` each notice with a variant of
    it that a leaf says was shown.
    """

    findings: Findings
    counts: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    roots: dict[int, bytes] = field(default_factory=dict)
    range: CompactRange = field(default_factory=CompactRange)
    hashes: Duplicates = field(default_factory=Duplicates)
    ids: Duplicates = field(default_factory=Duplicates)
    absences: Absences = field(default_factory=Absences)
    key_leaves: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    named: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    shown: set[tuple[str, str]] = field(default_factory=set)
    found: dict[bytes, int] = field(default_factory=dict)
    indexes: set[int] = field(default_factory=set)
    delay: int = 0
    _latest: bytes = b""
    _keys: int = 0

    def push(self, nodes: list[Node]) -> None:
        """Add nodes of the tree."""
        for node in nodes:
            self.range.push(*node)

    def add(self, facts: Facts) -> None:
        """Add what a batch showed."""
        self.findings.merge(facts.findings)
        self.counts.update(facts.counts)
        self.push(facts.nodes)
        self.hashes.add(facts.hashes)
        self.ids.add(facts.ids)
        self.absences.miss(facts.missing)
        self.absences.tell(facts.told)
        self._add_keys(facts.key_leaves)
        for kind, count in facts.kinds.items():
            self.types[kind.type] += count
            self.counts["control" if kind.is_control else "events"] += count
            for name in KINDS:
                self.named[name] |= getattr(kind, name)
            self.shown |= {(of, variant) for of in kind.notices for variant in kind.variants}
        if sum(map(len, self.named.values())) > _MOST_NAMED:
            self.findings.add("DOCUMENT_MISSING", "leaves name more files than any bundle holds")
            self.named = {kind: set() for kind in KINDS}
        self.found |= facts.found
        for _, leaf in facts.key_leaves:
            self.delay = max(self.delay, leaf.get("mmd", 0))

    def _add_keys(self, leaves: list[tuple[int, dict[str, Any]]]) -> None:
        for each in leaves:
            self._keys += len(each[1]["keys"])
            if len(self.key_leaves) >= _MOST_KEY_LEAVES or self._keys > _MOST_KEYS:
                message = "more leaves name keys than any log has; those from here on were not read"
                self.findings.add("KEYS", message, index=each[0])
                return
            self.key_leaves.append(each)

    @property
    def genesis(self) -> dict[str, Any] | None:
        """The leaf that begins the log; None where it is not in the bundle."""
        first = (leaf for index, leaf in self.key_leaves if index == 0)
        return next((leaf for leaf in first if leaf["type"] == "log.genesis"), None)

    def check_times(self, times: bytes, first: int, file: str) -> None:
        """Find leaves that stand behind one that is later by more than the promised delay.

        `times` are those of the leaves from `first` on, 24 characters each. The genesis is made
        when the log is sealed, so the leaves that follow it may be older.
        """
        latest, delay = self._latest, timedelta(seconds=self.delay)
        for position in range(0 if first else _TIME, len(times), _TIME):
            time = times[position : position + _TIME]
            if time >= latest:
                latest = time
            elif time != NO_TIME and _moment(time) < _moment(latest) - delay:
                message = f"the leaf is of {time.decode()}, one before it of {latest.decode()}"
                index = first + position // _TIME
                self.findings.add("TIME_OUT_OF_ORDER", message, file=file, index=index)
        self._latest = latest

    def check_absences(self, file: str) -> dict[str, dict[str, int]]:
        """Find what is missing without a word; return how much is gone, by act and reason."""
        first: dict[str, list[tuple[int, str]]] = {code: [] for code in (UNTOLD, UNOPENED)}
        for index, fields in self.absences.unexplained():
            code = UNTOLD if WHOLE in fields else UNOPENED
            self.findings.counts[code] += 1
            first[code].append((index, ", ".join(fields)[:200]))
            if len(first[code]) > _MOST_TWICE:
                first[code] = nsmallest(LISTED, first[code])
        for code, places in first.items():
            # They come in no order, and were counted: the first ones are named.
            for index, fields_ in sorted(places)[:LISTED]:
                said = _MISSING[code].format(fields_)
                self.findings.listed.append(
                    Finding(code=code, message=said, file=file, index=index)
                )
        gone: dict[str, dict[str, int]] = {}
        for (act, reason), count in sorted(self.absences.reasons.items()):
            gone.setdefault(act, {})[reason] = count
        return gone

    def suspects(self) -> tuple[set[int], set[int]]:
        """Return 64 bits of hashes and of ids that seem to stand twice."""
        return self.hashes.twice(_MOST_TWICE), self.ids.twice(_MOST_TWICE)


def _moment(time: bytes) -> datetime:
    return datetime.fromisoformat(time.decode()).astimezone(UTC)

"""Collects what checks find: all of it is counted, the first of each code are listed."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from consent_service.evidence.codes import Weight, weight_of

Place = tuple[str, int, int]
"""File, line and index of a leaf."""

LISTED = 20
"""How many findings of one code are kept word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found; `line` counts from 1, `index` is the leaf's in the log."""

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    index: int | None = None

    @property
    def weight(self) -> Weight:
        """How much it weighs."""
        return weight_of(self.code)

    def to_json(self) -> dict[str, Any]:
        """Return the finding as it stands in `--json`; what is unknown is left out."""
        parts = {
            "code": self.code,
            "weight": self.weight.value,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "index": self.index,
        }
        return {name: value for name, value in parts.items() if value is not None}


@dataclass(slots=True)
class Findings:
    """What was found so far."""

    counts: Counter[str] = field(default_factory=Counter)
    listed: list[Finding] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        index: int | None = None,
    ) -> None:
        """Add a finding."""
        self.counts[code] += 1
        if self.counts[code] <= LISTED:
            self.listed.append(
                Finding(code=code, message=message, file=file, line=line, index=index)
            )

    def at(self, place: Place, code: str, message: str) -> None:
        """Add a finding about a leaf."""
        file, line, index = place
        self.add(code, message, file=file, line=line, index=index)

    def merge(self, other: "Findings") -> None:
        """Add what another check found."""
        for finding in other.listed:
            if self.counts[finding.code] < LISTED:
                self.listed.append(finding)
                self.counts[finding.code] += 1
                other.counts[finding.code] -= 1
        self.counts.update(other.counts)

    def drop(self, codes: Iterable[str]) -> None:
        """Forget findings that only follow from a worse one."""
        for code in codes:
            self.counts.pop(code, None)
            self.listed = [finding for finding in self.listed if finding.code != code]

    def has(self, *codes: str) -> bool:
        """Tell whether one of the codes was found."""
        return any(self.counts[code] for code in codes)

    def of(self, weight: Weight) -> Iterator[Finding]:
        """Yield what was listed of a weight, in the order of its finding."""
        return (finding for finding in self.listed if finding.weight is weight)

    @property
    def are_bad(self) -> bool:
        """True where one of them is an error."""
        return any(self.counts[code] for code in self.counts if weight_of(code) is Weight.ERROR)

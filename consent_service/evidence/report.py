"""What a check answers: what was found, what was looked at, and a verdict."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from consent_service.evidence.codes import Weight
from consent_service.evidence.findings import Finding, Findings

FORMAT = "consent-verification/1"


class Verdict(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WEAK = "weak"
    BAD = "bad"
    UNREADABLE = "unreadable"


EXIT_CODES = {Verdict.OK: 0, Verdict.BAD: 1, Verdict.UNREADABLE: 2, Verdict.WEAK: 3}


@dataclass(slots=True, kw_only=True)
class Report:
    """The outcome for a bundle; `facts` are what a reader wants to know of it."""

    findings: Findings
    facts: dict[str, Any] = field(default_factory=dict)
    is_unreadable: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst that was found."""
        if self.is_unreadable:
            return Verdict.UNREADABLE
        if self.findings.are_bad:
            return Verdict.BAD
        weak = any(True for _ in self.findings.of(Weight.WEAK))
        return Verdict.WEAK if weak else Verdict.OK

    @property
    def exit_code(self) -> int:
        """What a command answers: 0 ok, 1 bad, 2 unreadable, 3 weak."""
        return EXIT_CODES[self.verdict]

    def listed(self, weight: Weight) -> list[Finding]:
        """Return what was found of a weight, the first of each code."""
        return list(self.findings.of(weight))

    def to_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        counts = {code: count for code, count in sorted(self.findings.counts.items()) if count}
        return {
            "format": FORMAT,
            "verdict": self.verdict.value,
            "exit_code": self.exit_code,
            "facts": self.facts,
            "counts": counts,
            "findings": [finding.to_json() for finding in self.findings.listed],
        }


@dataclass(slots=True, kw_only=True)
class ReceiptReport(Report):
    """The outcome for a receipt; `facts` say what it proves."""

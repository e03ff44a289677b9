"""Waivers: findings for which an officer answers by name, with a reason."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from consent_service.publishing.files import SITE_FILE
from consent_service.publishing.lint.findings import Finding, Severity
from consent_service.publishing.lint.registry import RULES
from consent_service.publishing.model import Waiver
from consent_service.publishing.positions import Positions

_SOURCES = ("GDPR Article 5(2)",)
_WAIVABLE = {rule.name for rule in RULES if rule.waivable}


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], positions: Positions
) -> list[Finding]:
    """Return the findings, errors with the first waiver of their rule, and what is wrong with any.

    A waiver goes for all errors of its rule; warnings need none.
    """
    by_rule: dict[str, Waiver] = {}
    for waiver in waivers:
        by_rule.setdefault(waiver.rule, waiver)
    waived = [
        replace(each, waiver=by_rule.get(each.rule))
        if each.severity is Severity.ERROR and each.rule in _WAIVABLE
        else each
        for each in findings
    ]
    used = {each.rule for each in waived if each.waived}
    return [*waived, *_wrong_waivers(waivers, used, positions)]


def _wrong_waivers(
    waivers: Sequence[Waiver], used: set[str], positions: Positions
) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, waiver in enumerate(waivers):
        field = f"waivers.{number}.rule"
        line = positions.line(SITE_FILE, field) or 1
        if waiver.rule not in _WAIVABLE:
            yield _unknown(waiver.rule, field, line)
        elif waiver.rule not in used or waiver.rule in seen:
            yield _unused(waiver.rule, field, line)
        seen.add(waiver.rule)


def _unknown(rule: str, field: str, line: int) -> Finding:
    known = any(rule == each.name for each in RULES)
    return Finding(
        rule="unknown-waiver",
        severity=Severity.ERROR,
        message=f"{rule} cannot be waived" if known else f"{rule} is no rule",
        mend="Take the name of a rule from docs/linter.md, or remove the waiver.",
        sources=_SOURCES,
        file=SITE_FILE,
        line=line,
        field=field,
    )


def _unused(rule: str, field: str, line: int) -> Finding:
    return Finding(
        rule="unused-waiver",
        severity=Severity.WARNING,
        message=f"no error of {rule} is left for this waiver",
        mend="Remove it, so that it does not hide what comes later.",
        sources=_SOURCES,
        file=SITE_FILE,
        line=line,
        field=field,
    )

"""Runs the rules over a site."""

from collections.abc import Iterable, Iterator

from consent_service.publishing.lint.findings import Breach, Finding, Rule, Severity
from consent_service.publishing.lint.registry import RULES
from consent_service.publishing.lint.view import Examined, examine
from consent_service.publishing.lint.waivers import apply_waivers
from consent_service.publishing.model import SiteSource
from consent_service.publishing.positions import Positions


def lint(source: SiteSource, positions: Positions | None = None) -> list[Finding]:
    """Return what the law would object to in a site, by file and line; its waivers are applied.

    `positions` are those of the site's files, and are found again where they are not given.

    Raises:
        InvalidSiteError: the default locale is not complete.
    """
    positions = positions or Positions.of(source.files)
    site = examine(source)
    found = [
        _finding(rule, breach, positions) for rule in RULES for breach in _breaches(rule, site)
    ]
    findings = apply_waivers(found, source.waivers, positions)
    return sorted(findings, key=lambda each: (each.file, each.line, each.field, each.rule))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors that nobody answers for."""
    return [each for each in findings if each.severity is Severity.ERROR and not each.waived]


def _breaches(rule: Rule, site: Examined) -> Iterator[Breach]:
    """Yield each breach once, however many profiles show it."""
    under = site.under(rule.models)
    if under.variants:
        yield from dict.fromkeys(rule.check(under))


def _finding(rule: Rule, breach: Breach, positions: Positions) -> Finding:
    return Finding(
        rule=rule.name,
        severity=rule.severity,
        message=breach.message,
        mend=rule.mend,
        sources=rule.sources,
        file=breach.file,
        line=positions.line(breach.file, breach.field) or 1,
        field=breach.field,
    )

"""Folders that cannot be read at all, told in the form of findings."""

import re

from consent_service.core.errors import FieldError
from consent_service.publishing.lint.findings import Finding, Severity
from consent_service.publishing.model import InvalidSiteError

_PLACE = re.compile(r"(?P<file>[^:]+)(?::(?P<line>\d+))?(?:: (?P<path>.*))?")


def findings_of(error: InvalidSiteError) -> list[Finding]:
    """Return the problems of a folder as findings of the rule `invalid-site`."""
    found = [_finding(problem) for problem in error.fields]
    return sorted(found, key=lambda each: (each.file, each.line, each.field))


def _finding(problem: FieldError) -> Finding:
    place = _PLACE.fullmatch(problem.field)
    field = (place["path"] or "") if place else problem.field
    return Finding(
        rule="invalid-site",
        severity=Severity.ERROR,
        message=f"{field} {problem.message}".strip().rstrip("."),
        mend="Write it as docs/site-folder.md says.",
        sources=(),
        file=place["file"] if place else "",
        line=int(place["line"] or 1) if place else 1,
        field=field,
    )

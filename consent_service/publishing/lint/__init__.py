"""The linter of sites: what the law would object to in what visitors are going to see.

`lint` returns findings, each with its rule, its source of law, how to mend it, file and line;
`blocking` those that keep an opt-in profile from being published. Whether a notice is lawful
remains a question for people.
"""

from consent_service.publishing.lint.findings import Finding, Severity
from consent_service.publishing.lint.invalid import findings_of
from consent_service.publishing.lint.registry import RULES, UNWAIVABLE
from consent_service.publishing.lint.run import blocking, lint

__all__ = ["RULES", "UNWAIVABLE", "Finding", "Severity", "blocking", "findings_of", "lint"]

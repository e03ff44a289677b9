"""`consent-service site lint`: what the law would object to in a folder, without a database."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from consent_service.cli.context import json_option, print_json, tell_errors
from consent_service.publishing.folder import read_folder
from consent_service.publishing.lint import Finding, blocking, findings_of
from consent_service.publishing.lint import lint as findings_in
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.plan import finding_json

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
@tell_errors
def lint(folder: Path, *, as_json: bool) -> None:
    """Say what the law would object to in a folder, by file and line; status 1 for errors.

    It looks at what visitors would see under each profile and in each locale. Errors that an
    officer answers for in `waivers` do not count.

    \b
    Example:
      consent-service site lint my-site
    """
    findings = _findings(folder)
    if as_json:
        print_json([finding_json(each) for each in findings])
    else:
        for each in findings:
            click.echo(finding_line(each))
        click.echo(f"{folder}: {_summary(findings)}")
    sys.exit(1 if blocking(findings) else 0)


def _findings(folder: Path) -> Sequence[Finding]:
    try:
        return findings_in(read_folder(folder))
    except InvalidSiteError as error:
        return findings_of(error)


def finding_line(finding: Finding) -> str:
    """Return a finding as compilers print theirs."""
    colour = None if finding.waived else _COLOURS[finding.severity]
    waived = " (waived)" if finding.waived else ""
    what = click.style(f"{finding.severity}{waived} {finding.rule}", fg=colour)
    law = f" ({'; '.join(finding.sources)})" if finding.sources else ""
    place = f"{finding.file}:{finding.line}"
    return f"{place}: {what}: {finding.message}{law}. Mend: {finding.mend}"


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing found."
    counts = Counter("waived" if each.waived else each.severity.value for each in findings)
    names = {"error": "error(s)", "warning": "warning(s)", "info": "note(s)", "waived": "waived"}
    return ", ".join(f"{counts[key]} {name}" for key, name in names.items() if counts[key]) + "."

"""`consent-service export`: a site's events as a file."""

import sys
from pathlib import Path
from typing import IO, Any

import click

from consent_service.bootstrap import Services
from consent_service.cli.context import opened_services, tell_errors
from consent_service.core.errors import InvalidRequestError, field_errors
from consent_service.exports.api import filter_of
from consent_service.exports.model import Format
from consent_service.exports.schemas import ExportQuery
from consent_service.exports.service import Export


@click.command()
@click.option("--site", required=True, help="The site's key.")
@click.option("--format", "form", required=True, type=click.Choice([each.value for each in Format]))
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file; standard output if absent."
)
@click.option("--from", "since", help="Only events received at or after this time (RFC 3339).")
@click.option("--to", "until", help="Only events received before this time (RFC 3339).")
@click.option("--type", "type_", help="Only events of this type.")
@click.option("--visitor", help="Only events of this visitor.")
@click.option("--consent", help="Only this event.")
@click.option("--resume", help="The last index that the file holds; appends what follows it.")
@tell_errors
def export(site: str, output: Path | None, **options: str | None) -> None:
    """Write a site's events in the order of the log, as CSV or JSON Lines.

    Everything that is recorded is sealed first. The same range gives the same bytes each time.

    \b
    Examples:
      consent-service export --site shop --format csv > shop.csv
      consent-service export --site shop --format jsonl --from 2026-11-01T00:00:00Z --output n.jsonl
    """
    query = _query(options)
    with opened_services() as services:
        found = services.sites.get(site)
        services.ledger.seal(found.site_id)
        export = services.exports.begin(found, query["form"], filter_of(query), query.get("resume"))
        if output is None:
            count = _write(services, export, sys.stdout.buffer, show=False)
        else:
            with output.open("ab" if "resume" in query else "wb") as file:
                count = _write(services, export, file, show=sys.stderr.isatty())
    click.echo(
        f"{count} events of {site}, as of log size {export.as_of}; {export.pending} pending.",
        err=True,
    )


def _query(options: dict[str, str | None]) -> dict[str, Any]:
    names = {"form": "format", "since": "from", "until": "to", "type_": "type"}
    given = {names.get(name, name): value for name, value in options.items() if value is not None}
    schema = ExportQuery()
    if errors := schema.validate(given):
        fields = list(field_errors(errors))
        named = ", ".join(f"--{each.field}: {each.message}" for each in fields)
        raise InvalidRequestError(named)
    return dict(schema.load(given))


def _write(services: Services, export: Export, file: IO[bytes], *, show: bool) -> int:
    total = services.exports.count(export) if show else None
    count = 0
    with click.progressbar(
        services.exports.stream(export), length=total, file=sys.stderr, hidden=not show
    ) as chunks:
        for text, events in chunks:
            file.write(text.encode())
            count += events
            chunks.update(events)
    file.flush()
    return count

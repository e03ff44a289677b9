"""`consent-service export`: a site's events as a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click

from consent_service.access.model import Role
from consent_service.bootstrap import Services
from consent_service.cli.context import opened_services, tell_errors
from consent_service.core.errors import InvalidRequestError, field_errors
from consent_service.exports.api import wanted_of
from consent_service.exports.model import Format, OvertakenError
from consent_service.exports.schemas import ExportQuery
from consent_service.exports.service import Export, Wanted
from consent_service.sites.model import Site

_ATTEMPTS = 5


@click.command()
@click.option("--site", required=True, help="The site's key.")
@click.option("--format", "form", required=True, type=click.Choice([each.value for each in Format]))
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file; standard output if absent."
)
@click.option("--from", "since", help="Only events received at or after this time (RFC 3339).")
@click.option("--to", "until", help="Only events received before this time (RFC 3339).")
@click.option("--type", "type_", help="Only events of this type; not with bundle.")
@click.option("--visitor", help="Only events of this visitor.")
@click.option("--consent", help="Only this event.")
@click.option("--resume", help="The last index that the file holds; appends what follows it.")
@click.option("--as-of", help="The size of a published checkpoint; the newest one if absent.")
@click.option("--epoch", help="An epoch of the log; the newest one if absent.")
@click.option("--with", "with_", help="Files to add to a bundle: csv,27560,kantara.")
@click.option("--without-openings", is_flag=True, help="A bundle without personal values.")
@click.option("--officer", help="Who asks; an owner also gets what is restricted.")
@tell_errors
def export(
    site: str,
    output: Path | None,
    officer: str | None,
    *,
    without_openings: bool,
    **options: str | None,
) -> None:
    """Write a site's events in the order of the log: CSV, JSON Lines, or a signed bundle.

    Everything that is recorded is sealed first. The same range gives the same bytes each time. A
    bundle is a ZIP file that anyone can check with `consent-service verify`.

    \b
    Examples:
      consent-service export --site shop --format csv > shop.csv
      consent-service export --site shop --format jsonl --from 2026-11-01T00:00:00Z --output n.jsonl
      consent-service export --site shop --format bundle --output shop.zip
    """
    wanted = _wanted({**options, "openings": "withheld" if without_openings else None})
    if wanted.form is Format.BUNDLE and output is None and sys.stdout.isatty():
        raise InvalidRequestError.of("--output", "a bundle is a ZIP file: name one")
    with opened_services(seals=True) as services:
        if officer is not None:
            services.officers.require(officer, Role.OWNER)
            wanted = replace(wanted, restricted=True)
        found = services.sites.get(site)
        if output is None:
            done = _begin(services, found, wanted)
            count = _write(services, done, sys.stdout.buffer, show=False)
        else:
            done, count = _write_file(services, found, wanted, output)
    _tell(site, done, count, output)


def _wanted(options: dict[str, str | None]) -> Wanted:
    names = {"form": "format", "since": "from", "until": "to", "type_": "type", "with_": "with"}
    given = {names.get(name, name): value for name, value in options.items() if value is not None}
    schema = ExportQuery()
    if errors := schema.validate(given):
        fields = list(field_errors(errors))
        named = ", ".join(f"--{each.field.replace('_', '-')}: {each.message}" for each in fields)
        raise InvalidRequestError(named)
    return wanted_of(dict[str, Any](schema.load(given)))


def _write_file(services: Services, site: Site, wanted: Wanted, output: Path) -> tuple[Export, int]:
    """Write a file; one that an erasure overtakes is begun again from a newer checkpoint."""
    attempt = 1
    while True:
        export = _begin(services, site, wanted)
        try:
            with _opened(output, resumes=wanted.resume is not None) as file:
                return export, _write(services, export, file, show=sys.stderr.isatty())
        except OvertakenError:
            if wanted.as_of is not None or attempt == _ATTEMPTS:
                raise
            attempt += 1
            click.echo("Something was erased meanwhile: begins again.", err=True)


@contextmanager
def _opened(output: Path, *, resumes: bool) -> Iterator[IO[bytes]]:
    """Open a file that has its name only once it is whole; what is resumed is appended to."""
    if resumes:
        with output.open("ab") as file:
            yield file
        return
    fresh = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with fresh.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(output)
    finally:
        fresh.unlink(missing_ok=True)


def _begin(services: Services, site: Site, wanted: Wanted) -> Export:
    services.ledger.seal(site.site_id)
    if wanted.form is Format.BUNDLE:
        services.attesting.attest(site.site_id)
    return services.exports.begin(site, wanted)


def _write(services: Services, export: Export, file: IO[bytes], *, show: bool) -> int:
    """Write an export; return how many steps it took, which are events but for a bundle."""
    total = services.exports.count(export) if show else None
    count = 0
    with click.progressbar(
        services.exports.stream(export), length=total, file=sys.stderr, hidden=not show
    ) as chunks:
        for chunk, steps in chunks:
            file.write(chunk)
            count += steps
            chunks.update(steps)
    file.flush()
    return count


def _tell(site: str, done: Export, count: int, output: Path | None) -> None:
    told = f"{done.bundle.scope.count} leaves" if done.bundle else f"{count} events"
    click.echo(f"{told} of {site}, as of log size {done.as_of}; {done.pending} pending.", err=True)
    if done.bundle:
        file, vkey = output or "FILE", done.bundle.vkey
        click.echo(f"Check it: consent-service verify {file} --vkey '{vkey}'", err=True)

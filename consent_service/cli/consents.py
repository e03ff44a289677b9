"""`consent-service consents`: older consents, taken over from elsewhere."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_service.cli.context import json_option, opened_services, print_json, tell_errors
from consent_service.imports.model import Format, Tally, Wrong
from consent_service.imports.reader import read_records

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_SHOWN = 50


@click.group()
def consents() -> None:
    """Take over consents that were given before this service was there."""


@consents.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--site", required=True, help="The site's key.")
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    help="By the file's name if absent.",
)
@click.option(
    "--notice",
    type=click.IntRange(1),
    help="The notice whose purposes mean the same, for records that name none.",
)
@click.option("--dry-run", is_flag=True, help="Check every line and store nothing.")
@json_option
@tell_errors
def import_(
    file: Path, site: str, form: str | None, notice: int | None, *, dry_run: bool, as_json: bool
) -> None:
    """Import older consents from CSV or JSON Lines.

    Each record has `id` and `at`, and `decisions` or `documents`; `notice`, `locale` and `subject`
    may stand with it. A record is imported once, however often it comes; lines that are wrong are
    named and left out, and the command ends with status 1.

    \b
    Examples:
      consent-service consents import older.csv --site shop --notice 1 --dry-run
      consent-service consents import older.jsonl --site shop --notice 1
    """
    written = Format(form) if form else _format_of(file)
    complaints = Complaints()
    tally = Tally()
    with opened_services() as services, file.open("rb") as lines:
        found = services.sites.get(site)
        records = read_records(lines, written)
        run = services.imports.run(
            found, records, tally, notice=notice, dry_run=dry_run, tell=complaints.add
        )
        with _progress(file) as bar:
            for _ in run:
                bar.update(lines.tell() - bar.pos)
    complaints.end()
    if as_json:
        print_json({"imported": tally.imported, "repeated": tally.repeated, "wrong": tally.wrong})
    else:
        verb = "would be imported" if dry_run else "imported"
        click.echo(f"{tally.imported} {verb}, {tally.repeated} known already, {tally.wrong} wrong.")
    if tally.wrong:
        sys.exit(1)


class Complaints:
    """Names the lines that are wrong, but not all where a wrong column makes them all so."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, wrong: Wrong) -> None:
        """Name a line."""
        self._count += 1
        if self._count <= _SHOWN:
            problems = "; ".join(f"{each.field} {each.message}".strip() for each in wrong.problems)
            click.echo(f"line {wrong.line}: {problems}", err=True)

    def end(self) -> None:
        """Say how many were not named."""
        if self._count > _SHOWN:
            click.echo(f"and {self._count - _SHOWN} more", err=True)


def _format_of(file: Path) -> Format:
    return Format.CSV if file.suffix.lower() == ".csv" else Format.JSONL


def _progress(file: Path) -> "ProgressBar[int]":
    size = file.stat().st_size
    return click.progressbar(length=size, file=sys.stderr, hidden=not sys.stderr.isatty())

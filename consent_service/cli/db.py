"""`consent-service db`: the schema."""

import sys

import click

from consent_service.bootstrap import build_migrations
from consent_service.cli.context import json_option, print_json, tell_errors
from consent_service.settings import load_settings


@click.group()
def db() -> None:
    """Bring the database's schema up to date, and check it."""


@db.command()
@tell_errors
def upgrade() -> None:
    """Create or migrate the schema and install its guards.

    \b
    Example:
      consent-service db upgrade
    """
    migrations = build_migrations(load_settings())
    migrations.upgrade()
    click.echo(f"The schema is at {migrations.head()}.")


@db.command()
@json_option
@tell_errors
def check(*, as_json: bool) -> None:
    """Compare schema and guards with what this version needs; status 1 where they differ.

    \b
    Example:
      consent-service db check --json
    """
    differences = build_migrations(load_settings()).differences()
    if as_json:
        print_json({"differences": differences})
    else:
        click.echo("\n".join(differences) or "Schema and guards are as they should be.")
    sys.exit(1 if differences else 0)

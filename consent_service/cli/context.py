"""What commands share: settings, services, output, errors."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from consent_service.bootstrap import Services, build_migrations, build_services
from consent_service.core.errors import ServiceError
from consent_service.db.migrate import check_revision
from consent_service.settings import Settings, load_settings

P = ParamSpec("P")
T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")


@contextmanager
def opened_services(settings: Settings | None = None, *, seals: bool = False) -> Iterator[Services]:
    """Open the services of the settings' database, which must have the newest schema.

    Only what `seals` gets the keys of the log, which a machine that serves requests lacks.
    """
    settings = settings or load_settings()
    require_schema(settings)
    services = build_services(settings, with_log_keys=seals)
    try:
        yield services
    finally:
        services.db.dispose()


def require_schema(settings: Settings) -> None:
    """Check the schema before anything reads it.

    Raises:
        SchemaError: it is not the newest.
    """
    migrations = build_migrations(settings)
    with migrations.reading() as connection:
        check_revision(connection, migrations.head())


def tell_errors(command: Callable[P, T]) -> Callable[P, T]:
    """Let a command end with status 1 and a readable message where the service refuses."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ServiceError as error:
            fail(error)

    return run


def fail(error: ServiceError) -> NoReturn:
    """Say what is wrong, field by field, and end with status 1."""
    click.secho(f"{error.title}: {error.detail}", fg="red", err=True)
    for each in error.fields:
        if each.field not in error.detail:
            click.echo(f"  {each.field} {each.message}", err=True)
    sys.exit(1)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(rows: list[dict[str, str]], empty: str) -> None:
    """Print rows in columns as wide as they need."""
    if not rows:
        click.echo(empty)
        return
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    for row in [{name: name for name in widths}, *rows]:
        click.echo("  ".join(row[name].ljust(width) for name, width in widths.items()).rstrip())

"""`consent-service officer`: the people who answer for sites."""

import click

from consent_service.access.model import Officer, Role
from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.core.clock import format_time

_email = click.argument("email")


@click.group()
def officer() -> None:
    """Add, list and disable officers, who answer for waivers of the linter's findings."""


@officer.command()
@_email
@click.option("--name", required=True, help="The name as colleagues read it.")
@click.option("--role", required=True, type=click.Choice([each.value for each in Role]))
@json_option
@tell_errors
def add(email: str, name: str, role: str, *, as_json: bool) -> None:
    """Add an officer by e-mail address.

    \b
    Example:
      consent-service officer add ada@example.com --name "Ada Example" --role owner
    """
    with opened_services() as services:
        added = services.officers.add(email, name, Role(role))
    if as_json:
        print_json(_row(added))
    else:
        click.echo(f"{added.email} is {added.role} now.")


@officer.command("list")
@json_option
@tell_errors
def list_officers(*, as_json: bool) -> None:
    """Show every officer, disabled ones too.

    \b
    Example:
      consent-service officer list
    """
    with opened_services() as services:
        rows = [_row(each) for each in services.officers.list()]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, "There is no officer yet. Begin with: consent-service officer add")


@officer.command()
@_email
@tell_errors
def disable(email: str) -> None:
    """Disable an officer: new waivers by that address are refused, earlier ones stay on record.

    \b
    Example:
      consent-service officer disable ada@example.com
    """
    with opened_services() as services:
        services.officers.disable(email)
    click.echo(f"{email.lower()} is disabled.")


def _row(of: Officer) -> dict[str, str]:
    return {
        "id": of.officer_id,
        "email": of.email,
        "name": of.name,
        "role": of.role.value,
        "created": format_time(of.created_at),
        "disabled": format_time(of.disabled_at) if of.disabled_at else "",
    }

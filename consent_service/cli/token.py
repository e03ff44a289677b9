"""`consent-service token`: api keys of programs."""

import click

from consent_service.access.model import SCOPES
from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.core.clock import format_time


@click.group()
def token() -> None:
    """Create, list and revoke api keys for the management interface."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES))
@click.option("--site", "sites", multiple=True, help="Only for this site; all sites when absent.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="How long it holds; for good when absent."
)
@json_option
@tell_errors
def create(
    name: str, scopes: tuple[str, ...], sites: tuple[str, ...], days: int | None, *, as_json: bool
) -> None:
    """Create an api key and print it, this once: only its hash is kept.

    \b
    Example:
      consent-service token create auditor --scope export --site shop --days 30
    """
    with opened_services() as services:
        for site in sites:
            services.sites.get(site)
        key, secret = services.access.create(name, scopes, sites, days)
    if as_json:
        print_json({"id": key.key_id, "name": name, "key": secret})
    else:
        click.echo(secret)
        click.secho("Keep it: it is not shown again.", err=True, fg="yellow")


@token.command("list")
@json_option
@tell_errors
def list_tokens(*, as_json: bool) -> None:
    """Show every api key, but not the key itself.

    \b
    Example:
      consent-service token list
    """
    with opened_services() as services:
        keys = services.access.list()
    rows = [
        {
            "id": key.key_id,
            "name": key.name,
            "scopes": " ".join(key.scopes),
            "sites": " ".join(key.sites) or "all",
            "created": format_time(key.created_at),
            "expires": format_time(key.expires_at) if key.expires_at else "",
            "revoked": format_time(key.revoked_at) if key.revoked_at else "",
        }
        for key in keys
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, "There is no api key yet.")


@token.command()
@click.argument("key_id")
@tell_errors
def revoke(key_id: str) -> None:
    """Revoke an api key by its id.

    \b
    Example:
      consent-service token revoke 0193a2b4-0000-7000-8000-000000000000
    """
    with opened_services() as services:
        services.access.revoke(key_id)
    click.echo(f"{key_id} is revoked.")

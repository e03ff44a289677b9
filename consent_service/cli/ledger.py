"""`consent-service ledger`: the log."""

import click

from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)


@click.group()
def ledger() -> None:
    """Look at the logs of all sites, and seal them."""


@ledger.command()
@json_option
@tell_errors
def status(*, as_json: bool) -> None:
    """Show the size of each log and how much waits to be sealed.

    \b
    Example:
      consent-service ledger status
    """
    with opened_services() as services:
        found = [(site, services.ledger.status(site.site_id)) for site in services.sites.list()]
    rows = [
        {
            "site": site.key,
            "log": site.log_origin,
            "epoch": of.epoch,
            "size": of.size,
            "pending": of.pending,
        }
        for site, of in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table([{k: str(v) for k, v in row.items()} for row in rows], "There is no site yet.")


@ledger.command()
@tell_errors
def seal() -> None:
    """Seal everything that waits, and return when that is done.

    \b
    Example:
      consent-service ledger seal
    """
    with opened_services() as services:
        click.echo(f"Sealed {services.ledger.seal_all()} leaves.")

"""`consent-service key`: keyrings."""

import click

from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.core import keyring
from consent_service.core.clock import SystemClock, format_time
from consent_service.core.ids import Ids
from consent_service.core.tokens import site_secret
from consent_service.settings import load_settings

_use = click.argument("use", type=click.Choice(keyring.USES))


@click.group()
def key() -> None:
    """List, rotate and revoke the keys that sign tokens, receipts and the log."""


@key.command("list")
@json_option
@tell_errors
def list_keys(*, as_json: bool) -> None:
    """Show every key, but never its secret.

    \b
    Example:
      consent-service key list
    """
    settings, clock = load_settings(), SystemClock()
    rings = [
        keyring.Keyring(settings.keys_dir, use, clock)
        for use in keyring.USES
        if (settings.keys_dir / f"{use}.json").exists()
    ]
    rows = [
        {
            "use": ring.use,
            "kid": each.kid,
            "created": format_time(each.created),
            "signs_from": format_time(each.signs_from),
            "revoked_at": format_time(each.revoked_at) if each.revoked_at else "",
        }
        for ring in rings
        for each in ring.all_keys()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            rows, f"There is no key in {settings.keys_dir} yet; the first start makes them."
        )


@key.command()
@_use
@tell_errors
def rotate(use: str) -> None:
    """Add a key that takes over signing after ten minutes; older ones stay accepted.

    \b
    Example:
      consent-service key rotate credential
    """
    clock = SystemClock()
    settings = load_settings()
    keyring.ensure_keyring(settings.keys_dir, use, clock, Ids(clock))
    made = keyring.rotate(settings.keys_dir, use, clock, Ids(clock))
    click.echo(f"{made.kid} signs from {format_time(made.signs_from)}.")


# A kid may begin with a hyphen.
@key.command(context_settings={"ignore_unknown_options": True})
@_use
@click.argument("kid")
@tell_errors
def revoke(use: str, kid: str) -> None:
    """Accept nothing more that a key signed, from now on.

    Visitors whose credential it signed are asked anew; receipts it signed are refused by
    verifiers that read the published keys.

    \b
    Example:
      consent-service key revoke credential 3q2-7w
    """
    keyring.revoke(load_settings().keys_dir, use, kid, SystemClock())
    click.echo(f"{kid} is revoked.")


@key.command("site-secret")
@click.argument("site")
@json_option
@tell_errors
def show_site_secret(site: str, *, as_json: bool) -> None:
    """Print with what a site's backend checks state tokens and signs who its users are.

    One secret for each accepted state key, of 32 bytes in hexadecimal. It is of use for this site
    only. Who holds it can make state tokens and link visitors to users: keep it like a password,
    and run `key rotate state` and `key revoke state KID` should it get lost.

    \b
    Examples:
      consent-service key site-secret shop
      consent-service key site-secret shop --json
    """
    with opened_services() as services:
        site_id = services.sites.get(site).site_id
        ring = keyring.Keyring(services.settings.keys_dir, "state", services.clock)
        rows = [
            {
                "kid": each.kid,
                "signs_from": format_time(each.signs_from),
                "secret": site_secret(each, ring.use, site_id).hex(),
            }
            for each in ring.accepted()
        ]
    click.secho("These are secret: for the backend of this site only.", fg="yellow", err=True)
    if as_json:
        print_json(rows)
    else:
        print_table(rows, "There is no state key yet; the first start makes one.")

"""How `consent-service site embed KEY --head` shows the head stub."""

from dataclasses import asdict

import click

from consent_service.banners.head import PART, head_of
from consent_service.cli.context import opened_services, print_json
from consent_service.publishing.embed import HeadInstructions, head_instructions


def show_head(key: str, mode: str | None, *, as_json: bool) -> None:
    """Print the stub, its hash and the tag that stands for it."""
    told = _instructions(key, mode)
    if as_json:
        print_json(asdict(told))
        return
    click.echo(f"Into the head of every page, before all other scripts:\n\n  {told.inline}\n")
    click.echo(f"Where the pages have a Content-Security-Policy, it allows:\n\n  {told.policy}\n")
    click.echo(f"Or, where the service answers on the site's own origin:\n\n  {told.tag}\n")
    click.echo(
        "The inline form takes the strictest of the site's profiles and changes with the notice: "
        "`site plan` says when to print it anew."
    )


def _instructions(key: str, mode: str | None) -> HeadInstructions:
    with opened_services() as services:
        site = services.sites.get(key)
        banners = services.banners
        template = banners.find_part(banners.kit.name, PART)
        script = head_of(site, services.notices.current(site).variants).script(template)
        return head_instructions(
            site, mode or site.embed.mode, services.settings.public_url, script
        )

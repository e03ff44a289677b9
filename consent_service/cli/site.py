"""`consent-service site`: sites as folders."""

import sys
from pathlib import Path

import click

from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.cli.site_head import show_head
from consent_service.cli.site_lint import lint
from consent_service.cli.site_plan import show_plan
from consent_service.cli.site_preview import preview
from consent_service.cli.site_schema import schema
from consent_service.publishing.embed import instructions
from consent_service.publishing.files import SHORT_HEAD, head
from consent_service.publishing.folder import read_folder, write_folder
from consent_service.publishing.starter import KINDS, write_starter

_folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
_over = click.option(
    "--over", metavar="HEAD", help="The head that is replaced, as `site plan` or `export` tell it."
)


@click.group()
def site() -> None:
    """Write, plan and publish sites, each a folder with site.yaml and its documents."""


site.add_command(lint)
site.add_command(preview)
site.add_command(schema)


@site.command()
@_folder
@click.option("--kind", type=click.Choice(list(KINDS)), default="notice", show_default=True)
@click.option("--key", required=True, help="The site's public key, such as my-site.")
@click.option("--name", help="The site's name as visitors read it; the key when absent.")
@click.option(
    "--origin", required=True, help="Where its pages are, such as https://www.example.com."
)
@tell_errors
def init(folder: Path, kind: str, key: str, name: str | None, origin: str) -> None:
    """Write a folder to begin with.

    \b
    Example:
      consent-service site init my-site --key my-site --origin https://www.example.com
    """
    origin = origin.rstrip("/")
    for path in write_starter(folder, kind, key=key, name=name or key, origin=origin):
        click.echo(f"wrote {path}")
    read_folder(folder)
    click.echo(f"Edit them, then: consent-service site apply {folder}")


@site.command()
@_folder
@_over
@json_option
@tell_errors
def plan(folder: Path, over: str | None, *, as_json: bool) -> None:
    """Show what applying a folder would change; status 1 where it would be refused.

    \b
    Example:
      consent-service site plan my-site
    """
    source = read_folder(folder)
    with opened_services() as services:
        planned = services.publishing.plan(source, over)
    show_plan(planned, as_json=as_json, done=False)
    sys.exit(1 if planned.refusal else 0)


@site.command()
@_folder
@_over
@json_option
@tell_errors
def apply(folder: Path, over: str | None, *, as_json: bool) -> None:
    """Publish what changed in a folder; without a change, nothing.

    A site that the console manages is taken over by a folder that says `managed_by: folder`,
    with --over naming the head that was seen.

    \b
    Examples:
      consent-service site apply my-site
      consent-service site apply my-site --over 0ce31cd28cee
    """
    source = read_folder(folder)
    with opened_services() as services:
        show_plan(services.publishing.apply(source, over), as_json=as_json, done=True)


@site.command()
@click.argument("key")
@_folder
@click.option("--force", is_flag=True, help="Write over files of a folder that is not empty.")
@tell_errors
def export(key: str, folder: Path, *, force: bool) -> None:
    """Write a site's folder as it was applied last, byte for byte; nothing is deleted.

    \b
    Example:
      consent-service site export my-site my-site
    """
    with opened_services() as services:
        files = services.publishing.files(key)
    for path in write_folder(folder, files, force=force):
        click.echo(f"wrote {path}")
    click.echo(f"The head is {head(files)[:SHORT_HEAD]}.")


@site.command("list")
@json_option
@tell_errors
def list_sites(*, as_json: bool) -> None:
    """Show all sites.

    \b
    Example:
      consent-service site list
    """
    with opened_services() as services:
        sites = services.sites.list()
        heads = {each.key: head(services.publishing.files(each.key)) for each in sites}
    rows = [
        {
            "site": each.key,
            "name": each.name,
            "origins": " ".join(each.origins),
            "embed": each.embed.mode,
            "managed_by": each.managed_by.value,
            "locales": " ".join(each.locales),
            "profiles": " ".join(each.profiles),
            "head": heads[each.key],
        }
        for each in sites
    ]
    if as_json:
        print_json(rows)
    else:
        short = [{**row, "head": row["head"][:SHORT_HEAD]} for row in rows]
        print_table(short, "There is no site yet. Begin with: consent-service site init")


@site.command()
@click.argument("key")
@click.option(
    "--mode", type=click.Choice(["external", "path", "subdomain"]), help="As in site.yaml."
)
@click.option(
    "--pinned", is_flag=True, help="A tag whose script the browser checks by its hash (SRI)."
)
@click.option("--head", "is_head", is_flag=True, help="The head stub, which some signals need.")
@json_option
@tell_errors
def embed(key: str, mode: str | None, *, pinned: bool, is_head: bool, as_json: bool) -> None:
    """Print what to paste into a website, and what its policy and proxy must allow.

    \b
    Examples:
      consent-service site embed my-site --mode path
      consent-service site embed my-site --pinned
      consent-service site embed my-site --head
    """
    if is_head:
        show_head(key, mode, as_json=as_json)
        return
    with opened_services() as services:
        found = services.sites.get(key)
        today = services.clock.now().date()
        kit = services.banners.kit if pinned else None
        address = services.settings.public_url
        told = instructions(found, mode or found.embed.mode, address, today, kit)
    if as_json:
        print_json(
            {"tag": told.tag, "policy": list(told.policy), "proxy": told.proxy, "gpc": told.gpc}
        )
        return
    click.echo(f"Into the head of every page:\n\n  {told.tag}\n")
    click.echo("Where the pages have a Content-Security-Policy, it allows:\n")
    click.echo("".join(f"  {line}\n" for line in told.policy))
    if told.proxy:
        click.echo(f"The website's nginx:\n\n{told.proxy}\n")
    click.echo(f"As /.well-known/gpc.json (application/json):\n\n  {told.gpc}\n")
    click.echo(told.advice)

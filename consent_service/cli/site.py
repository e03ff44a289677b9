"""`consent-service site`: sites as folders."""

from pathlib import Path

import click

from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.core.clock import format_time
from consent_service.notices.model import asked_again
from consent_service.publishing.embed import instructions
from consent_service.publishing.files import SHORT_HEAD, head
from consent_service.publishing.folder import read_folder, write_folder
from consent_service.publishing.service import Plan
from consent_service.publishing.starter import KINDS, write_starter

_folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def site() -> None:
    """Write, plan and publish sites, each a folder with site.yaml and its documents."""


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
@json_option
@tell_errors
def plan(folder: Path, *, as_json: bool) -> None:
    """Show what applying a folder would publish, and publish nothing.

    \b
    Example:
      consent-service site plan my-site
    """
    source = read_folder(folder)
    with opened_services() as services:
        _show(services.publishing.plan(source), as_json=as_json, done=False)


@site.command()
@_folder
@json_option
@tell_errors
def apply(folder: Path, *, as_json: bool) -> None:
    """Publish what changed in a folder; without a change, nothing.

    \b
    Example:
      consent-service site apply my-site
    """
    source = read_folder(folder)
    with opened_services() as services:
        _show(services.publishing.apply(source), as_json=as_json, done=True)


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
    rows = [
        {
            "site": each.key,
            "name": each.name,
            "origins": " ".join(each.origins),
            "embed": each.embed.mode,
            "locales": " ".join(each.locales),
            "profiles": " ".join(each.profiles),
        }
        for each in sites
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, "There is no site yet. Begin with: consent-service site init")


@site.command()
@click.argument("key")
@click.option(
    "--mode", type=click.Choice(["external", "path", "subdomain"]), help="As in site.yaml."
)
@json_option
@tell_errors
def embed(key: str, mode: str | None, *, as_json: bool) -> None:
    """Print what to paste into a website, and what its policy and proxy must allow.

    \b
    Example:
      consent-service site embed my-site --mode path
    """
    with opened_services() as services:
        found = services.sites.get(key)
        today = services.clock.now().date()
        told = instructions(found, mode or found.embed.mode, services.settings.public_url, today)
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


def _show(plan: Plan, *, as_json: bool, done: bool) -> None:
    if as_json:
        print_json(_plan_json(plan))
        return
    for warning in plan.warnings:
        click.secho(warning, fg="yellow", err=True)
    if plan.changes_nothing:
        click.echo(f"{plan.site.key}: nothing changed.")
        return
    verb = "published" if done else "would publish"
    if plan.before is None:
        click.echo(f"{plan.site.key}: new site")
    elif plan.settings_changed:
        click.echo(f"{plan.site.key}: settings {'changed' if done else 'would change'}")
    for version in plan.documents:
        kind = "material" if version.material else "cosmetic"
        locales = ", ".join(version.texts)
        since = format_time(version.effective_at)
        click.echo(f"{verb} {version.kind} {version.number} ({kind}; {locales}), from {since}")
    for notice in plan.notices:
        asked = ", ".join(asked_again(notice)) or "nothing"
        click.echo(f"{verb} notice {notice.number}, from {format_time(notice.effective_at)}")
        click.echo(f"  asks visitors again about: {asked}")


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "site": plan.site.key,
        "new": plan.before is None,
        "settings_changed": plan.settings_changed,
        "documents": [
            {"kind": each.kind, "number": each.number, "sha256": each.sha256}
            for each in plan.documents
        ],
        "notices": [
            {"number": each.number, "sha256": each.sha256, "asks_again": asked_again(each)}
            for each in plan.notices
        ],
        "warnings": list(plan.warnings),
    }

"""`consent-service document`: what is published, and what changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from consent_service.cli.context import (
    json_option,
    opened_services,
    print_json,
    print_table,
    tell_errors,
)
from consent_service.cli.site_plan import show_plan
from consent_service.core.clock import parse_time
from consent_service.core.errors import InvalidRequestError
from consent_service.documents.comparison import choose
from consent_service.publishing.folder import read_text
from consent_service.publishing.management import versions_json


@click.group()
def document() -> None:
    """List, compare and publish the versions of documents."""


@document.command("list")
@click.argument("key")
@json_option
@tell_errors
def list_documents(key: str, *, as_json: bool) -> None:
    """Show every version of every document of a site.

    \b
    Example:
      consent-service document list my-site
    """
    with opened_services() as services:
        versions = versions_json(services.management.versions(key))
    if as_json:
        print_json(versions)
        return
    rows = [
        {
            "document": each["kind"],
            "version": str(each["number"]),
            "change": each["change"],
            "effective": _effective(each),
            "published": each["published_at"],
            "locales": " ".join(each["locales"]),
            "author": each.get("author", ""),
        }
        for each in versions
    ]
    print_table(rows, f"The site {key} has no document yet.")


@document.command()
@click.argument("key")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--at", metavar="TIME", help="When they come into force (RFC 3339); else at once.")
@click.option("--over", metavar="HEAD", help="The head that is replaced, as `site export` tells.")
@json_option
@tell_errors
def publish(
    key: str, files: tuple[Path, ...], at: str | None, over: str | None, *, as_json: bool
) -> None:
    """Publish documents of a site that the console manages, from files named KIND.LOCALE.md.

    \b
    Examples:
      consent-service document publish my-site terms.en.md terms.de.md
      consent-service document publish my-site terms.en.md --at 2027-01-01T00:00:00Z
    """
    texts = _texts(files)
    moment = _moment(at) if at else None
    with opened_services() as services:
        plan = services.drafts.publish_files(key, texts, at=moment, over=over)
    show_plan(plan, as_json=as_json, done=True)


@document.command()
@click.argument("key")
@click.argument("kind")
@click.option("--from", help="Number of the version to compare from; else the one before --to.")
@click.option("--to", help="Number of the version to compare to; else the one in force.")
@click.option("--lang", help="Locale of both texts; else the first that both versions have.")
@click.option("--from-lang", help="Locale of the first text, where it differs.")
@click.option("--to-lang", help="Locale of the second text, where it differs.")
@click.option(
    "--format", "form", type=click.Choice(["text", "html"]), default="text", show_default=True
)
@tell_errors
def diff(key: str, kind: str, form: str, **named: str | None) -> None:
    """Show what changed between two versions of a document, word by word.

    Text marks {+what was added+} and [-what was removed-].

    \b
    Examples:
      consent-service document diff my-site privacy-policy
      consent-service document diff my-site terms --from 1 --to 3 --lang de --format html
    """
    with opened_services() as services:
        site = services.sites.get(key)
        chosen = choose(
            services.documents.versions(site, kind),
            lambda: services.documents.current(site, kind),
            {name: value for name, value in named.items() if value},
            lambda locales: locales[0],
        )
    found = chosen.difference()
    click.echo(found.html() if form == "html" else found.text(), nl=False)


def _effective(version: Mapping[str, Any]) -> str:
    replaced = version.get("replaced_by")
    return f"never: {replaced} replaced it" if replaced else str(version["effective_at"])


def _texts(files: Iterable[Path]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for path in files:
        if path.name in texts:
            raise InvalidRequestError.of(path.name, "is given twice")
        texts[path.name] = read_text(path)
    return texts


def _moment(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise InvalidRequestError.of("--at", str(error)) from error

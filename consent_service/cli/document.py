"""`consent-service document`: what is published, and what changed."""

import click

from consent_service.cli.context import opened_services, tell_errors
from consent_service.documents.comparison import choose


@click.group()
def document() -> None:
    """Compare the versions of documents."""


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

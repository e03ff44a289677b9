"""`consent-service verify`: checks bundles and receipts, without the service."""

import click

from consent_service.evidence.command import run


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    short_help="Check a bundle or a receipt offline.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Check a bundle or a receipt offline; --help tells the arguments."""
    raise SystemExit(run(list(arguments), "consent-service verify"))

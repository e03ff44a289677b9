"""`consent-service site schema`: the JSON Schema of site.yaml."""

import click

from consent_service.cli.context import print_json
from consent_service.publishing.jsonschema import site_json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of site.yaml, with which editors complete and check it.

    \b
    Example:
      consent-service site schema > site.schema.json
    """
    print_json(site_json_schema())

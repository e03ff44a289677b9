"""The command and its groups. Each group loads when it is used, so that --help answers at once."""

from importlib import import_module

import click

from consent_service import __version__

_COMMANDS = {
    "demo": ("consent_service.cli.demo", "demo"),
    "serve": ("consent_service.cli.serve", "serve"),
    "worker": ("consent_service.cli.serve", "worker"),
    "verify": ("consent_service.cli.verify", "verify"),
    "export": ("consent_service.cli.export", "export"),
    "db": ("consent_service.cli.db", "db"),
    "site": ("consent_service.cli.site", "site"),
    "document": ("consent_service.cli.document", "document"),
    "consents": ("consent_service.cli.consents", "consents"),
    "visitor": ("consent_service.cli.visitor", "visitor"),
    "retention": ("consent_service.cli.retention", "retention"),
    "ledger": ("consent_service.cli.ledger", "ledger"),
    "key": ("consent_service.cli.key", "key"),
    "token": ("consent_service.cli.token", "token"),
    "officer": ("consent_service.cli.officer", "officer"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="consent-service")
def main() -> None:
    """Versioned policies, a consent banner, and consents that can be proved.

    Settings are CONSENT_* variables; with none set, everything lives in ./consent-data.

    \b
    Begin with:
      consent-service demo
      consent-service db upgrade
      consent-service site init my-site --key my-site --origin https://www.example.com
      consent-service site apply my-site
      consent-service serve
    """

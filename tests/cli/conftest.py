"""The command, in a directory of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service.cli.main import main

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run the command with everything in a directory of its own."""
    environment = {"CONSENT_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str, status: int = 0, **more: str) -> Result:
        done = CliRunner().invoke(main, arguments, env=environment | more)
        assert done.exit_code == status, done.output
        return done

    return run


@pytest.fixture
def ready(command: Command) -> Command:
    """The command on a migrated database."""
    command("db", "upgrade")
    return command

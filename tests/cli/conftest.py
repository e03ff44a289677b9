"""The command, in a directory of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service.cli.main import main
from consent_service.resources import bundled

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


@pytest.fixture
def shop(ready: Command, tmp_path: Path) -> Path:
    """The applied example of a shop, to edit."""
    folder = tmp_path / "shop"
    shutil.copytree(bundled("examples") / "shop", folder, ignore=shutil.ignore_patterns("www"))
    ready("site", "apply", str(folder))
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")

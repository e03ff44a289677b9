"""Fixtures for tests that need a real PostgreSQL.

The first test that asks starts one server for the whole session; xdist's workers share it.
`CONSENT_TEST_POSTGRES` names another server instead (an SQLAlchemy address of a role that may
create databases).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import server

_DIRECTORY = pytest.StashKey[Path]()


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)
    if worker is None:
        # Not pytest's own temporary directory: a socket's path has about 100 bytes.
        config.stash[_DIRECTORY] = Path(tempfile.mkdtemp(prefix="consent-pg-"))
    else:
        config.stash[_DIRECTORY] = Path(worker["postgres_directory"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres_directory"] = str(node.config.stash[_DIRECTORY])


def pytest_unconfigure(config: pytest.Config) -> None:
    directory = config.stash.get(_DIRECTORY, None)
    if directory is None or hasattr(config, "workerinput"):
        return
    other = os.environ.get("CONSENT_TEST_POSTGRES")
    if other:
        server.PostgresServer(other, directory).drop_templates()
        shutil.rmtree(directory, ignore_errors=True)
    else:
        server.stop(directory)


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> server.PostgresServer:
    """The session's server: `create_database`, `template`, `database`, `drop_database`."""
    directory = request.config.stash[_DIRECTORY]
    other = os.environ.get("CONSENT_TEST_POSTGRES")
    if other:
        return server.PostgresServer(other, directory)
    worker = getattr(request.config, "workerinput", None)
    owner = os.getpid() if worker is None else os.getppid()
    return server.ensure_started(directory, owner)


@pytest.fixture
def postgres_database(postgres_server: server.PostgresServer) -> Iterator[str]:
    """The address of an empty database, dropped after the test."""
    with postgres_server.database() as url:
        yield url

"""One PostgreSQL for a test session, shared by all its processes.

Tests ask it for databases; `supervisor.py` beside this file runs the server itself.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

STOP_SECONDS = 20.0
SUPERVISOR = Path(__file__).with_name("supervisor.py")


class PostgresServer:
    """Makes and drops databases on one server; every name it makes is its own."""

    def __init__(self, admin_url: str, directory: Path) -> None:
        self._admin_url: URL = make_url(admin_url)
        self._directory = directory
        self._token = uuid.uuid5(uuid.NAMESPACE_URL, str(directory)).hex[:8]
        self._templates: set[str] = set()

    def url(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        """Return the address of a database, for another role where one is named."""
        url = self._admin_url.set(database=database)
        if user is not None:
            # `set` keeps what it is given None for, and another role has another password.
            url = URL.create(
                url.drivername, user, password, url.host, url.port, url.database, url.query
            )
        return url.render_as_string(hide_password=False)

    def create_database(self, template: str | None = None) -> str:
        """Create a database, empty or as a copy of a template, and return its address."""
        name = f"t{self._token}_{uuid.uuid4().hex[:12]}"
        source = "template0" if template is None else self._template_name(template)
        # Copying files takes a tenth of the time of copying through the write-ahead log.
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, and end the sessions that still use it."""
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    @contextlib.contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Lend a database for the length of a block."""
        url = self.create_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Prepare the template `name` unless a process of this session already did.

        `prepare` gets the address of an empty database, and leaves no connection open.
        """
        if name not in self._templates:
            with locked(self._directory / "template.lock"):
                self._make_template(name, prepare)
            self._templates.add(name)
        return name

    def drop_templates(self) -> None:
        """Drop this session's templates, on a server that outlives the session."""
        for marker in self._directory.glob("template-*"):
            database = self._template_name(marker.name.removeprefix("template-"))
            self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the administrator, outside a transaction."""
        return self._run(statement, database)

    def _template_name(self, name: str) -> str:
        return f"t{self._token}_template_{name}"

    def _make_template(self, name: str, prepare: Callable[[str], None]) -> None:
        marker = self._directory / f"template-{name}"
        if marker.exists():
            return
        database = self._template_name(name)
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{database}" TEMPLATE template0')
        prepare(self.url(database))
        marker.touch()

    def _run(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        url = self._admin_url if database is None else self._admin_url.set(database=database)
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes of the session wait for."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_started(directory: Path, owner: int) -> PostgresServer:
    """Return the session's server; the first process that asks starts it."""
    with locked(directory / "start.lock"):
        if not _pid_file(directory).exists():
            _start(directory, owner)
    return PostgresServer(f"postgresql+psycopg://postgres@/postgres?host={directory}", directory)


def stop(directory: Path) -> None:
    """End the session's server, if one was started, and remove its files."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(_pid_file(directory).read_text()), signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while directory.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


def _start(directory: Path, owner: int) -> None:
    log = directory / "log"
    with log.open("ab") as output:
        command = [sys.executable, str(SUPERVISOR), str(directory), str(owner)]
        started = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if started.returncode:
        message = f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}"
        raise RuntimeError(message)


def _pid_file(directory: Path) -> Path:
    return directory / "supervisor.pid"

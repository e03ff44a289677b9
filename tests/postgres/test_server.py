"""The test server itself: separate databases, copies of templates, an end that leaves nothing."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.postgres import server

pytestmark = pytest.mark.postgres


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def fill(url: str) -> None:
    run(url, "CREATE TABLE fruit (name text PRIMARY KEY)")
    run(url, "INSERT INTO fruit VALUES ('pear')")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_each_database_is_separate(postgres_server: server.PostgresServer) -> None:
    with postgres_server.database() as first, postgres_server.database() as second:
        fill(first)
        assert run(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'fruit'") == [(0,)]


def test_a_copy_of_a_template_has_its_rows_and_leaves_it_alone(
    postgres_server: server.PostgresServer,
) -> None:
    template = postgres_server.template("fruit", fill)
    with postgres_server.database(template) as first:
        run(first, "INSERT INTO fruit VALUES ('plum')")
    with postgres_server.database(template) as second:
        assert run(second, "SELECT name FROM fruit") == [("pear",)]


def test_a_template_is_prepared_once(postgres_server: server.PostgresServer) -> None:
    prepared: list[str] = []
    for _ in range(3):
        postgres_server.template("once", prepared.append)
    assert len(prepared) <= 1


def test_dropping_ends_the_sessions_that_are_left(postgres_server: server.PostgresServer) -> None:
    url = postgres_server.create_database()
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_the_server_ends_with_its_owner() -> None:
    directory = Path(tempfile.mkdtemp(prefix="consent-pg-"))
    owner = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    try:
        own = server.ensure_started(directory, owner.pid)
        assert own.execute("SELECT 1") == [(1,)]
        supervisor = int((directory / "supervisor.pid").read_text())
        owner.communicate()
        assert eventually(lambda: not directory.exists())
        assert eventually(lambda: not exists(supervisor))
    finally:
        server.stop(directory)

"""Transactions and faults: all or nothing, reads that cannot write, databases that come back."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from consent_service.consents.tables import idempotency
from consent_service.core.errors import UnavailableError
from consent_service.db.engine import Database, open_database
from consent_service.db.unit import ConflictError, Outcome
from consent_service.ledger.tables import ledger_pending
from tests.storage.rows import key_row, pending, unit
from tests.support.engines import on_postgres_only, on_sqlite_only


class OwnError(Exception):
    """Something that goes wrong inside a transaction."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url, threads=4)
    yield opened
    opened.dispose()


def stored(db: Database) -> int:
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(idempotency)) or 0


def end_other_sessions(url: str) -> int:
    """End every session of a database but our own, as a restart would."""
    engine = create_engine(url, poolclass=NullPool)
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        return len(connection.execute(text(query)).all())


def test_a_transaction_is_committed_at_its_end(db: Database) -> None:
    with db.write() as tx:
        tx.execute(insert(idempotency).values(dict(key_row(b"a").values)))
        assert stored(db) == 0
    assert stored(db) == 1


def failing(db: Database, error: BaseException) -> None:
    with db.write() as tx:
        tx.execute(insert(idempotency).values(dict(key_row(b"a").values)))
        tx.execute(insert(ledger_pending).values(dict(pending(str(uuid4())).values)))
        raise error


def conflicting(db: Database) -> None:
    with db.write() as tx:
        for _ in range(2):
            tx.execute(insert(idempotency).values(dict(key_row(b"a").values)))


def cut_off(db: Database, url: str) -> None:
    with db.write() as tx:
        tx.execute(insert(idempotency).values(dict(key_row(b"a").values)))
        end_other_sessions(url)
        tx.execute(select(1))


@pytest.mark.parametrize("error", [OwnError, KeyboardInterrupt, SystemExit])
def test_any_exception_undoes_a_transaction(db: Database, error: type[BaseException]) -> None:
    with pytest.raises(error):
        failing(db, error())
    assert stored(db) == 0
    assert db.append(unit(b"a")) is Outcome.STORED


def test_a_conflict_undoes_a_transaction_and_is_named(db: Database) -> None:
    with pytest.raises(ConflictError):
        conflicting(db)
    assert stored(db) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO installation VALUES ('a', 'b')",
        "UPDATE site SET key = 'x'",
        "DELETE FROM idempotency",
        "CREATE TABLE extra (a integer)",
        "DROP TABLE visitor_link",
    ],
)
def test_reading_cannot_write(db: Database, statement: str) -> None:
    with pytest.raises((UnavailableError, DBAPIError)), db.read() as connection:
        connection.execute(text(statement))
    with db.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM visitor_link")) == 0
        assert connection.scalar(text("SELECT count(*) FROM installation")) == 0


def test_a_reader_sees_what_is_committed_by_then(db: Database) -> None:
    with db.read() as connection:
        count = select(func.count()).select_from(idempotency)
        assert connection.scalar(count) == 0
        db.append(unit(b"a"))
        assert connection.scalar(count) == 1


def test_a_long_reader_does_not_keep_writers_waiting(db: Database) -> None:
    db.append(unit(b"a"))
    with db.read() as connection:
        connection.execute(select(idempotency)).first()
        assert db.append(unit(b"b")) is Outcome.STORED


@on_postgres_only
def test_appending_goes_on_after_its_sessions_were_ended(db: Database, database_url: str) -> None:
    for number in range(3):
        assert db.append(unit(f"k{number}".encode(), str(uuid4()))) is Outcome.STORED
        assert end_other_sessions(database_url) > 0
    assert stored(db) == 3


@on_postgres_only
def test_reading_goes_on_after_its_sessions_were_ended(db: Database, database_url: str) -> None:
    assert stored(db) == 0
    assert end_other_sessions(database_url) > 0
    assert stored(db) == 0


@on_postgres_only
def test_a_transaction_whose_session_is_ended_leaves_nothing(
    db: Database, database_url: str
) -> None:
    with pytest.raises(UnavailableError):
        cut_off(db, database_url)
    assert stored(db) == 0


@on_postgres_only
def test_transactions_go_on_after_their_sessions_were_ended(
    db: Database, database_url: str
) -> None:
    with db.write() as tx:
        tx.execute(select(1))
    end_other_sessions(database_url)
    with suppress(UnavailableError), db.write() as tx:
        tx.execute(select(1))
    with db.write() as tx:
        tx.execute(insert(idempotency).values(dict(key_row(b"a").values)))
    assert stored(db) == 1


@on_sqlite_only
def test_a_file_that_another_program_locks_is_waited_for(db: Database, database_url: str) -> None:
    path = make_url(database_url).database or ""
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        waiting = pool.submit(db.append, unit(b"a", str(uuid4())))
        Event().wait(1)
        assert not waiting.done()
        other.execute("COMMIT")
        assert waiting.result() is Outcome.STORED
    assert stored(db) == 1


@on_sqlite_only
def test_what_failed_for_a_lost_database_is_unavailable(db: Database, database_url: str) -> None:
    path = make_url(database_url).database or ""
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE idempotency RENAME TO elsewhere")
    with pytest.raises(UnavailableError):
        db.append(unit(b"a"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE elsewhere RENAME TO idempotency")
    assert db.append(unit(b"a")) is Outcome.STORED

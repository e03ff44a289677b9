"""SQLite: write-ahead log with full sync, one writing thread that stores units in batches."""

import fcntl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from sqlite3 import Connection as SqliteConnection
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert

from consent_service.core.errors import SettingsError, UnavailableError
from consent_service.db.failures import translated
from consent_service.db.unit import Outcome, Row, Unit, given_statement, once_statement, parameters

_MAX_BATCH = 256
_TURN_SECONDS = 10.0
_POLL_SECONDS = 0.002
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "secure_delete=ON",
)


class SqliteDatabase:
    """A SQLite file. Processes that write to it take turns by a lock file beside it."""

    def __init__(self, url: URL, *, threads: int) -> None:
        self._lock_path = Path(f"{url.database}.lock")
        try:
            self._lock_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"{self._lock_path.parent} cannot be used: {error.strerror}"
            ) from error
        self._engine = _engine(url, threads, *_PRAGMAS)
        self._reader = _engine(url, threads, *_PRAGMAS, "query_only=ON")
        self._batches = _BatchWriter(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See `Database.read`."""
        with translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See `Database.write`."""
        with translated(), self._turn(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    def append(self, unit: Unit) -> Outcome:
        """See `Database.append`."""
        return self._batches.submit(unit)

    def dispose(self) -> None:
        """See `Database.dispose`."""
        self._batches.stop()
        self._engine.dispose()
        self._reader.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        until = time.monotonic() + _TURN_SECONDS
        with self._lock_path.open("a") as file:
            while not _taken(file):
                if time.monotonic() > until:
                    raise UnavailableError("another process holds the database")
                time.sleep(_POLL_SECONDS)
            yield


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _BatchWriter:
    """Stores the units that wait in one transaction, each behind a savepoint of its own."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._waiting: SimpleQueue[tuple[Unit, Future[Outcome]] | None] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, unit: Unit) -> Outcome:
        answer: Future[Outcome] = Future()
        with self._start:
            self._ensure_started()
            self._waiting.put((unit, answer))
        return answer.result()

    def stop(self) -> None:
        with self._start:
            if self._thread is not None:
                self._waiting.put(None)
                self._thread.join()
                self._thread = None

    def _ensure_started(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            stopping = self._collect(batch)
            self._store(batch)
            if stopping:
                return

    def _collect(self, batch: list[tuple[Unit, Future[Outcome]]]) -> bool:
        """Add what waits to the batch; tell whether the end was asked for."""
        while len(batch) < _MAX_BATCH:
            try:
                waiting = self._waiting.get_nowait()
            except Empty:
                return False
            if waiting is None:
                return True
            batch.append(waiting)
        return False

    def _store(self, batch: list[tuple[Unit, Future[Outcome]]]) -> None:
        results: list[Outcome | Exception] = []
        try:
            with self._database.write() as connection:
                results = [_store_unit(connection, unit) for unit, _ in batch]
        except Exception as error:  # noqa: BLE001 - whatever it is, every waiting request must hear it
            results = [error] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if isinstance(result, Outcome):
                answer.set_result(result)
            else:
                answer.set_exception(result)


def _store_unit(connection: Connection, unit: Unit) -> Outcome | Exception:
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        with translated():
            outcome = _insert_unit(connection, unit)
    except Exception as error:  # noqa: BLE001 - the neighbours in the batch must not suffer
        connection.exec_driver_sql("ROLLBACK TO unit")
        connection.exec_driver_sql("RELEASE unit")
        return error
    connection.exec_driver_sql("RELEASE unit")
    return outcome


def _insert_unit(connection: Connection, unit: Unit) -> Outcome:
    if unit.given and not _exists(connection, unit.given):
        return Outcome.GONE
    if not connection.execute(once_statement(unit.once), parameters(unit.once)).rowcount:
        return Outcome.REPEATED
    for row in unit.rows:
        connection.execute(insert(row.table), dict(row.values))
    return Outcome.STORED


def _exists(connection: Connection, row: Row) -> bool:
    return connection.execute(given_statement(row), parameters(row)).first() is not None


def _engine(url: URL, threads: int, *pragmas: str) -> Engine:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=threads + 1)

    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return engine

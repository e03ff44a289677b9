"""PostgreSQL: reads and units run as single statements without a surrounding transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError

from consent_service.db.failures import may_retry, translated
from consent_service.db.unit import Outcome, Unit, single_statement

_SETTINGS = "-c timezone=UTC -c statement_timeout=30s -c lock_timeout=5s"


class PostgresDatabase:
    """A PostgreSQL database with a pool for reading and one for writing."""

    def __init__(self, url: URL, *, threads: int) -> None:
        self._writer = create_engine(
            url,
            pool_size=threads,
            pool_timeout=5,
            connect_args={"options": f"{_SETTINGS} -c synchronous_commit=on", "connect_timeout": 5},
        )
        self._appender = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = create_engine(
            url,
            pool_size=threads,
            pool_timeout=5,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "options": f"{_SETTINGS} -c default_transaction_read_only=on",
                "connect_timeout": 5,
            },
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See `Database.read`."""
        with translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See `Database.write`."""
        with translated(), self._writer.begin() as connection:
            yield connection

    def append(self, unit: Unit) -> Outcome:
        """See `Database.append`. Tries again after a lost connection: `once` makes that safe."""
        with translated():
            try:
                return self._append(unit)
            except DBAPIError as error:
                if not may_retry(error):
                    raise
                return self._append(unit)

    def _append(self, unit: Unit) -> Outcome:
        statement, values = single_statement(unit)
        with self._appender.connect() as connection:
            given, once = connection.execute(statement, values).one()
        if not given:
            return Outcome.GONE
        return Outcome.STORED if once else Outcome.REPEATED

    def dispose(self) -> None:
        """See `Database.dispose`."""
        self._writer.dispose()
        self._reader.dispose()

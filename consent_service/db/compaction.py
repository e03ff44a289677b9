"""Rewrites tables, so that nothing of what was removed from them is left in the files."""

from collections.abc import Iterable

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from consent_service.core.errors import UnavailableError
from consent_service.db.failures import translated


def compact(url: str, tables: Iterable[str]) -> bool:
    """Rewrite tables, all of the file on SQLite, as the role that owns them.

    Tells whether the server has written all of it to disk: PostgreSQL lets only some roles ask.
    Whoever reads or writes the tables meanwhile waits.

    Raises:
        UnavailableError: somebody else is using the database for too long.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with translated(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _compact_file(connection)
            return True
        for table in tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {table}")
        return _checkpoint(connection)


def _compact_file(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout=10000")
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    connection.exec_driver_sql("VACUUM")
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy:
        raise UnavailableError("somebody is still reading the database: try again")


def _checkpoint(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql("CHECKPOINT")
    except DBAPIError:
        return False
    return True

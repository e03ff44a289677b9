"""What both engines offer, and the choice between them."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, make_url

from consent_service.core.errors import SettingsError
from consent_service.db.postgres import PostgresDatabase
from consent_service.db.sqlite import SqliteDatabase
from consent_service.db.unit import Outcome, Unit


class Database(Protocol):
    """One database. Services hold it; stores only ever see a `Connection`."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a connection that cannot write; each statement sees what is committed by then."""

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction: committed at the end of the block, rolled back on any exception."""

    def append(self, unit: Unit) -> Outcome:
        """Store a unit; it is durable when this returns.

        Raises:
            ConflictError: a unique constraint does not allow it.
            UnavailableError: the database does not answer.
        """

    def dispose(self) -> None:
        """Close all connections."""


def open_database(url: str, *, threads: int) -> Database:
    """Open the database of a URL, for a process that serves `threads` requests at once.

    Raises:
        SettingsError: the URL names neither SQLite nor PostgreSQL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, threads=threads)
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), threads=threads)
    raise SettingsError("CONSENT_DATABASE_URL must begin with sqlite:// or postgresql://")

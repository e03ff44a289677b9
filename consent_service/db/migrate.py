"""Migrations run from code, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, make_url, text
from sqlalchemy.engine import URL

from consent_service.core.errors import ServiceError
from consent_service.db import guards
from consent_service.db.engine import open_database
from consent_service.db.failures import translated
from consent_service.db.sqlite import SqliteDatabase

_LOCK = 0x434F4E53454E54
_LOCK_TIMEOUT = "5s"


class SchemaError(ServiceError):
    """The database's schema is not the one that this version needs."""

    code = "schema"
    title = "The database schema is not up to date"
    status = 503
    retry_after = 5


class Migrations:
    """The migrations of one database; `url` is of the role that owns the tables."""

    def __init__(
        self, url: str, folder: Path, metadata: MetaData, service_role: str | None
    ) -> None:
        self._url = make_url(url)
        self._folder = folder
        self._metadata = metadata
        self._service_role = service_role

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to a revision and install the guards."""
        with self._locked() as connection:
            guards.remove(connection)
            command.upgrade(self._config(connection), revision)
            guards.install(connection, self._metadata)
            if self._service_role:
                guards.grant(connection, self._metadata, self._service_role)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to a revision; refuses where evidence would be lost."""
        with self._locked() as connection:
            guards.remove(connection)
            command.downgrade(self._config(connection), revision)
            guards.install(connection, self._metadata)

    def differences(self) -> list[str]:
        """Return what differs from the schema and the guards that this version needs.

        Raises:
            SchemaError: there is no database yet.
        """
        self._require_file()
        with self._locked() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            drift = [str(each) for each in compare_metadata(context, self._metadata)]
            return drift + guards.differences(connection, self._metadata)

    def head(self) -> str:
        """Return the newest revision that this version has."""
        return str(ScriptDirectory(str(self._folder)).get_current_head())

    def _config(self, connection: Connection) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self._folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        config.attributes["metadata"] = self._metadata
        return config

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open the database as it is, to look at its schema.

        Raises:
            SchemaError: there is no database yet; none is made by looking.
        """
        self._require_file()
        database = open_database(self._url.render_as_string(hide_password=False), threads=1)
        try:
            with database.read() as connection:
                yield connection
        finally:
            database.dispose()

    def _require_file(self) -> None:
        if self._url.get_backend_name() == "sqlite" and not Path(str(self._url.database)).exists():
            raise SchemaError(
                f"there is no database at {self._url.database}: run `consent-service db upgrade`"
            )

    @contextmanager
    def _locked(self) -> Iterator[Connection]:
        """Open the one transaction in which a migration runs."""
        if self._url.get_backend_name() == "sqlite":
            database = SqliteDatabase(self._url, threads=1)
            try:
                with database.write() as connection:
                    yield connection
            finally:
                database.dispose()
        else:
            with translated(), _postgres_transaction(self._url) as connection:
                yield connection


def check_revision(connection: Connection, head: str) -> None:
    """Check that the schema is at a revision.

    Raises:
        SchemaError: it is at another one, or there is none.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        found = f"at {current}" if current else "empty"
        raise SchemaError(
            f"the schema is {found}, needed is {head}: run `consent-service db upgrade`"
        )


@contextmanager
def _postgres_transaction(url: URL) -> Iterator[Connection]:
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            yield connection
    finally:
        engine.dispose()

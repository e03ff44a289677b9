"""The `world` fixture: everything runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from consent_service.bootstrap import build_migrations
from consent_service.settings import load_settings
from tests.support.world import World, open_world

ENGINES = ["sqlite", "postgres"]


def migrate(url: str, folder: Path) -> None:
    """Bring a database to the newest schema."""
    settings = {"CONSENT_DATABASE_URL": url, "CONSENT_DATA_DIR": str(folder)}
    build_migrations(load_settings(settings)).upgrade()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database, once on each engine."""
    with migrated_database(request, tmp_path, request.param) as url:
        yield url


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A whole service with both examples published, once on each engine."""
    opened = open_world(database_url, tmp_path)
    yield opened
    opened.services.db.dispose()


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """A whole service on SQLite, for what does not depend on the engine."""
    url = f"sqlite:///{tmp_path / 'consent.db'}"
    migrate(url, tmp_path)
    opened = open_world(url, tmp_path)
    yield opened
    opened.services.db.dispose()


@contextmanager
def migrated_database(request: pytest.FixtureRequest, folder: Path, engine: str) -> Iterator[str]:
    """Yield the address of a fresh, migrated database of an engine."""
    if engine == "sqlite":
        url = f"sqlite:///{folder / 'consent.db'}"
        migrate(url, folder)
        yield url
        return
    server = request.getfixturevalue("postgres_server")
    template: str = server.template("migrated", _migrator(folder))
    with server.database(template) as url:
        yield url


def _migrator(folder: Path) -> Callable[[str], None]:
    return lambda url: migrate(url, folder)

"""A service that the tests of one module share."""

from collections.abc import Iterator

import pytest

from tests.fixtures_world import migrate
from tests.support.world import World, open_world


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A whole service on SQLite, for tests that publish nothing and leave the clock alone."""
    folder = tmp_path_factory.mktemp("shared")
    url = f"sqlite:///{folder / 'consent.db'}"
    migrate(url, folder)
    opened = open_world(url, folder)
    yield opened
    opened.services.db.dispose()

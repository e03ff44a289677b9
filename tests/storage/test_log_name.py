"""The name of the logs: fixed by whoever starts first, the same for all ever after."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import text

from consent_service.core.errors import SettingsError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database, open_database
from consent_service.ledger import store
from consent_service.ledger.naming import fix_log_name
from tests.support.clock import FakeClock


class Process:
    """As much of a starting process as fixes the name."""

    def __init__(self, database_url: str) -> None:
        self.db: Database = open_database(database_url, threads=1)
        self._ids = Ids(FakeClock())

    def start(self, configured: str | None) -> str:
        return fix_log_name(self.db, self._ids, configured)

    def close(self) -> None:
        self.db.dispose()


@pytest.fixture
def start(database_url: str) -> Iterator[Callable[[str | None], str]]:
    with closing(Process(database_url)) as process:
        yield process.start


def test_the_name_is_fixed_at_the_first_start(start: Callable[[str | None], str]) -> None:
    assert start("log.example") == "log.example"
    assert start("log.example") == "log.example"
    assert start(None) == "log.example"


def test_another_name_is_refused_ever_after(start: Callable[[str | None], str]) -> None:
    start("log.example")
    with pytest.raises(SettingsError, match=r"other\.example.*named log\.example"):
        start("other.example")
    assert start(None) == "log.example"


def test_a_name_is_made_up_where_none_is_set(start: Callable[[str | None], str]) -> None:
    made = start(None)
    assert made.startswith("log-")
    assert start(None) == made


def test_who_starts_while_another_fixes_the_name_takes_that_one(database_url: str) -> None:
    with (
        closing(Process(database_url)) as first,
        closing(Process(database_url)) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        with first.db.write() as tx:
            store.insert_log_name(tx, "first.example")
            starting = pool.submit(second.start, None)
            wait_until_blocked(first.db, database_url)
        assert starting.result() == "first.example"


def wait_until_blocked(db: Database, url: str) -> None:
    """Wait until another session waits for a lock; on SQLite nobody else can write meanwhile."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while url.startswith("postgresql"):
        with db.read() as connection:
            if connection.scalar(waiting):
                return

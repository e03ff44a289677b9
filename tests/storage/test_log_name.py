"""The name of the logs: fixed by whoever starts first, the same for all ever after."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier

import pytest

from consent_service.core.errors import SettingsError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database, open_database
from consent_service.ledger.service import LedgerService
from tests.support.clock import FakeClock

STARTERS = 8


class Process:
    """As much of a starting process as fixes the name."""

    def __init__(self, database_url: str) -> None:
        clock = FakeClock()
        self._db: Database = open_database(database_url, threads=1)
        self._ledger = LedgerService(self._db, clock, Ids(clock), None)

    def start(self, configured: str | None) -> str:
        return self._ledger.fix_log_name(configured)

    def connect(self) -> None:
        with self._db.read(), self._db.write():
            pass

    def close(self) -> None:
        self._db.dispose()


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


def test_processes_that_start_first_at_once_agree_on_a_name(database_url: str) -> None:
    together = Barrier(STARTERS)

    def first_start(process: Process) -> str:
        process.connect()
        together.wait()
        return process.start(None)

    with ExitStack() as stack:
        processes = [stack.enter_context(closing(Process(database_url))) for _ in range(STARTERS)]
        pool = stack.enter_context(ThreadPoolExecutor(STARTERS))
        assert len(set(pool.map(first_start, processes))) == 1

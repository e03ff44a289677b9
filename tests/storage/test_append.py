"""Appending: a unit is stored whole, once, or not at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from consent_service.consents.tables import idempotency
from consent_service.core.errors import UnavailableError
from consent_service.db.engine import Database, open_database
from consent_service.db.unit import ConflictError, Outcome, Unit
from consent_service.ledger.tables import ledger_pending
from tests.counts import count
from tests.storage.rows import SITE, key_row, pending, unit
from tests.support.engines import on_postgres_only

THREADS = 16


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url, threads=THREADS)
    yield opened
    opened.dispose()


def stored_keys(db: Database) -> set[bytes]:
    with db.read() as connection:
        return {key.rstrip(b".") for key in connection.scalars(select(idempotency.c.key_hash))}


def stored_entries(db: Database) -> set[str]:
    with db.read() as connection:
        return set(connection.scalars(select(ledger_pending.c.entry_id)))


def test_a_unit_is_stored_with_all_its_rows(db: Database) -> None:
    entries = [str(uuid4()) for _ in range(3)]
    assert db.append(unit(b"a", *entries)) is Outcome.STORED
    assert stored_keys(db) == {b"a"}
    assert stored_entries(db) == set(entries)


def test_the_same_key_stores_nothing_more(db: Database) -> None:
    first, second = str(uuid4()), str(uuid4())
    assert db.append(unit(b"a", first)) is Outcome.STORED
    assert db.append(unit(b"a", first)) is Outcome.REPEATED
    assert db.append(unit(b"a", second)) is Outcome.REPEATED
    assert stored_entries(db) == {first}


def test_a_unit_whose_given_row_is_gone_stores_nothing(db: Database) -> None:
    given = key_row(b"nobody")
    gone = Unit(once=key_row(b"a"), rows=(pending(str(uuid4())),), given=given)
    assert db.append(gone) is Outcome.GONE
    assert stored_keys(db) == set()
    assert stored_entries(db) == set()


def test_a_unit_whose_given_row_is_there_is_stored(db: Database) -> None:
    event = str(uuid4())
    first = Unit(once=key_row(b"a", event), rows=())
    assert db.append(first) is Outcome.STORED
    behind = Unit(once=key_row(b"b"), rows=(pending(str(uuid4())),), given=first.once)
    assert db.append(behind) is Outcome.STORED
    assert db.append(behind) is Outcome.REPEATED


def test_a_given_row_must_be_there_in_each_named_column(db: Database) -> None:
    db.append(Unit(once=key_row(b"a", str(uuid4())), rows=()))
    other = Unit(once=key_row(b"b"), rows=(), given=key_row(b"a", str(uuid4())))
    assert db.append(other) is Outcome.GONE


def test_a_conflict_undoes_the_whole_unit(db: Database) -> None:
    taken, fresh = str(uuid4()), str(uuid4())
    db.append(unit(b"a", taken))
    with pytest.raises(ConflictError):
        db.append(unit(b"b", fresh, taken))
    assert stored_keys(db) == {b"a"}
    assert stored_entries(db) == {taken}


def test_a_key_whose_unit_was_undone_can_be_used_again(db: Database) -> None:
    taken, fresh = str(uuid4()), str(uuid4())
    db.append(unit(b"a", taken))
    with pytest.raises(ConflictError):
        db.append(unit(b"b", taken))
    assert db.append(unit(b"b", fresh)) is Outcome.STORED


def test_a_conflict_leaves_its_neighbours_in_the_batch_untouched(db: Database) -> None:
    taken = str(uuid4())
    db.append(unit(b"first", taken))
    units = [
        unit(f"k{number}".encode(), taken if number % 4 == 0 else str(uuid4()))
        for number in range(40)
    ]
    together = Barrier(THREADS)

    def append(number: int) -> str:
        if number < THREADS:
            together.wait()
        try:
            return db.append(units[number]).value
        except ConflictError:
            return "conflict"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(append, range(40)))
    assert outcomes == ["conflict" if n % 4 == 0 else "stored" for n in range(40)]
    assert stored_keys(db) == {b"first"} | {f"k{n}".encode() for n in range(40) if n % 4}


def test_many_appends_at_once_are_all_stored(db: Database) -> None:
    many = count(200, 2000)
    entries = [str(uuid4()) for _ in range(many)]
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(
            pool.map(lambda n: db.append(unit(f"k{n}".encode(), entries[n])), range(many))
        )
    assert outcomes == [Outcome.STORED] * many
    assert stored_entries(db) == set(entries)


def test_of_many_appends_with_one_key_one_is_stored(db: Database) -> None:
    entries = [str(uuid4()) for _ in range(THREADS)]
    together = Barrier(THREADS)

    def append(entry: str) -> Outcome:
        together.wait()
        return db.append(unit(b"same", entry))

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(append, entries))
    assert sorted(outcomes, key=str).count(Outcome.STORED) == 1
    assert outcomes.count(Outcome.REPEATED) == THREADS - 1
    assert stored_entries(db) == {entries[outcomes.index(Outcome.STORED)]}


def test_what_was_appended_is_read_at_once(db: Database) -> None:
    for number in range(20):
        entry = str(uuid4())
        db.append(unit(f"k{number}".encode(), entry))
        assert entry in stored_entries(db)


def test_a_unit_with_several_rows_of_a_table_stores_each(db: Database) -> None:
    entries = [str(uuid4()) for _ in range(20)]
    db.append(unit(b"a", *entries))
    with db.read() as connection:
        query = select(func.count()).where(ledger_pending.c.site_id == SITE)
        assert connection.scalar(query) == 20


@on_postgres_only
def test_a_database_that_is_not_there_is_unavailable(
    request: pytest.FixtureRequest, database_url: str
) -> None:
    lost = open_database(database_url.replace("postgres@/t", "postgres@/lost_t"), threads=1)
    with pytest.raises(UnavailableError):
        lost.append(unit(b"a"))
    with pytest.raises(UnavailableError), lost.read():
        pass
    with pytest.raises(UnavailableError), lost.write():
        pass
    lost.dispose()

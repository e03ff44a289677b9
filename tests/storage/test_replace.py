"""SQLite's INSERT OR REPLACE deletes without a trigger; the guards see through it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Table, UniqueConstraint

from tests.storage.rows import IMMUTABLE_TABLES, NAMES, content, fill, raw
from tests.support.world import World

OTHER_KEYS = [
    (table, {column.name for column in constraint.columns})
    for table in IMMUTABLE_TABLES
    for constraint in table.constraints
    if isinstance(constraint, UniqueConstraint)
]


@pytest.fixture
def filled(sqlite_world: World) -> World:
    fill(sqlite_world)
    return sqlite_world


def columns_of(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def refused(connection: sqlite3.Connection, statement: str) -> bool:
    try:
        connection.execute(statement)
    except sqlite3.IntegrityError as error:
        return "is immutable" in str(error)
    return False


@contextmanager
def unchanged(world: World) -> Iterator[sqlite3.Connection]:
    """Lend a raw connection, and check that evidence is the same after it."""
    before = {name: content(world, name) for name in NAMES}
    assert all(before.values())
    with raw(world) as connection:
        yield connection
    assert {name: content(world, name) for name in NAMES} == before


def replacing(table: Table, same: set[str], *, by_rowid: bool = False) -> str:
    """Return a REPLACE of each row by one that is the same in some columns only."""
    columns = columns_of(table)
    keys = {column.name for column in table.primary_key.columns}
    values = [
        "hex(randomblob(16))" if column in keys and column not in same else column
        for column in columns
    ]
    if by_rowid:
        columns, values = ["rowid", *columns], ["rowid", *values]
    return (
        f"INSERT OR REPLACE INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {table.name}"
    )


def test_a_program_without_any_pragma_cannot_change_or_delete(filled: World) -> None:
    with unchanged(filled) as connection:
        for table in IMMUTABLE_TABLES:
            column = columns_of(table)[0]
            assert refused(connection, f"UPDATE {table.name} SET {column} = 'x'")
            assert refused(connection, f"UPDATE OR REPLACE {table.name} SET {column} = 'x'")
            assert refused(connection, f"UPDATE OR IGNORE {table.name} SET {column} = 'x'")
            assert refused(connection, f"DELETE FROM {table.name}")


def test_a_row_cannot_be_replaced_by_its_primary_key(filled: World) -> None:
    with unchanged(filled) as connection:
        for table in IMMUTABLE_TABLES:
            statement = replacing(table, set(columns_of(table)))
            assert refused(connection, statement), table.name
            assert refused(connection, statement.replace("INSERT OR ", "")), table.name


def test_a_row_cannot_be_replaced_by_its_rowid(filled: World) -> None:
    with unchanged(filled) as connection:
        for table in IMMUTABLE_TABLES:
            assert refused(connection, replacing(table, set(), by_rowid=True)), table.name


def test_a_row_cannot_be_replaced_by_another_unique_key(filled: World) -> None:
    assert {table.name for table, _ in OTHER_KEYS} == {"consent_event", "ledger_leaf"}
    with unchanged(filled) as connection:
        for table, unique in OTHER_KEYS:
            assert refused(connection, replacing(table, unique)), table.name


def test_deleting_the_site_leaves_its_evidence(filled: World) -> None:
    with unchanged(filled) as connection:
        connection.execute("DELETE FROM site")

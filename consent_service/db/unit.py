"""A unit of rows that is stored whole, once, or not at all: what the request path writes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite


@dataclass(frozen=True, slots=True)
class Row:
    """Columns and values of one table: a row to insert, or the row that must exist."""

    table: Table
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Rows that belong together.

    `given` must exist when the unit is stored, and goes on existing until it is; `once` names
    the act: where that row is there already, nothing is stored; `rows` are inserted else.
    """

    once: Row
    rows: tuple[Row, ...]
    given: Row | None = None


class Outcome(Enum):
    """What became of a unit."""

    STORED = "stored"
    REPEATED = "repeated"
    GONE = "gone"


class ConflictError(Exception):
    """A row of the unit breaks a unique constraint; nothing of the unit was stored."""


_Shape = tuple[Table, tuple[str, ...]]


def given_statement(row: Row) -> Select[Any]:
    """Return the question whether `row` exists; run it with `parameters`."""
    return _given(*_shape(row))


def once_statement(row: Row) -> Insert:
    """Return SQLite's insert of `row` where it is not there yet."""
    return _insert_once(*_shape(row))


def parameters(row: Row, prefix: str = "") -> dict[str, Any]:
    """Return the parameters of a statement about `row`."""
    return {f"{prefix}{name}": value for name, value in row.values.items()}


def single_statement(unit: Unit) -> tuple[Executable, dict[str, Any]]:
    """Return the whole unit as one PostgreSQL statement, which answers the counts (given, once).

    The row that must exist is locked against change while the statement runs.
    """
    given = _shape(unit.given) if unit.given else None
    statement = _single(given, _shape(unit.once), tuple(_shape(row) for row in unit.rows))
    values: dict[str, Any] = {}
    for prefix, row in _prefixed(unit):
        values |= parameters(row, prefix)
    return statement, values


def _prefixed(unit: Unit) -> Iterator[tuple[str, Row]]:
    if unit.given:
        yield "given_", unit.given
    yield "once_", unit.once
    yield from ((f"row{number}_", row) for number, row in enumerate(unit.rows))


def _shape(row: Row) -> _Shape:
    return row.table, tuple(row.values)


def _matches(table: Table, names: tuple[str, ...], prefix: str) -> ColumnElement[bool]:
    return and_(
        *(table.c[name] == bindparam(prefix + name, type_=table.c[name].type) for name in names)
    )


@lru_cache(maxsize=64)
def _given(table: Table, names: tuple[str, ...]) -> Select[Any]:
    return select(literal(1)).select_from(table).where(_matches(table, names, ""))


@lru_cache(maxsize=64)
def _insert_once(table: Table, names: tuple[str, ...]) -> Insert:
    values = {name: bindparam(name, type_=table.c[name].type) for name in names}
    return sqlite.insert(table).values(values).on_conflict_do_nothing()


@lru_cache(maxsize=64)
def _single(given: _Shape | None, once: _Shape, rows: tuple[_Shape, ...]) -> Executable:
    once_values = _selected(once, "once_")
    counted: ColumnElement[int] = literal(1)
    if given is not None:
        table, names = given
        existing = (
            select(literal(1).label("found"))
            .select_from(table)
            .where(_matches(table, names, "given_"))
            .with_for_update(read=True)
            .cte("given")
        )
        once_values = once_values.select_from(existing)
        counted = select(func.count()).select_from(existing).scalar_subquery()
    table, names = once
    stored = (
        postgresql.insert(table)
        .from_select(names, once_values)
        .on_conflict_do_nothing()
        .returning(literal(1).label("stored"))
        .cte("once")
    )
    answer = select(counted, select(func.count()).select_from(stored).scalar_subquery())
    for number, shape in enumerate(rows):
        values = _selected(shape, f"row{number}_").select_from(stored)
        answer = answer.add_cte(insert(shape[0]).from_select(shape[1], values).cte(f"row{number}"))
    return answer


def _selected(shape: _Shape, prefix: str) -> Select[Any]:
    table, names = shape
    columns = ((name, table.c[name].type) for name in names)
    return select(*(cast(bindparam(prefix + name, type_=kind), kind) for name, kind in columns))

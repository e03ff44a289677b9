"""Guards: the database itself refuses to change what is immutable.

Tables say by their `info` what they are. On SQLite, triggers refuse UPDATE, DELETE, and an INSERT
that would replace a row; on PostgreSQL they refuse UPDATE, DELETE and TRUNCATE, and a service
role that does not own the tables is granted no right to try. They are installed anew after each
migration. `differences` compares what is installed with what should be.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Table, UniqueConstraint, inspect, text

from consent_service.db.metadata import IMMUTABLE, MOVES, Move

_FUNCTION = "consent_refuse_change"
_PROBE = "guard_probe"
_FUNCTION_BODY = (
    "BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
    "MESSAGE = TG_TABLE_NAME || ' is immutable'; END"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger: its table, its name, and the statement that makes it."""

    table: str
    name: str
    statement: str


def install(connection: Connection, metadata: MetaData) -> None:
    """Install every guard anew."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $body${_FUNCTION_BODY}$body$"
        )
    for guard in _guards(connection, metadata):
        on_table = f" ON {guard.table}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guard.name}{on_table}")
        connection.exec_driver_sql(guard.statement)


def remove(connection: Connection) -> None:
    """Remove every guard, for a migration that is about to change tables."""
    for name, table in _installed_names(connection):
        on_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on_table}")


def grant(connection: Connection, metadata: MetaData, role: str) -> None:
    """Grant the service's role what it needs, and of immutable tables nothing more."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    for table in metadata.sorted_tables:
        connection.exec_driver_sql(f"REVOKE ALL ON {table.name} FROM {quoted}")
        rights = "SELECT, INSERT" if table.info.get(IMMUTABLE) else "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f"GRANT {rights} ON {table.name} TO {quoted}")
        if moves := _moves(table):
            columns = ", ".join(dict.fromkeys(name for move in moves for name in move.columns))
            connection.exec_driver_sql(f"GRANT UPDATE ({columns}) ON {table.name} TO {quoted}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {quoted}")


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Return a sentence for each guard that is missing, altered or switched off."""
    expected = {
        guard.name: _as_stored(connection, guard) for guard in _guards(connection, metadata)
    }
    installed = dict(_installed(connection))
    missing = [f"{name} is missing" for name in sorted(expected.keys() - installed.keys())]
    altered = [
        f"{name} is altered or switched off"
        for name in sorted(expected.keys() & installed.keys())
        if installed[name] != expected[name]
    ]
    return missing + altered + _function_differences(connection)


def _as_stored(connection: Connection, guard: Guard) -> str:
    """Return a guard as the database will tell it: PostgreSQL parses it, so let it do so."""
    if connection.dialect.name != "postgresql":
        return guard.statement
    with connection.begin_nested() as probing:
        connection.exec_driver_sql(f"CREATE TEMP TABLE {_PROBE} (LIKE {guard.table})")
        on_probe = guard.statement.replace(f" ON {guard.table} ", f" ON {_PROBE} ")
        connection.exec_driver_sql(on_probe)
        query = text(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = :probe ::regclass"
        )
        told = connection.scalar(query, {"probe": _PROBE})
        probing.rollback()
    return _without_table(told)


def _without_table(definition: str) -> str:
    return re.sub(r" ON \S+ ", " ON ", definition, count=1)


def _guards(connection: Connection, metadata: MetaData) -> Iterator[Guard]:
    make = _postgres_guards if connection.dialect.name == "postgresql" else _sqlite_guards
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.info.get(IMMUTABLE) and table.name in present:
            # An older schema, on the way up or down, may lack columns.
            columns = {column["name"] for column in inspector.get_columns(table.name)}
            yield from make(table, [c.name for c in table.columns if c.name in columns])


def _sqlite_guards(table: Table, columns: Sequence[str]) -> Iterator[Guard]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table.name} is immutable'); END"
    allowed = _allowed(table, columns, "NEW.{0} IS OLD.{0}")
    when = f" WHEN NOT ({allowed})" if allowed else ""
    yield _guard(table, "update", f"BEFORE UPDATE ON {table.name}{when} {refuse}")
    yield _guard(table, "delete", f"BEFORE DELETE ON {table.name} {refuse}")
    # INSERT OR REPLACE deletes without telling the trigger above, unless the writer opted in.
    present = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table.name} WHERE {_same(key)})"  # noqa: S608 - our own names
        for key in _unique(table)
    )
    yield _guard(table, "insert", f"BEFORE INSERT ON {table.name} WHEN {present} {refuse}")


def _postgres_guards(table: Table, columns: Sequence[str]) -> Iterator[Guard]:
    execute = f"EXECUTE FUNCTION {_FUNCTION}()"
    allowed = _allowed(table, columns, "NOT NEW.{0} IS DISTINCT FROM OLD.{0}")
    when = f" WHEN (NOT ({allowed}))" if allowed else ""
    yield _guard(table, "update", f"BEFORE UPDATE ON {table.name} FOR EACH ROW{when} {execute}")
    yield _guard(table, "delete", f"BEFORE DELETE ON {table.name} FOR EACH ROW {execute}")
    yield _guard(table, "truncate", f"BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT {execute}")


def _guard(table: Table, act: str, rest: str) -> Guard:
    name = f"guard_{table.name}_{act}"
    return Guard(table.name, name, f"CREATE TRIGGER {name} {rest}")


def _allowed(table: Table, columns: Sequence[str], same: str) -> str:
    """Return the condition of the UPDATEs that may be."""
    possible = (move for move in _moves(table) if set(move.columns) <= set(columns))
    conditions = [_condition(move, columns, same) for move in possible]
    if len(conditions) < 2:
        return "".join(conditions)
    return " OR ".join(f"({condition})" for condition in conditions)


def _condition(move: Move, columns: Sequence[str], same: str) -> str:
    empty, filled = ("OLD", "NEW") if move.fills else ("NEW", "OLD")
    changed = [f"{empty}.{name} IS NULL" for name in move.columns]
    moved = " OR ".join(f"{filled}.{name} IS NOT NULL" for name in move.columns)
    kept = [same.format(name) for name in columns if name not in move.columns]
    return " AND ".join([*changed, f"({moved})", *kept])


def _moves(table: Table) -> tuple[Move, ...]:
    return tuple(table.info.get(MOVES, ()))


def _unique(table: Table) -> Iterator[Iterable[str]]:
    yield ("rowid",)
    yield [column.name for column in table.primary_key.columns]
    for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]


def _same(columns: Iterable[str]) -> str:
    return " AND ".join(f"{name} = NEW.{name}" for name in columns)


def _installed_names(connection: Connection) -> list[tuple[str, str]]:
    query = (
        "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND t.tgname LIKE 'guard_%'"
        if connection.dialect.name == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master "
        "WHERE type = 'trigger' AND name LIKE 'guard_%'"
    )
    return [(name, table) for name, table in connection.execute(text(query))]


def _installed(connection: Connection) -> Iterator[tuple[str, str]]:
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT tgname, CASE tgenabled WHEN 'O' THEN pg_get_triggerdef(oid) ELSE '' END "
            "FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'guard_%'"
        )
        yield from ((name, _without_table(told)) for name, told in connection.execute(text(query)))
    else:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard_%'"
        yield from ((name, statement) for name, statement in connection.execute(text(query)))


def _function_differences(connection: Connection) -> list[str]:
    if connection.dialect.name != "postgresql":
        return []
    query = text("SELECT prosrc FROM pg_proc WHERE proname = :name")
    body = connection.scalar(query, {"name": _FUNCTION})
    return [] if body == _FUNCTION_BODY else [f"{_FUNCTION} is missing or altered"]

"""What the tests of the database share: its immutable tables, filled, and raw access to them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, Table, create_engine, insert, make_url, select, text
from sqlalchemy.pool import NullPool

from consent_service.bootstrap import full_metadata
from consent_service.consents.tables import idempotency
from consent_service.db.metadata import IMMUTABLE, MOVES
from consent_service.db.unit import Row, Unit
from consent_service.ledger.tables import attestation, checkpoint, ledger_pending, ledger_tile
from tests.support.world import World

IMMUTABLE_TABLES = [table for table in full_metadata().sorted_tables if table.info.get(IMMUTABLE)]
NAMES = [table.name for table in IMMUTABLE_TABLES]


def fill(world: World) -> None:
    """Leave at least one row in each immutable table."""
    first = world.answer("shop", "accept")
    world.answer("shop", "reject", credential=first["credential"])
    world.services.keeping.run()
    _erase_another_visitor(world)
    world.services.ledger.seal_all()
    _fill_what_only_long_logs_have(world)


def _erase_another_visitor(world: World) -> None:
    answer = world.answer("shop", "accept")
    erased = world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {answer['credential']}"}
    )
    assert erased.status_code == HTTPStatus.OK


def _fill_what_only_long_logs_have(world: World) -> None:
    """Add a tile and what a witness says, without the 256 leaves and the witness."""
    with world.services.db.write() as tx:
        newest = tx.execute(select(checkpoint)).first()
        assert newest
        of_log = {"site_id": newest.site_id, "epoch": newest.epoch}
        tile = {**of_log, "level": 7, "tile_index": 0, "hashes": b"t" * 8192, "root": b"r" * 32}
        tx.execute(insert(ledger_tile).values(tile))
        told = {"kind": "cosignature", "name": "witness", "content": "-", "size": newest.size}
        told["created_at"] = newest.created_at
        tx.execute(insert(attestation).values(**of_log, **told))


def engine(world: World) -> Engine:
    """Open the database as its owner, past everything that the service adds."""
    url = make_url(world.settings.migration_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, poolclass=NullPool)


@contextmanager
def owner(world: World) -> Iterator[Connection]:
    with engine(world).begin() as connection:
        yield connection


@contextmanager
def raw(world: World) -> Iterator[sqlite3.Connection]:
    """Open the SQLite file as any other program would: no pragma, no library of ours."""
    path = make_url(world.settings.database_url).database
    with closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
        yield connection


def disable_guards(connection: Connection, table: str) -> None:
    """Switch a table's guards off, as only its owner can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    for name in connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
        {"table": table},
    ).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def content(world: World, name: str) -> list[tuple[Any, ...]]:
    with owner(world) as connection:
        return sorted(
            (tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))), key=repr
        )


def on_sqlite(world: World) -> bool:
    return world.settings.on_sqlite


def movable(table: Table) -> set[str]:
    """Return the columns of an immutable table that may change by themselves."""
    moves = (move.columns for move in table.info.get(MOVES, ()))
    return {columns[0] for columns in moves if len(columns) == 1}


def key_columns(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


SITE = "018bcfe5-6800-7000-8000-00000000000a"


def key_row(key: bytes, event: str | None = None) -> Row:
    values = {
        "site_id": SITE,
        "key_hash": key.ljust(32, b"."),
        "request_hash": b"r" * 32,
        "event_id": event or str(uuid4()),
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
    }
    return Row(idempotency, values)


def pending(entry: str) -> Row:
    values = {"site_id": SITE, "entry_id": entry, "kind": "event", "leaf_hash": b"l" * 32}
    return Row(ledger_pending, values)


def unit(key: bytes, *entries: str) -> Unit:
    """A unit of a key and some rows; two units with an entry in common conflict."""
    return Unit(once=key_row(key), rows=tuple(pending(entry) for entry in entries))

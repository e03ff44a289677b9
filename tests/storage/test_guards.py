"""Guards: the database itself refuses to change what is immutable, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.storage.rows import IMMUTABLE_TABLES, NAMES, content, fill, key_columns, movable, owner
from tests.support.engines import on_postgres_only
from tests.support.world import World

EXPECTED = {
    "attestation",
    "banner_build",
    "banner_part",
    "banner_script",
    "checkpoint",
    "consent_event",
    "document_text",
    "document_version",
    "installation",
    "ledger_entry",
    "ledger_leaf",
    "ledger_mention",
    "ledger_tile",
    "log",
    "notice",
    "notice_variant",
}


@pytest.fixture
def filled(world: World) -> World:
    fill(world)
    return world


ERASE = (
    "UPDATE consent_event SET visitor = NULL, openings = NULL, reference = NULL "
    "WHERE visitor IS NOT NULL"
)


def first_key(name: str) -> str:
    return key_columns(next(table for table in IMMUTABLE_TABLES if table.name == name))[0]


def refused(world: World, statement: str) -> bool:
    """Tell whether the database refused a statement as a change of what is immutable."""
    try:
        with owner(world) as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        return "is immutable" in str(error.orig)
    return False


def test_all_evidence_is_immutable() -> None:
    assert set(NAMES) >= EXPECTED


def succeeded(world: World, statement: str) -> bool:
    try:
        with owner(world) as connection:
            connection.execute(text(statement))
    except DBAPIError:
        return False
    return True


def test_no_column_of_any_immutable_table_can_be_updated(filled: World) -> None:
    changed = {
        (table.name, column.name)
        for table in IMMUTABLE_TABLES
        for column in table.columns
        if column.name not in movable(table)
        for value in (f"{column.name} || 'x'", "NULL", column.name)
        if succeeded(filled, f"UPDATE {table.name} SET {column.name} = {value}")
    }
    assert changed == set()
    assert [n for n in NAMES if not refused(filled, f"UPDATE {n} SET {first_key(n)} = NULL")] == []


def test_no_row_of_any_immutable_table_can_be_deleted(filled: World) -> None:
    before = {name: content(filled, name) for name in NAMES}
    assert all(before.values())
    assert [name for name in NAMES if not refused(filled, f"DELETE FROM {name}")] == []
    assert {name: content(filled, name) for name in NAMES} == before


@on_postgres_only
def test_no_immutable_table_can_be_truncated(filled: World) -> None:
    for name in NAMES:
        assert refused(filled, f"TRUNCATE {name} CASCADE")
    assert refused(filled, "TRUNCATE site CASCADE")


def test_no_row_can_be_replaced_by_an_upsert(filled: World) -> None:
    for table in IMMUTABLE_TABLES:
        keys, first = ", ".join(key_columns(table)), key_columns(table)[0]
        columns = ", ".join(column.name for column in table.columns)
        upsert = (
            f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.name} WHERE true "
            f"ON CONFLICT ({keys}) DO UPDATE SET {first} = excluded.{first}"
        )
        assert refused(filled, upsert), table.name


def test_new_rows_can_still_be_added(filled: World) -> None:
    before = len(content(filled, "consent_event"))
    filled.answer("shop", "accept")
    assert len(content(filled, "consent_event")) == before + 1


def test_erasing_a_whole_event_is_allowed(filled: World) -> None:
    assert not refused(filled, ERASE)
    assert refused(filled, ERASE.partition("WHERE")[0])
    with owner(filled) as connection:
        named = connection.scalar(text("SELECT count(visitor) FROM consent_event"))
    assert named == 0


PARTS_OR_MORE = [
    "visitor = NULL",
    "openings = NULL",
    "reference = NULL",
    "visitor = NULL, openings = NULL",
    "visitor = NULL, reference = NULL",
    "openings = NULL, reference = NULL",
    "visitor = NULL, openings = '', reference = NULL",
    "visitor = NULL, openings = NULL, reference = NULL, leaf = NULL",
    "visitor = NULL, openings = NULL, reference = NULL, leaf = 'x'",
    "visitor = NULL, openings = NULL, reference = NULL, state = NULL",
    "leaf = NULL, state = NULL",
    "visitor = NULL, openings = NULL, reference = NULL, leaf = NULL, state = NULL, ts = NULL",
    "visitor = NULL, openings = NULL, reference = NULL, visitor_seq = visitor_seq + 9",
    "visitor = NULL, openings = NULL, reference = NULL, type = 'consent.refused', ts = ts",
]


def test_erasing_a_part_or_more_than_that_is_refused(filled: World) -> None:
    for change in PARTS_OR_MORE:
        statement = f"UPDATE consent_event SET {change} WHERE type = 'consent.given'"
        assert refused(filled, statement), change


def test_redacting_a_whole_event_is_allowed_and_cannot_be_undone(filled: World) -> None:
    cleared = {
        "visitor": "018bcfe5-6800-7000-8000-00000000000a",
        "openings": "[]",
        "reference": "000000000000",
        "leaf": "{}",
        "state": "{}",
    }
    redact = ", ".join(f"{name} = NULL" for name in cleared)
    assert not refused(filled, f"UPDATE consent_event SET {redact}")
    for name, value in cleared.items():
        assert refused(filled, f"UPDATE consent_event SET {name} = '{value}'"), name


def test_a_checkpoint_is_published_once(filled: World) -> None:
    with owner(filled) as connection:
        rows = connection.execute(text("SELECT published_at FROM checkpoint")).all()
    assert rows
    assert all(row.published_at for row in rows)
    for value in ("NULL", "'2030-01-01T00:00:00.000Z'"):
        assert refused(filled, f"UPDATE checkpoint SET published_at = {value}")


def test_a_checkpoint_that_waits_can_only_be_published(filled: World) -> None:
    with owner(filled) as connection:
        connection.execute(
            text(
                "INSERT INTO checkpoint SELECT site_id, epoch, size + 1, root, note, created_at, "
                "NULL FROM checkpoint"
            )
        )
    waiting = "WHERE published_at IS NULL"
    published = "published_at = '2026-11-23T00:00:00.000Z'"
    assert refused(filled, f"UPDATE checkpoint SET {published}, note = 'x' {waiting}")
    assert refused(filled, f"UPDATE checkpoint SET note = 'x' {waiting}")
    assert not refused(filled, f"UPDATE checkpoint SET {published} {waiting}")
    assert refused(filled, f"UPDATE checkpoint SET {published}")


def test_an_opening_of_a_control_leaf_can_only_be_erased(filled: World) -> None:
    with owner(filled) as connection:
        connection.execute(
            text(
                "INSERT INTO ledger_entry SELECT site_id, '018bcfe5-6800-7000-8000-00000000000a', "
                "ts, leaf, leaf_hash, '[]' FROM ledger_entry LIMIT 1"
            )
        )
    opened = "WHERE openings IS NOT NULL"
    assert refused(filled, f"UPDATE ledger_entry SET openings = '[1]' {opened}")
    assert refused(filled, f"UPDATE ledger_entry SET openings = NULL, leaf = '{{}}' {opened}")
    assert not refused(filled, f"UPDATE ledger_entry SET openings = NULL {opened}")
    assert refused(filled, "UPDATE ledger_entry SET openings = '[]'")


def test_what_was_erased_cannot_be_filled_again(filled: World) -> None:
    with owner(filled) as connection:
        visitor = connection.scalar(text("SELECT max(CAST(visitor AS text)) FROM consent_event"))
        connection.execute(text(ERASE))
    assert refused(filled, f"UPDATE consent_event SET visitor = '{visitor}'")
    assert refused(filled, "UPDATE consent_event SET openings = '[]'")
    assert refused(filled, "UPDATE consent_event SET reference = '000000000000'")

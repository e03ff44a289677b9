"""The check of the guards notices each that is missing, altered or switched off."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from consent_service.bootstrap import build_migrations
from consent_service.db.migrate import Migrations
from consent_service.settings import load_settings
from tests.support.engines import on_postgres_only

UPDATE_GUARD = "guard_consent_event_update"


@pytest.fixture
def migrations(database_url: str, tmp_path: Path) -> Migrations:
    environ = {"CONSENT_DATABASE_URL": database_url, "CONSENT_DATA_DIR": str(tmp_path)}
    return build_migrations(load_settings(environ))


def run(url: str, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def on_postgres(url: str) -> bool:
    return make_url(url).get_backend_name() == "postgresql"


def drop(url: str, guard: str, table: str) -> None:
    run(url, f"DROP TRIGGER {guard}" + (f" ON {table}" if on_postgres(url) else ""))


def source(url: str, guard: str) -> str:
    engine = create_engine(url, poolclass=NullPool)
    query = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = :name"
        if on_postgres(url)
        else "SELECT sql FROM sqlite_master WHERE name = :name"
    )
    with engine.connect() as connection:
        return str(connection.scalar(text(query), {"name": guard}))


def test_a_dropped_guard_is_named_and_the_next_upgrade_brings_it_back(
    database_url: str, migrations: Migrations
) -> None:
    drop(database_url, "guard_notice_delete", "notice")
    assert migrations.differences() == ["guard_notice_delete is missing"]
    migrations.upgrade()
    assert migrations.differences() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("consent_event_update BEFORE UPDATE ON", "consent_event_update BEFORE UPDATE OF ts ON"),
        ("reference", "leaf"),
        (" AND ", " OR "),
        ("NOT ", ""),
    ],
)
def test_an_altered_guard_is_named(
    database_url: str, migrations: Migrations, old: str, new: str
) -> None:
    statement = source(database_url, UPDATE_GUARD)
    altered = statement.replace("public.", "").replace(old, new, 1)
    assert altered != statement.replace("public.", "")
    drop(database_url, UPDATE_GUARD, "consent_event")
    run(database_url, altered.replace(":", r"\:"))
    assert migrations.differences() == [f"{UPDATE_GUARD} is altered or switched off"]
    migrations.upgrade()
    assert migrations.differences() == []


def test_a_guard_whose_parentheses_moved_is_named(
    database_url: str, migrations: Migrations
) -> None:
    statement = source(database_url, UPDATE_GUARD).replace("public.", "")
    if on_postgres(database_url):
        altered = statement.replace(
            "AND ((old.visitor IS NOT NULL) OR (old.openings IS NOT NULL)",
            "AND (old.visitor IS NOT NULL) OR ((old.openings IS NOT NULL)",
        )
    else:
        altered = statement.replace(
            "AND (OLD.visitor IS NOT NULL OR", "AND OLD.visitor IS NOT NULL OR ("
        )
    assert altered != statement
    drop(database_url, UPDATE_GUARD, "consent_event")
    run(database_url, altered.replace(":", r"\:"))
    assert migrations.differences() == [f"{UPDATE_GUARD} is altered or switched off"]


@on_postgres_only
def test_a_guard_that_is_switched_off_is_named(database_url: str, migrations: Migrations) -> None:
    for change in ("DISABLE TRIGGER", "ENABLE REPLICA TRIGGER"):
        run(database_url, f"ALTER TABLE notice {change} guard_notice_update")
        assert migrations.differences() == ["guard_notice_update is altered or switched off"]


@on_postgres_only
def test_a_function_that_no_longer_refuses_is_named(
    database_url: str, migrations: Migrations
) -> None:
    run(
        database_url,
        "CREATE OR REPLACE FUNCTION consent_refuse_change() RETURNS trigger LANGUAGE plpgsql "
        "AS $$BEGIN RETURN NEW; END$$",
    )
    assert migrations.differences() == ["consent_refuse_change is missing or altered"]
    migrations.upgrade()
    assert migrations.differences() == []


def test_a_table_that_drifted_is_named(database_url: str, migrations: Migrations) -> None:
    run(database_url, "ALTER TABLE idempotency ADD COLUMN extra integer")
    (difference,) = migrations.differences()
    assert "extra" in difference

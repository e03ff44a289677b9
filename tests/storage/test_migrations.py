"""Migrations: up, down, no drift, and what a downgrade refuses."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from consent_service.bootstrap import build_migrations
from consent_service.db.engine import open_database
from consent_service.db.migrate import Migrations, SchemaError, check_revision
from consent_service.publishing.folder import folder_files, read_files
from consent_service.settings import load_settings
from tests.postgres.server import PostgresServer
from tests.storage.rows import owner
from tests.support.world import World

UPGRADE = """
import sys
from consent_service.bootstrap import build_migrations
from consent_service.settings import load_settings
migrations = build_migrations(load_settings({"CONSENT_DATABASE_URL": sys.argv[1]}))
print("ready", flush=True)
sys.stdin.readline()
migrations.upgrade()
"""


def migrations(url: str, folder: Path) -> Migrations:
    return build_migrations(
        load_settings({"CONSENT_DATABASE_URL": url, "CONSENT_DATA_DIR": str(folder)})
    )


def schema(url: str) -> list[str]:
    """Describe everything in a database, so that two can be compared."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if make_url(url).get_backend_name() == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
            return [row[0] for row in connection.execute(text(query))]
        found = inspect(connection)
        described = [
            f"{name}: {found.get_columns(name)} {found.get_pk_constraint(name)} "
            f"{found.get_unique_constraints(name)} {found.get_foreign_keys(name)} "
            f"{found.get_indexes(name)}"
            for name in sorted(found.get_table_names())
        ]
        triggers = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        return described + [row[0] for row in connection.execute(text(triggers))]


def tables(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def revision_problem(url: str, head: str) -> str:
    database = open_database(url, threads=1)
    try:
        with database.read() as connection, pytest.raises(SchemaError) as caught:
            check_revision(connection, head)
    finally:
        database.dispose()
    return caught.value.detail


def start_together(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def test_the_migrated_schema_and_its_guards_are_what_the_code_declares(
    database_url: str, tmp_path: Path
) -> None:
    assert migrations(database_url, tmp_path).differences() == []


def test_upgrading_again_changes_nothing(database_url: str, tmp_path: Path) -> None:
    before = schema(database_url)
    migrations(database_url, tmp_path).upgrade()
    assert schema(database_url) == before


def test_upgrading_again_keeps_every_row(world: World) -> None:
    answer = world.answer("shop", "accept")
    build_migrations(world.settings).upgrade()
    assert world.me("shop", answer["credential"]).status_code == 200


def test_down_and_up_again_gives_the_same_schema(database_url: str, tmp_path: Path) -> None:
    before = schema(database_url)
    steps = migrations(database_url, tmp_path)
    steps.downgrade("base")
    assert tables(database_url) <= {"alembic_version"}
    steps.upgrade()
    assert schema(database_url) == before
    assert steps.differences() == []


def test_a_downgrade_refuses_to_destroy_evidence_and_leaves_all_as_it_was(world: World) -> None:
    answer = world.answer("shop", "accept")
    before = schema(world.settings.migration_url)
    steps = build_migrations(world.settings)
    with pytest.raises(RuntimeError, match="holds evidence"):
        steps.downgrade("base")
    assert schema(world.settings.migration_url) == before
    assert steps.differences() == []
    assert world.me("shop", answer["credential"]).status_code == 200


def test_sites_of_the_first_schema_become_files_that_publish_nothing_anew(world: World) -> None:
    steps = build_migrations(world.settings)
    site = world.services.publishing.files("shop")["site.yaml"]
    steps.downgrade("0001")
    with owner(world) as connection:
        stored = "SELECT source FROM site WHERE key = 'shop'"
        assert connection.scalar(text(stored)) == site
    steps.upgrade()
    files = world.services.publishing.files("shop")
    assert files["site.yaml"] == site
    assert files.keys() == folder_files(world.folder("shop")).keys()
    plan = world.services.publishing.plan(read_files(files))
    assert (plan.documents, plan.notices, plan.settings_changed) == ([], [], False)


OFFICER = """
INSERT INTO officer (officer_id, email, name, role, created_at) VALUES
('018bcfe5-6800-7000-8000-00000000000a', 'a@b.example', 'A', 'owner', '2026-11-23T10:00:00.000Z')
"""
DRAFT = """
INSERT INTO draft (site_id, name, revision, updated_at)
SELECT site_id, 'terms.en.md', 1, '2026-11-23T10:00:00.000Z' FROM site
"""


@pytest.mark.parametrize("fill", [OFFICER, DRAFT])
def test_a_downgrade_keeps_officers_and_drafts(world: World, fill: str) -> None:
    with owner(world) as connection:
        connection.execute(text(fill))
    with pytest.raises(RuntimeError, match="holds evidence"):
        build_migrations(world.settings).downgrade("0001")


def test_a_schema_at_the_newest_revision_is_accepted(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url, threads=1)
    with database.read() as connection:
        check_revision(connection, migrations(database_url, tmp_path).head())
    database.dispose()


def test_another_revision_is_named(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    detail = revision_problem(database_url, "9999")
    assert f"at {found}" in detail
    assert "9999" in detail
    assert "db upgrade" in detail


def test_an_empty_database_is_named(database_url: str, tmp_path: Path) -> None:
    steps = migrations(database_url, tmp_path)
    steps.downgrade("base")
    assert "empty" in revision_problem(database_url, steps.head())


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_processes_that_upgrade_at_once_take_turns(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path / 'fresh.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database()
        request.addfinalizer(lambda: server.drop_database(url))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    start_together(processes)
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert migrations(url, tmp_path).differences() == []

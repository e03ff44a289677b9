"""On PostgreSQL the service may run as a role that could not change evidence if it wanted to."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from consent_service.bootstrap import build_migrations
from consent_service.db.metadata import MOVES
from consent_service.settings import load_settings
from tests.postgres.server import PostgresServer
from tests.storage.rows import IMMUTABLE_TABLES
from tests.support.world import World, open_world

pytestmark = pytest.mark.postgres


class SeparateRoles:
    """A database whose tables one role owns and another uses."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.role = f"service_{secrets.token_hex(4)}"
        password = secrets.token_hex(8)
        server.execute(f"CREATE ROLE {self.role} LOGIN PASSWORD '{password}'")
        self.owner_url = server.create_database()
        name = self.owner_url.partition("?")[0].rpartition("/")[2]
        self.url = server.url(name, user=self.role, password=password)
        self._environ = {
            "CONSENT_DATABASE_URL": self.url,
            "CONSENT_DATABASE_MIGRATION_URL": self.owner_url,
            "CONSENT_DATA_DIR": str(folder),
        }
        build_migrations(load_settings(self._environ)).upgrade()

    def drop(self, server: PostgresServer) -> None:
        server.drop_database(self.owner_url)
        server.execute(f"DROP ROLE {self.role}")


@pytest.fixture
def roles(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[SeparateRoles]:
    made = SeparateRoles(postgres_server, tmp_path)
    yield made
    made.drop(postgres_server)


@contextmanager
def service(roles: SeparateRoles, folder: Path) -> Iterator[World]:
    opened = open_world(roles.url, folder)
    try:
        yield opened
    finally:
        opened.services.db.dispose()


def refusal(url: str, statement: str) -> str | None:
    """Return the SQLSTATE with which a statement is refused."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))
    return None


INSUFFICIENT_PRIVILEGE = "42501"


def test_the_role_publishes_records_and_answers(roles: SeparateRoles, tmp_path: Path) -> None:
    with service(roles, tmp_path) as world:
        given = world.answer("shop", "accept")
        world.answer("shop", "withdraw", credential=given["credential"])
        assert len(world.me("shop", given["credential"]).get_json()["history"]) == 2


def test_the_role_seals_the_log(roles: SeparateRoles, tmp_path: Path) -> None:
    with service(roles, tmp_path) as world:
        world.answer("shop", "accept")
        assert world.services.ledger.seal_all().leaves > 0


def test_the_role_erases(roles: SeparateRoles, tmp_path: Path) -> None:
    with service(roles, tmp_path) as world:
        given = world.answer("shop", "accept")
        erased = world.client.delete(
            "/v1/sites/shop/consents/me",
            headers={"Authorization": f"Consent {given['credential']}"},
        )
        assert erased.status_code == 200, erased.text
        assert erased.get_json()["erased"] == 2


def test_the_role_has_no_right_to_change_what_is_immutable(roles: SeparateRoles) -> None:
    for table in IMMUTABLE_TABLES:
        assert refusal(roles.url, f"DELETE FROM {table.name}") == INSUFFICIENT_PRIVILEGE
        assert refusal(roles.url, f"TRUNCATE {table.name}") == INSUFFICIENT_PRIVILEGE
        assert refusal(roles.url, f"DROP TABLE {table.name} CASCADE") == INSUFFICIENT_PRIVILEGE
        off = f"ALTER TABLE {table.name} DISABLE TRIGGER ALL"
        assert refusal(roles.url, off) == INSUFFICIENT_PRIVILEGE
        movable = {name for move in table.info.get(MOVES, ()) for name in move.columns}
        for column in table.columns:
            if column.name not in movable:
                change = f"UPDATE {table.name} SET {column.name} = {column.name}"
                assert refusal(roles.url, change) == INSUFFICIENT_PRIVILEGE, change


def test_the_role_can_neither_replace_the_guards_nor_step_around_them(
    roles: SeparateRoles,
) -> None:
    replaced = (
        "CREATE OR REPLACE FUNCTION consent_refuse_change() RETURNS trigger "
        "LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$"
    )
    for statement in (
        replaced,
        "DROP FUNCTION consent_refuse_change() CASCADE",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = 'x'",
    ):
        assert refusal(roles.url, statement) == INSUFFICIENT_PRIVILEGE, statement


def test_what_the_role_may_erase_it_may_only_erase_whole(
    roles: SeparateRoles, tmp_path: Path
) -> None:
    with service(roles, tmp_path) as world:
        world.answer("shop", "accept")
    restrict_violation = "23001"
    assert refusal(roles.url, "UPDATE consent_event SET visitor = NULL") == restrict_violation
    assert refusal(roles.url, "UPDATE consent_event SET reference = 'x'") == restrict_violation

"""Migrations: up, down, no drift, and what a downgrade refuses."""

from pathlib import Path

from consent_service.bootstrap import build_migrations
from consent_service.db.migrate import Migrations
from consent_service.settings import load_settings


def migrations(url: str, folder: Path) -> Migrations:
    return build_migrations(
        load_settings({"CONSENT_DATABASE_URL": url, "CONSENT_DATA_DIR": str(folder)})
    )


def test_the_migrated_schema_and_its_guards_are_what_the_code_declares(
    database_url: str, tmp_path: Path
) -> None:
    assert migrations(database_url, tmp_path).differences() == []

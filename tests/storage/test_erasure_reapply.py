"""After an old backup was restored, a newer bundle tells whom to erase again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from consent_service.application import build_app
from consent_service.bootstrap import build_services
from consent_service.cli.retention import stored_leaves
from consent_service.core.errors import InvalidRequestError
from consent_service.settings import load_settings
from tests.evidence.exported import export
from tests.storage.test_retention import erase, shop
from tests.support.keeping import hidden, keep, leaves, named
from tests.support.world import World


@pytest.fixture
def world(sqlite_world: World) -> World:
    return sqlite_world


def backup(world: World, target: Path) -> None:
    source = str(make_url(world.settings.database_url).database)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def restored(world: World, file: Path) -> Iterator[World]:
    """Yield the service on a copy of its database."""
    settings = load_settings(
        {
            "CONSENT_DATA_DIR": str(world.settings.data_dir),
            "CONSENT_DATABASE_URL": f"sqlite:///{file}",
            "CONSENT_ADDRESS_LIMIT": "0",
        }
    )
    services = build_services(settings, clock=world.clock, with_log_keys=True)
    client = build_app(services).test_client(use_cookies=False)
    yield replace(world, settings=settings, services=services, client=client)
    services.db.dispose()


def bundle(world: World, folder: Path) -> Path:
    world.services.ledger.seal_all(wait=True)
    file = folder / "shop.zip"
    file.write_bytes(export(world).data)
    return file


@pytest.mark.parametrize("restrict", [False, True])
def test_whom_the_backup_brought_back_goes_again(
    world: World, tmp_path: Path, restrict: bool
) -> None:
    keep(world, restrict=restrict)
    given = [world.answer("shop", "accept") for _ in range(3)]
    backup(world, tmp_path / "old.db")
    for each in given[:2]:
        erase(world, each["credential"])
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        assert len(named(old)) == 3
        done = old.services.reapplying.run(shop(old), stored_leaves(newer))
        assert (done.visitors, done.restricted if restrict else done.events) == (2, 4)
        assert named(old) == {given[2]["consent"]["visitor"]}
        assert hidden(old) == (
            {each["consent"]["visitor"] for each in given[:2]} if restrict else set()
        )
        again = old.services.reapplying.run(shop(old), stored_leaves(newer))
        assert again.visitors == 0


def test_what_time_removed_needs_no_leaf(world: World, tmp_path: Path) -> None:
    keep(world, months=12, days=30)
    given = world.answer("shop", "accept")
    world.clock.move(days=1)
    world.answer("shop", "reject", credential=given["credential"])
    backup(world, tmp_path / "old.db")
    world.services.ledger.seal_all(wait=True)
    world.clock.move(days=31)
    assert sum(tally.links for tally in world.services.retention.run(shop(world))) == 1
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        assert old.services.reapplying.run(shop(old), stored_leaves(newer)).visitors == 0
        assert named(old) == {given["consent"]["visitor"]}


def test_another_log_s_leaves_are_refused(world: World, tmp_path: Path) -> None:
    world.answer("shop", "accept")
    newer = bundle(world, tmp_path)
    site = world.services.sites.get("news")
    with pytest.raises(InvalidRequestError, match="none of"):
        world.services.reapplying.run(site, stored_leaves(newer))
    for lines in ([b"leaf"], [b"[]"]):
        with pytest.raises(InvalidRequestError):
            world.services.reapplying.run(site, lines)
    assert leaves(world, "log.erasure") == []

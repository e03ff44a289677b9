"""After an old backup was restored, a newer bundle tells whom to erase again."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from consent_service.application import build_app
from consent_service.bootstrap import build_services
from consent_service.cli.main import main
from consent_service.consents.erasure import Erased
from consent_service.consents.reapplying import HoldMissingError
from consent_service.core.errors import InvalidRequestError
from consent_service.exports.returned import open_returned
from consent_service.settings import load_settings
from tests.evidence.exported import export
from tests.fixtures_world import migrate
from tests.storage.test_retention import erase, shop
from tests.support.keeping import hidden, keep, leaves, named
from tests.support.world import World, open_world

OFFICER = "01a207d9-2100-744e-bb2d-6d83deb28131"


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


def bundle(world: World, folder: Path, name: str = "shop.zip", **wanted: Any) -> Path:
    world.services.ledger.seal_all(wait=True)
    file = folder / name
    file.write_bytes(export(world, **wanted).data)
    return file


def reapply(world: World, *files: Path) -> Erased:
    given = open_returned(world.services.db, shop(world), files)
    leaves = chain.from_iterable(each.leaves() for each in given)
    return world.services.reapplying.run(shop(world), leaves)


def command(world: World, *files: Path, status: int = 0) -> Result:
    environment = {
        "CONSENT_DATA_DIR": str(world.settings.data_dir),
        "CONSENT_DATABASE_URL": world.settings.database_url,
    }
    words = ["retention", "reapply", "--site", "shop", *map(str, files)]
    done = CliRunner().invoke(main, words, env=environment)
    assert done.exit_code == status, done.output
    return done


def visitor_of(answer: dict[str, Any]) -> str:
    return str(answer["consent"]["visitor"])


@pytest.mark.parametrize("restrict", [False, True])
def test_whom_the_backup_brought_back_goes_again(
    world: World, tmp_path: Path, restrict: bool
) -> None:
    keep(world, restrict=restrict)
    given = [world.answer("shop", "accept") for _ in range(3)]
    world.services.ledger.seal_all(wait=True)
    backup(world, tmp_path / "old.db")
    for each in given[:2]:
        erase(world, each["credential"])
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        assert len(named(old)) == 3
        done = reapply(old, newer)
        assert (done.visitors, done.restricted if restrict else done.events) == (2, 4)
        assert named(old) == {given[2]["consent"]["visitor"]}
        assert hidden(old) == (
            {each["consent"]["visitor"] for each in given[:2]} if restrict else set()
        )
        again = reapply(old, newer)
        assert again.visitors == 0


def test_what_time_removed_needs_no_leaf(world: World, tmp_path: Path) -> None:
    keep(world, months=12, days=30)
    given = world.answer("shop", "accept")
    world.clock.move(days=1)
    world.answer("shop", "reject", credential=given["credential"])
    world.services.ledger.seal_all(wait=True)
    backup(world, tmp_path / "old.db")
    world.clock.move(days=31)
    assert sum(tally.links for tally in world.services.retention.run(shop(world))) == 1
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        assert reapply(old, newer).visitors == 0
        assert named(old) == {given["consent"]["visitor"]}


def test_another_log_s_leaves_are_refused(world: World, tmp_path: Path) -> None:
    world.answer("shop", "accept")
    newer = bundle(world, tmp_path)
    world.services.ledger.seal_all(wait=True)
    site = world.services.sites.get("news")
    with pytest.raises(InvalidRequestError, match="none of"):
        open_returned(world.services.db, site, [newer])
    for lines in ([b"leaf"], [b"[]"]):
        with pytest.raises(InvalidRequestError):
            world.services.reapplying.run(site, lines)
    assert leaves(world, "log.erasure") == []


def test_only_a_whole_bundle_that_the_log_s_own_keys_signed_is_taken(
    world: World, tmp_path: Path
) -> None:
    given = world.answer("shop", "accept")
    whole = bundle(world, tmp_path)
    visitor = visitor_of(given)
    part = bundle(world, tmp_path, "part.zip", visitor=visitor)
    lines = tmp_path / "events.jsonl"
    with ZipFile(whole) as archive:
        lines.write_bytes(archive.read("events.jsonl"))
    changed = tmp_path / "changed.zip"
    with ZipFile(whole) as old, ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"granted", b"grunted") if "events" in name else data)
    folder = tmp_path / "other"
    folder.mkdir()
    url = f"sqlite:///{folder / 'consent.db'}"
    migrate(url, folder)
    other = open_world(url, folder)
    other.answer("shop", "accept")
    foreign = bundle(other, folder)
    posing = replace(shop(other), log_origin=shop(world).log_origin)
    with pytest.raises(InvalidRequestError, match="is no bundle that holds"):
        open_returned(other.services.db, posing, [whole])
    other.services.db.dispose()
    for file, told in (
        (part, "holds a part of the log"),
        (lines, "is no bundle that holds"),
        (changed, "is no bundle that holds"),
        (foreign, "is none of"),
    ):
        assert told in command(world, file, status=1).stderr, file
    assert "are both of epoch 1" in command(world, whole, whole, status=1).stderr
    assert "1, 5 leaves" in command(world, whole).stdout


def test_a_hold_that_lasts_is_placed_before_whom_it_hides_is_hidden(
    world: World, tmp_path: Path
) -> None:
    given = [world.answer("shop", "accept") for _ in range(2)]
    world.services.ledger.seal_all(wait=True)
    backup(world, tmp_path / "old.db")
    holds = world.services.holds
    over = holds.place(shop(world), "case 1", OFFICER, None)
    world.clock.move(seconds=1)
    holds.release(shop(world), over.hold_id, "settled", OFFICER)
    world.clock.move(seconds=1)
    holds.place(shop(world), "case 2", OFFICER, visitor_of(given[0]))
    erase(world, given[0]["credential"])
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        with pytest.raises(HoldMissingError, match=r"force here: 'case 2' of one visitor\. Place"):
            reapply(old, newer)
        assert len(named(old)) == 2
        old.services.holds.place(shop(old), "case 2", OFFICER, visitor_of(given[0]))
        assert "0 events are erased again, 2 restricted" in command(old, newer).stdout
        assert hidden(old) == {visitor_of(given[0])}
        (told, _) = leaves(old, "log.restriction")
        assert told["reason"] == "hold"
        assert "until" not in told


def test_who_was_hidden_and_then_erased_is_erased(world: World, tmp_path: Path) -> None:
    given = world.answer("shop", "accept")
    world.services.ledger.seal_all(wait=True)
    backup(world, tmp_path / "old.db")
    hold = world.services.holds.place(shop(world), "case 1", OFFICER, None)
    erase(world, given["credential"])
    assert hidden(world)
    world.clock.move(seconds=1)
    world.services.holds.release(shop(world), hold.hold_id, "settled", OFFICER)
    newer = bundle(world, tmp_path)
    for old in restored(world, tmp_path / "old.db"):
        assert reapply(old, newer).events == 2
        assert (named(old), hidden(old)) == (set(), set())


def test_each_epoch_since_the_backup_is_needed(world: World, tmp_path: Path) -> None:
    given = [world.answer("shop", "accept") for _ in range(3)]
    world.services.ledger.seal_all(wait=True)
    backup(world, tmp_path / "old.db")
    erase(world, given[0]["credential"])
    first = bundle(world, tmp_path, "1.zip")
    world.services.ledger.begin_epoch(shop(world).site_id)
    erase(world, given[1]["credential"])
    second = bundle(world, tmp_path, "2.zip", epoch=2)
    for old in restored(world, tmp_path / "old.db"):
        done = command(old, first, status=1)
        assert "No bundle of epoch 2 was given" in done.stderr
        assert named(old) == {visitor_of(each) for each in given[1:]}
        assert "No bundle of epoch 1 was given" in command(old, second, status=1).stderr
        done = command(old, second, first)
        for epoch in (1, 2):
            assert f"Read: {shop(old).log_origin}/{epoch}, " in done.stdout
        assert named(old) == {visitor_of(given[2])}


@pytest.mark.parametrize(
    ("leaf", "told"),
    [
        ({"type": "log.erasure", "leaf": "zz", "reason": "visitor"}, "hexadecimal"),
        ({"type": "log.erasure", "leaf": "ab", "reason": "visitor"}, "`leaf` is no hash"),
        ({"type": "log.erasure", "leaf": "ab" * 32, "reason": "whim"}, "'whim' is not a valid"),
        ({"type": "log.erasure", "leaf": "ab" * 32}, "`reason` is absent"),
        ({"type": "log.erasure", "leaf": 7, "reason": "visitor"}, "no log.erasure of this log"),
        ({"type": "log.restriction", "leaf": "ab" * 32, "reason": "x"}, "no reason to hide"),
        ({"type": "log.restriction", "leaf": "ab" * 32, "reason": "duty"}, "`until` is absent"),
        ({"type": "retention.held"}, "`id` is absent"),
    ],
)
def test_a_leaf_that_no_log_has_is_named(world: World, leaf: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"leaf 0 .*{told}"):
        world.services.reapplying.run(shop(world), [json.dumps(leaf).encode()])

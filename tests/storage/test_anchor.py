"""The anchor: no crash, backup or copy ever leads to two checkpoints that contradict each other."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from consent_service.bootstrap import build_migrations, build_services
from consent_service.core.checkpoints import Checkpoint
from consent_service.core.errors import InvalidRequestError, SettingsError
from consent_service.core.keyring import Keyring
from consent_service.db.engine import Database
from consent_service.ledger.anchor import AnchorFile, HeldAnchor
from consent_service.ledger.fitting import Halt, LogHaltedError
from consent_service.ledger.keys import LogKeys
from consent_service.ledger.service import LedgerService
from consent_service.publishing.folder import read_folder
from tests.storage.logs import (
    another,
    hashes,
    leaves,
    pending_count,
    published,
    require_one_log,
    site_id,
)
from tests.support.world import World


class CrashError(Exception):
    """The process ends here."""


class Fuse:
    """Blows at a step of the protocol, before it or after it took effect."""

    def __init__(self, step: str) -> None:
        self.step = step

    @contextmanager
    def around(self, step: str) -> Iterator[None]:
        if self.step == f"before {step}":
            raise CrashError(step)
        yield
        if self.step == f"after {step}":
            raise CrashError(step)


class CrashingDatabase:
    """A real database whose first and second write of a round may be the last."""

    def __init__(self, db: Database, fuse: Fuse) -> None:
        self._db = db
        self._fuse = fuse
        self._names = iter(["sealing", "publishing"])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        step = next(self._names, "later")
        with self._fuse.around(step), self._db.write() as tx:
            yield tx
            if self._fuse.step == f"within {step}":
                raise CrashError(step)


class CrashingAnchor(AnchorFile):
    """A real anchor; the process may end before or after it is written."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__(path)
        self._fuse = fuse

    @contextmanager
    def held(self) -> Iterator[HeldAnchor]:
        with super().held() as held:
            yield _CrashingHold(held, self._fuse)  # type: ignore[misc]


class _CrashingHold:
    def __init__(self, held: HeldAnchor, fuse: Fuse) -> None:
        self._held = held
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def advance(self, checkpoints: dict[str, Checkpoint]) -> None:
        with self._fuse.around("anchoring"):
            self._held.advance(checkpoints)


STEPS = [
    "within sealing",
    "after sealing",
    "before anchoring",
    "after anchoring",
    "before publishing",
    "within publishing",
    "after publishing",
]


def log_keys(world: World) -> LogKeys:
    directory, clock = world.settings.keys_dir, world.clock
    rings = {
        use: Keyring(directory, use, clock) for use in ("receipt", "checkpoint", "export", "clock")
    }
    return LogKeys(**rings)


def crash(world: World, step: str) -> None:
    """Seal the shop's log in a process that ends at a step."""
    fuse = Fuse(step)
    with another(world) as services:
        ledger = LedgerService(
            CrashingDatabase(services.db, fuse),
            CrashingAnchor(world.settings.anchor_file, fuse),
            world.clock,
            services.ids,
            keys=log_keys(world),
        )
        with pytest.raises(CrashError):
            ledger.seal(site_id(world))


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_leaves_one_log(world: World, step: str, *, is_first: bool) -> None:
    if not is_first:
        world.answer("shop", "accept")
        world.services.ledger.seal_all()
    answers = [world.answer("shop", "accept") for _ in range(3)]
    before = published(world)
    crash(world, step)
    assert published(world)[: len(before)] == before
    answers += [world.answer("shop", "reject") for _ in range(2)]
    world.services.ledger.seal_all()
    require_one_log(world)
    assert pending_count(world) == 0
    sealed = [leaf["id"] for leaf in leaves(world)]
    assert len(sealed) == len(set(sealed))
    assert {answer["consent"]["id"] for answer in answers} <= set(sealed)
    assert published(world)[-1][0] == len(sealed)


def test_nothing_is_visible_before_the_anchor_is_written(world: World) -> None:
    world.answer("shop", "accept")
    crash(world, "before anchoring")
    assert published(world) == []
    assert world.client.get("/v1/sites/shop/log/checkpoint").status_code == 404


def test_a_checkpoint_is_anchored_before_it_is_published(world: World) -> None:
    world.answer("shop", "accept")
    crash(world, "before publishing")
    assert published(world) == []
    anchored = json.loads(world.settings.anchor_file.read_text())["logs"]
    (size,) = [each["size"] for name, each in anchored.items() if name.endswith("/shop/1")]
    assert size == len(hashes(world))
    world.services.ledger.seal_all()
    assert published(world)[0][0] == size


# ------------------------------------------------------------------ backups and copies


@contextmanager
def snapshot(world: World, path: Path) -> Iterator[Callable[[], None]]:
    """Keep the SQLite file as it is now; calling what is lent puts it back."""
    database = Path(world.settings.database_url.removeprefix("sqlite:///"))
    world.services.db.dispose()
    shutil.copy(database, path)

    def restore() -> None:
        world.services.db.dispose()
        for leftover in database.parent.glob(f"{database.name}-*"):
            leftover.unlink()
        shutil.copy(path, database)

    yield restore


def halt_of(world: World, **changed: Any) -> Halt:
    """Try to seal, and return why that is refused; nothing must be signed."""
    before = published(world)
    with another(world, **changed) as services, pytest.raises(LogHaltedError) as refused:
        services.ledger.seal(site_id(world))
    assert published(world) == before
    assert "consent-service ledger" in refused.value.detail
    return refused.value.halt


@pytest.fixture
def restored(sqlite_world: World, tmp_path: Path) -> World:
    """A database put back to where its log was shorter than what was published."""
    world = sqlite_world
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    with snapshot(world, tmp_path / "backup.db") as restore:
        world.answer("shop", "accept")
        world.services.ledger.seal_all()
        restore()
    world.answer("shop", "reject")
    return world


def test_a_restored_backup_seals_nothing(restored: World) -> None:
    assert halt_of(restored) is Halt.BEHIND


def test_a_restored_backup_cannot_be_adopted(restored: World) -> None:
    with pytest.raises(LogHaltedError):
        restored.services.ledger.adopt(site_id(restored))
    assert halt_of(restored) is Halt.BEHIND


def test_a_restored_backup_goes_on_in_a_new_epoch_that_names_the_old_one(restored: World) -> None:
    anchored = json.loads(restored.settings.anchor_file.read_text())["logs"]
    (known,) = [each for name, each in anchored.items() if name.endswith("/shop/1")]
    assert published(restored)[-1][0] < known["size"]
    restored.services.ledger.begin_epoch(site_id(restored))
    restored.services.ledger.seal(site_id(restored))
    genesis, *rest = leaves(restored, epoch=2)
    assert (genesis["type"], genesis["epoch"]) == ("log.genesis", 2)
    assert genesis["previous"]["size"] == known["size"]
    assert genesis["previous"]["root"] == known["root"]
    assert [leaf["type"] for leaf in rest] == ["consent.refused"]
    require_one_log(restored, epoch=2)
    assert pending_count(restored) == 0


def test_a_log_is_sealed_while_another_one_is_at_a_halt(restored: World) -> None:
    restored.answer("news", "acknowledge")
    done = restored.services.ledger.seal_all()
    assert set(done.halted) == {site_id(restored)}
    assert done.leaves >= 1
    require_one_log(restored, "news")


def test_a_database_that_went_another_way_seals_nothing_and_cannot_be_adopted(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    world.services.ledger.seal_all()
    with snapshot(world, tmp_path / "backup.db") as restore:
        world.answer("shop", "accept")
        world.services.ledger.seal_all()
        anchor = world.settings.anchor_file.read_bytes()
        restore()
    world.answer("shop", "reject")
    elsewhere = tmp_path / "elsewhere" / "anchor.json"
    with another(world, anchor_file=elsewhere) as services:
        services.ledger.adopt(site_id(world))
        services.ledger.seal(site_id(world))
    world.settings.anchor_file.write_bytes(anchor)
    world.answer("shop", "accept")
    assert halt_of(world) is Halt.BESIDE
    with pytest.raises(LogHaltedError):
        world.services.ledger.adopt(site_id(world))


def test_a_second_data_directory_seals_nothing(world: World, tmp_path: Path) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    second = tmp_path / "second"
    assert halt_of(world, keys_dir=second, anchor_file=second / "anchor.json") is Halt.UNANCHORED
    world.services.ledger.seal_all()
    require_one_log(world)


@pytest.mark.parametrize("copied", [shutil.copy, shutil.copy2])
def test_a_copied_data_directory_seals_nothing(
    sqlite_world: World, tmp_path: Path, copied: Callable[[str, str], str]
) -> None:
    world = sqlite_world
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    world.services.db.dispose()
    copy = tmp_path / "copy"
    shutil.copytree(world.settings.data_dir, copy, copy_function=copied)
    copied(world.settings.database_url.removeprefix("sqlite:///"), str(copy / "consent.db"))
    elsewhere = {
        "keys_dir": copy / "keys",
        "anchor_file": copy / "keys" / "anchor.json",
        "database_url": f"sqlite:///{copy / 'consent.db'}",
    }
    assert halt_of(world, **elsewhere) is Halt.COPIED
    world.services.ledger.seal_all()
    require_one_log(world)


def test_a_fresh_database_beside_an_old_anchor_seals_nothing(
    sqlite_world: World, tmp_path: Path
) -> None:
    sqlite_world.services.ledger.seal_all()
    settings = replace(
        sqlite_world.settings,
        database_url=f"sqlite:///{tmp_path / 'fresh.db'}",
        migration_url=f"sqlite:///{tmp_path / 'fresh.db'}",
        log_name=sqlite_world.services.log_name,
    )
    build_migrations(settings).upgrade()
    services = build_services(settings, clock=sqlite_world.clock, with_log_keys=True)
    try:
        services.publishing.apply(read_folder(sqlite_world.folder("shop")))
        done = services.ledger.seal_all()
    finally:
        services.db.dispose()
    assert [error.halt for error in done.halted.values()] == [Halt.BEHIND]
    assert done.leaves == 0


def test_a_lost_anchor_is_adopted_by_whoever_knows_that_this_is_the_only_copy(
    world: World,
) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    world.settings.anchor_file.unlink()
    assert halt_of(world) is Halt.UNANCHORED
    assert world.services.ledger.adopt(site_id(world))
    world.services.ledger.seal(site_id(world))
    require_one_log(world)
    assert not world.services.ledger.adopt(site_id(world))


def test_an_anchor_that_was_set_back_halts_and_can_be_adopted(world: World) -> None:
    world.services.ledger.seal_all()
    older = world.settings.anchor_file.read_bytes()
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    world.settings.anchor_file.write_bytes(older)
    world.answer("shop", "accept")
    assert halt_of(world) is Halt.COPIED
    assert world.services.ledger.adopt(site_id(world))
    world.services.ledger.seal(site_id(world))
    require_one_log(world)


def test_a_database_whose_checkpoints_another_anchor_knows_halts(
    world: World, tmp_path: Path
) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    elsewhere = tmp_path / "elsewhere" / "anchor.json"
    with another(world, anchor_file=elsewhere) as services:
        services.ledger.adopt(site_id(world))
        services.ledger.seal(site_id(world))
    world.answer("shop", "accept")
    assert halt_of(world) is Halt.AHEAD


def test_a_backup_that_is_put_back_with_its_anchor_seals_nothing(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    world.services.ledger.seal_all()
    with snapshot(world, tmp_path / "backup.db") as restore:
        shutil.copy2(world.settings.anchor_file, tmp_path / "anchor.json")
        for _ in range(2):
            world.answer("shop", "accept")
            world.services.ledger.seal_all()
        restore()
        shutil.copy2(tmp_path / "anchor.json", world.settings.anchor_file)
    world.answer("shop", "reject")
    assert halt_of(world) is Halt.COPIED


def test_one_log_of_an_anchor_that_was_set_back_is_adopted_and_the_others_stay_halted(
    world: World,
) -> None:
    world.services.ledger.seal_all()
    older = world.settings.anchor_file.read_bytes()
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    world.settings.anchor_file.write_bytes(older)
    assert world.services.ledger.adopt(site_id(world))
    world.answer("shop", "accept")
    world.answer("news", "acknowledge")
    done = world.services.ledger.seal_all()
    assert {each: error.halt for each, error in done.halted.items()} == {
        site_id(world, "news"): Halt.COPIED
    }
    require_one_log(world)


def test_other_rights_and_links_of_the_anchor_stop_nothing(world: World, tmp_path: Path) -> None:
    world.services.ledger.seal_all()
    for file in (world.settings.anchor_file, world.settings.anchor_file.with_suffix(".lock")):
        file.chmod(0o640)
        (tmp_path / file.name).hardlink_to(file)
    world.answer("shop", "accept")
    world.services.ledger.seal(site_id(world))
    require_one_log(world)


def test_a_lock_that_was_lost_halts(world: World) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    for content in ("", "rubbish"):
        world.settings.anchor_file.with_suffix(".lock").write_text(content)
        assert halt_of(world) is Halt.COPIED


def test_an_end_between_anchor_and_lock_is_no_halt(world: World) -> None:
    world.services.ledger.seal_all()
    lock = world.settings.anchor_file.with_suffix(".lock")
    before = lock.read_bytes()
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    lock.write_bytes(before)
    world.answer("shop", "accept")
    world.services.ledger.seal(site_id(world))
    require_one_log(world)


def test_a_new_epoch_takes_a_number_that_nobody_used(sqlite_world: World, tmp_path: Path) -> None:
    world = sqlite_world
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    with snapshot(world, tmp_path / "backup.db") as restore:
        for _ in range(2):
            world.services.ledger.begin_epoch(site_id(world))
            world.services.ledger.seal(site_id(world))
        restore()
    assert world.services.ledger.begin_epoch(site_id(world)).epoch == 4
    world.answer("shop", "accept")
    world.services.ledger.seal(site_id(world))
    assert leaves(world, epoch=4)[0]["previous"]["origin"].endswith("/shop/3")
    require_one_log(world, epoch=4)


def test_adopting_refuses_a_checkpoint_that_the_database_does_not_hold(world: World) -> None:
    world.services.ledger.seal_all()
    world.settings.anchor_file.unlink()
    origin = f"{world.services.log_name}/shop/1"
    size, root = published(world)[-1]
    for known in (
        Checkpoint(origin=origin, size=size + 1, root=root),
        Checkpoint(origin=origin, size=size, root=b"x" * 32),
        Checkpoint(origin=f"{origin}1", size=size, root=root),
    ):
        with pytest.raises(InvalidRequestError, match="is not part of"):
            world.services.ledger.adopt(site_id(world), known)
    assert world.services.ledger.adopt(
        site_id(world), Checkpoint(origin=origin, size=size, root=root)
    )


def test_a_damaged_anchor_stops_sealing_and_is_named(world: World) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    for damaged in (
        "",
        "{}",
        "[]",
        '{"v":2,"turn":9,"logs":{}}',
        '{"v":1,"logs":{}}',
        '{"v":1,"turn":9,"logs":{"x":{}}}',
        "\x00",
    ):
        world.settings.anchor_file.write_text(damaged)
        with another(world) as services, pytest.raises((SettingsError, LogHaltedError)):
            services.ledger.seal(site_id(world))
    assert pending_count(world) > 0


def test_an_anchor_that_cannot_be_written_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        another(world, anchor_file=tmp_path / "file" / "anchor.json") as services,
        pytest.raises(SettingsError, match="CONSENT_ANCHOR_FILE"),
    ):
        services.ledger.seal_all()


def test_status_says_what_is_at_a_halt(world: World) -> None:
    world.services.ledger.seal_all()
    assert world.services.ledger.status(site_id(world)).halted is None
    world.settings.anchor_file.unlink()
    assert "ledger adopt" in str(world.services.ledger.status(site_id(world)).halted)

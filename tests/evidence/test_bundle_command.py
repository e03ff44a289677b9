"""`consent-service export --format bundle`: a whole file or none, and how to check it by hand."""

import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench.bundle import CASES, prepare
from bench.bundle import export as measured_export
from consent_service.access.model import Role
from consent_service.cli import export as command
from consent_service.cli.main import main
from consent_service.core.commitments import opened
from consent_service.core.keyring import ROTATION_DELAY, rotate
from consent_service.exports.model import OvertakenError
from consent_service.exports.service import ExportService
from tests.counts import LONG, count
from tests.evidence.exported import (
    Exported,
    begin,
    erase,
    export,
    filled,
    redact,
    sealed_world,
    verify,
    vkey_of,
)
from tests.support.keeping import keep
from tests.support.world import World

Sealed = tuple[World, list[dict[str, Any]]]
# Where Debian's golang-golang-x-mod-dev puts the module.
GO_MODULES = Path("/usr/share/gocode/src/golang.org/x/mod")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """A filled world that the tests here only read, and its answers."""
    with sealed_world(tmp_path_factory.mktemp("sealed")) as lent:
        yield lent


def run(world: World, *arguments: str, status: int = 0) -> Result:
    environment = {
        "CONSENT_DATA_DIR": str(world.settings.data_dir),
        "CONSENT_DATABASE_URL": world.settings.database_url,
    }
    done = CliRunner().invoke(main, ["export", "--site", "shop", *arguments], env=environment)
    assert done.exit_code == status, done.output
    return done


def bundle_file(world: World, folder: Path, *arguments: str) -> tuple[Path, Result]:
    output = folder / "shop.zip"
    done = run(world, "--format", "bundle", "--output", str(output), *arguments)
    return output, done


def test_the_command_seals_writes_and_says_how_to_check(world: World, tmp_path: Path) -> None:
    filled(world)
    world.answer("shop", "accept")
    output, done = bundle_file(world, tmp_path, "--with", "kantara,csv")
    bundle = Exported(output.read_bytes())
    verify(bundle, vkey_of(world))
    assert bundle.manifest["counts"]["events"] == 6
    assert {"events.csv", "kantara.jsonl"} < set(bundle.files)
    assert "receipts27560.jsonl" not in bundle.files
    assert "10 leaves of shop, as of log size 10; 0 pending." in done.stderr
    assert f"consent-service verify {output} --vkey '{vkey_of(world)}'" in done.stderr
    again, _ = bundle_file(world, tmp_path, "--as-of", "10", "--with", "csv,kantara")
    assert again.read_bytes() == bundle.data


def test_the_key_to_check_by_is_one_that_signed(sqlite_world: World, tmp_path: Path) -> None:
    world = sqlite_world
    filled(world)
    signer = vkey_of(world)
    for use in ("checkpoint", "export"):
        rotate(world.settings.keys_dir, use, world.clock, world.services.ids)
    world.clock.move(seconds=10)
    world.services.ledger.seal_all()
    assert vkey_of(world) != signer
    bundle = export(world)
    verify(bundle, signer)
    assert f"--vkey '{signer}'" in bundle.files["VERIFY.md"].decode()
    assert len(_openssl(bundle, tmp_path)) == 3
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    world.clock.move(seconds=ROTATION_DELAY.total_seconds() + 10)
    world.services.ledger.seal_all()
    for epoch, vkey in ((None, vkey_of(world, epoch=2)), (1, signer)):
        begun = begin(world, epoch=epoch).bundle
        assert begun
        assert begun.vkey == vkey


def test_an_owner_gets_what_is_restricted(sqlite_world: World, tmp_path: Path) -> None:
    world = sqlite_world
    keep(world, restrict=True)
    for role in (Role.OWNER, Role.AUDITOR):
        world.services.officers.add(f"{role}@example.com", "Ada", role)
    answers = filled(world)
    erase(world, answers[0])
    visitor = answers[0]["consent"]["visitor"]
    found = ("--visitor", visitor)
    output, _ = bundle_file(world, tmp_path, *found, "--officer", "owner@example.com")
    bundle = Exported(output.read_bytes())
    verify(bundle, vkey_of(world))
    assert visitor in str(opened(bundle.openings[bundle.manifest["range"]["indexes"][0]]))
    for who in ((), ("--officer", "auditor@example.com")):
        run(world, "--format", "bundle", "--output", str(output), *found, *who, status=1)


def test_a_bundle_goes_to_standard_output_too(sealed: Sealed) -> None:
    world, _ = sealed
    data = run(world, "--format", "bundle", "--without-openings").stdout_bytes
    verify(Exported(data), vkey_of(world))
    assert Exported(data).manifest["openings"] == "withheld"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--type", "consent.given"], "type: a bundle holds every leaf"),
        (["--resume", "3"], "resume: a bundle is signed as a whole"),
        (["--with", "csv,pdf"], "--with: must be of csv, 27560, kantara"),
        (["--as-of", "0"], "--as-of: "),
        (["--as-of", "999"], "as_of: no checkpoint of 999 leaves is published"),
        (["--epoch", "7"], "the log of shop has no epoch 7"),
        (["--visitor", "nobody"], "--visitor: "),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    sealed: Sealed, tmp_path: Path, arguments: list[str], told: str
) -> None:
    world, _ = sealed
    output = tmp_path / "out" / "shop.zip"
    output.parent.mkdir()
    done = run(world, "--format", "bundle", "--output", str(output), *arguments, status=1)
    assert told in done.stderr
    assert list(output.parent.iterdir()) == []


def test_an_interrupted_export_leaves_what_was_there(sealed: Sealed, tmp_path: Path) -> None:
    world, _ = sealed
    output, _ = bundle_file(world, tmp_path)
    before = output.read_bytes()

    def fill_the_disk() -> None:
        with command._opened(output, resumes=False) as file:
            file.write(b"half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert output.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if "shop" in each.name] == ["shop.zip"]


class Overtaken(ExportService):
    """Exports that are overtaken for the first times."""

    times = 0

    def stream(self, export: Any) -> Iterator[tuple[bytes, int]]:
        chunks = super().stream(export)
        if self.times:
            self.times -= 1
            yield next(chunks)
            raise OvertakenError("leaf 3 was erased")
        yield from chunks


@pytest.mark.parametrize(("times", "status"), [(2, 0), (5, 1)])
def test_an_overtaken_export_is_begun_again(
    sqlite_world: World, tmp_path: Path, times: int, status: int
) -> None:
    world = sqlite_world
    filled(world)
    exports = Overtaken(world.services.db, world.services.exports._keyring)
    exports.times = times
    object.__setattr__(world.services, "exports", exports)
    site = world.services.sites.get("shop")
    wanted = command._wanted({"form": "bundle"})
    output = tmp_path / "shop.zip"
    if status:
        with pytest.raises(OvertakenError):
            command._write_file(world.services, site, wanted, output)
        assert not output.exists()
    else:
        command._write_file(world.services, site, wanted, output)
        verify(Exported(output.read_bytes()), vkey_of(world))


def test_an_ended_epoch_that_was_erased_from_is_not_begun_again(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    answers = filled(world)
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    erase(world, answers[0])
    output = tmp_path / "shop.zip"
    done = run(world, "--format", "bundle", "--output", str(output), "--epoch", "1", status=1)
    assert "has ended; 2 of its leaves were erased since" in done.stderr
    assert "begins again" not in done.stderr
    assert not output.exists()


def test_the_steps_with_openssl_work_as_written(sealed: Sealed, tmp_path: Path) -> None:
    world, _ = sealed
    bundle = export(world)
    assert _openssl(bundle, tmp_path / "whole") == [
        "Signature Verified Successfully",
        "Signature Verified Successfully",
        "the manifest is the signed one",
    ]


@pytest.mark.parametrize(
    ("name", "left"),
    [("checkpoint", 2), ("manifest.json", 2), ("manifest.note", 1)],
)
def test_the_steps_with_openssl_find_what_was_changed(
    sealed: Sealed, tmp_path: Path, name: str, left: int
) -> None:
    world, _ = sealed
    bundle = export(world)
    bundle.files[name] = bundle.files[name].replace(b"1", b"2", 1).replace(b"9", b"8", 1)
    assert len([each for each in _openssl(bundle, tmp_path) if "Failure" not in each]) == left


@pytest.mark.skipif(not LONG or not GO_MODULES.is_dir(), reason="long, and Go's modules are needed")
def test_the_program_for_go_works_as_written(sqlite_world: World, tmp_path: Path) -> None:
    answers = filled(sqlite_world)
    redact(sqlite_world, answers[2])
    sqlite_world.services.ledger.seal_all()
    bundle = export(sqlite_world)
    assert _go(bundle, sqlite_world, tmp_path / "whole") == [
        f"{bundle.manifest['log']['origin']} has 10 leaves: the signature holds",
        "the leaves are those of the checkpoint",
    ]
    bundle.files["events.jsonl"] = bundle.files["events.jsonl"].replace(b"granted", b"grunted", 1)
    assert len(_go(bundle, sqlite_world, tmp_path / "changed")) == 1


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    peaks = []
    for number in (count(500, 10_000), count(4_000, 100_000)):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = prepare(folder, number)
        output = folder / "shop.zip"
        told = measured_export(environment, output, number, *CASES["derived"])
        peaks.append(told["peak_mib"])
        with zipfile.ZipFile(output) as archive:
            assert archive.read("events.jsonl").count(b"\n") == number + 4
    assert peaks[1] < peaks[0] + 8


def _go(bundle: Exported, world: World, folder: Path) -> list[str]:
    """Run the program of the guide; return what it prints before it stops."""
    program = re.search(r"```go\n(.*?)```", bundle.files["VERIFY.md"].decode(), re.DOTALL)
    assert program
    _unpack(bundle, folder)
    (folder / "main.go").write_text(program[1])
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(GO_MODULES.parents[3]),
        "GOCACHE": str(folder.parent / "cache"),
    }
    done = subprocess.run(
        ["go", "run", "main.go", str(folder), vkey_of(world)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def _unpack(bundle: Exported, folder: Path) -> None:
    for name, data in bundle.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _openssl(bundle: Exported, folder: Path) -> list[str]:
    """Run the shell steps of the guide as they are written; return what they print."""
    guide = bundle.files["VERIFY.md"].decode()
    steps = re.search(r"```sh\n(.*?)```", guide, re.DOTALL)
    assert steps
    _unpack(bundle, folder)
    done = subprocess.run(
        ["sh", "-c", steps[1]], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()

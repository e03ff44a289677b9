"""`consent-service ledger`, as an operator runs it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service.cli.main import main
from tests.storage.logs import published, require_one_log, site_id
from tests.support.world import World


def run(world: World, *arguments: str) -> Result:
    environment = {
        "CONSENT_DATA_DIR": str(world.settings.data_dir),
        "CONSENT_DATABASE_URL": world.settings.database_url,
    }
    return CliRunner().invoke(main, ["ledger", *arguments], env=environment)


@pytest.fixture
def sealed(sqlite_world: World) -> World:
    sqlite_world.answer("shop", "accept")
    sqlite_world.services.ledger.seal_all()
    return sqlite_world


def test_status_shows_every_log(sealed: World) -> None:
    sealed.answer("shop", "reject")
    done = run(sealed, "status")
    assert done.exit_code == 0, done.output
    assert "news" in done.output
    (shop,) = json.loads(run(sealed, "status", "--site", "shop", "--json").stdout)
    assert shop["log"] == f"{sealed.services.log_name}/shop/1"
    assert shop["pending"] == 1
    assert shop["oldest_pending"]
    assert shop["halted"] is None
    assert shop["size"] == published(sealed)[-1][0]


def test_seal_returns_when_everything_is_published(sealed: World) -> None:
    sealed.answer("shop", "reject")
    done = run(sealed, "seal")
    assert (done.exit_code, done.output) == (0, "Sealed 1 leaves.\n")
    require_one_log(sealed)


def test_a_halt_is_shown_with_what_to_do_and_fails(sealed: World) -> None:
    sealed.settings.anchor_file.unlink()
    sealed.answer("shop", "reject")
    status = run(sealed, "status")
    assert status.exit_code == 1
    assert "shop is at a halt" in status.stderr
    assert "consent-service ledger adopt" in status.stderr
    for arguments in (["seal"], ["seal", "--site", "shop"]):
        seal = run(sealed, *arguments)
        assert seal.exit_code == 1
        assert "ledger adopt" in seal.stderr


def test_adopting_needs_the_operators_word(sealed: World, tmp_path: Path) -> None:
    sealed.settings.anchor_file.unlink()
    refused = run(sealed, "adopt", "--site", "shop")
    assert refused.exit_code == 1
    assert "--only-copy" in refused.stderr
    kept = tmp_path / "kept"
    kept.write_text("nothing")
    wrong = run(sealed, "adopt", "--site", "shop", "--only-copy", "--checkpoint", str(kept))
    assert wrong.exit_code == 1
    assert "holds none" in wrong.stderr
    kept.write_text(sealed.services.logs.checkpoint(site_id(sealed)))
    done = run(sealed, "adopt", "--site", "shop", "--only-copy", "--checkpoint", str(kept))
    assert (done.exit_code, done.output) == (0, "shop is sealed again from now on.\n")
    again = run(sealed, "adopt", "--site", "shop", "--only-copy")
    assert "nothing was changed" in again.output


def test_an_epoch_begins_and_is_sealed(sealed: World) -> None:
    assert run(sealed, "epoch", "--site", "shop").exit_code == 1
    done = run(sealed, "epoch", "--site", "shop", "--only-copy")
    assert done.output == f"{sealed.services.log_name}/shop/2 has begun.\n"
    require_one_log(sealed, epoch=2)


def test_an_audit_says_what_it_checked(sealed: World) -> None:
    done = run(sealed, "audit")
    assert done.exit_code == 0, done.output
    assert f"{sealed.services.log_name}/shop/1: {published(sealed)[-1][0]} leaves" in done.output
    assert "shop: everything is as its rows say." in done.output


def test_an_audit_names_a_difference_and_rebuilds_on_request(sealed: World) -> None:
    with sealed.services.db.write() as tx:
        tx.exec_driver_sql("DELETE FROM visitor_state")
    found = run(sealed, "audit", "--site", "shop", "--json")
    assert found.exit_code == 1
    (shop,) = json.loads(found.stdout)
    assert "use --rebuild" in shop["differences"][0]["what"]
    rebuilt = run(sealed, "audit", "--site", "shop", "--rebuild")
    assert rebuilt.exit_code == 0
    assert "the projection of 1 visitors was put right" in rebuilt.output
    assert run(sealed, "audit", "--site", "shop").exit_code == 0


@pytest.mark.parametrize("command", ["status", "seal", "audit", "adopt", "epoch"])
def test_help_has_an_example(sqlite_world: World, command: str) -> None:
    assert f"consent-service ledger {command}" in run(sqlite_world, command, "--help").output


def test_what_does_not_seal_makes_no_keys_of_the_log(sqlite_world: World, tmp_path: Path) -> None:
    environment = {
        "CONSENT_DATA_DIR": str(tmp_path / "web"),
        "CONSENT_DATABASE_URL": sqlite_world.settings.database_url,
    }
    done = CliRunner().invoke(main, ["ledger", "status"], env=environment)
    assert done.exit_code == 0, done.output
    made = {path.name for path in (tmp_path / "web" / "keys").glob("*")}
    assert not made & {"checkpoint.json", "clock.json", "anchor.json"}

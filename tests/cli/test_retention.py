"""What is past its time, and legal holds, by the command."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from consent_service.publishing.folder import read_folder
from consent_service.resources import bundled
from tests.cli.conftest import Command
from tests.cli.visiting import OWNER, answer, forget, services
from tests.support.clock import FakeClock
from tests.support.world import unlinted

BY = ("--site", "shop", "--officer", OWNER, "--reason", "case 12 O 345")
NOTHING = {"links": 0, "proofs": 0, "restricted": 0}


@pytest.fixture
def old(ready: Command, tmp_path: Path) -> Command:
    """The command on a shop that recorded a refusal, and a later one, five years ago."""
    folder = tmp_path / "shop"
    shutil.copytree(bundled("examples") / "shop", folder, ignore=shutil.ignore_patterns("www"))
    clock = FakeClock()
    clock.move(days=-5 * 365)
    with services(tmp_path, clock) as opened:
        unlinted(opened).apply(read_folder(folder))
    first = answer(tmp_path, "reject", clock)
    clock.move(days=1)
    answer(tmp_path, "reject", clock, credential=first["credential"])
    ready("ledger", "seal")
    ready("officer", "add", OWNER, "--name", "Olga Owner", "--role", "owner")
    ready("officer", "add", "ed@example.com", "--name", "Ed Editor", "--role", "editor")
    return ready


def plan(command: Command) -> dict[str, Any]:
    (told,) = json.loads(command("retention", "plan", "--site", "shop", "--json").output)
    return dict(told)


def test_what_is_past_its_time_is_planned_then_removed(old: Command) -> None:
    told = plan(old)
    assert (told["site"], told["proof_months"], told["openings_days"]) == ("shop", 36, None)
    assert told["now"] == told["in_30_days"] == {"links": 0, "proofs": 2, "restricted": 0}
    assert told["holds"] == []
    assert "proofs" in old("retention", "plan", "--all").output
    (done,) = json.loads(old("retention", "run", "--all", "--json").output)
    assert done == {"site": "shop", "links": 0, "proofs": 2, "restricted": 0}
    assert plan(old)["now"] == NOTHING
    assert "removed" in old("retention", "run", "--site", "shop").output
    old("ledger", "seal")
    assert old("export", "--site", "shop", "--format", "jsonl").exit_code == 0


def test_a_hold_keeps_it_until_an_owner_releases_it(old: Command, tmp_path: Path) -> None:
    hold = json.loads(old("retention", "hold", *BY, "--json").output)
    assert (hold["visitor"], hold["reason"]) == (None, "case 12 O 345")
    told = plan(old)
    assert told["now"] == NOTHING
    assert told["holds"] == [hold]
    shown = old("retention", "plan", "--all").output
    assert f"hold {hold['hold']} keeps all of it: case 12 O 345" in shown
    old("retention", "run", "--all")
    given = answer(tmp_path, "accept")
    assert forget(tmp_path, given["credential"]).get_json()["restricted"] == 2
    released = old("retention", "release", *BY, "--hold", hold["hold"], "--json").output
    assert json.loads(released) == {"hold": hold["hold"], "erased": 2}
    assert plan(old)["now"]["proofs"] == 2
    again = old("retention", "release", *BY, "--hold", hold["hold"], status=1).output
    assert "There is no such hold" in again


def test_only_an_owner_places_and_releases_holds(old: Command) -> None:
    hold = old("retention", "hold", *BY).output.strip()
    for officer in ("ed@example.com", "nobody@example.com"):
        by = ("--site", "shop", "--officer", officer, "--reason", "x")
        assert "may not do that" in old("retention", "hold", *by, status=1).output
        told = old("retention", "release", *by, "--hold", hold, status=1).output
        assert "may not do that" in told
    assert [each["hold"] for each in plan(old)["holds"]] == [hold]


def test_a_visitor_who_is_unknown_cannot_be_held(old: Command) -> None:
    whom = ("--visitor", "0193a2b4-0000-7000-8000-000000000000")
    assert "Nothing is on record" in old("retention", "hold", *BY, *whom, status=1).output
    old("retention", "hold", *BY, "--visitor", "me", status=2)


def test_a_site_or_all_must_be_named(old: Command) -> None:
    for verb in ("plan", "run"):
        old("retention", verb, status=2)
        old("retention", verb, "--all", "--site", "shop", status=2)
        assert "no such site" in old("retention", verb, "--site", "other", status=1).output


def test_tables_are_rewritten(old: Command) -> None:
    assert old("retention", "compact").output == "The tables are rewritten.\n"
    assert json.loads(old("retention", "compact", "--json").output)["checkpoint"] is True
    assert plan(old)["now"]["proofs"] == 2

"""`consents import`: older consents are taken over once, and are worth what they prove."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from consent_service.core.clock import format_time
from consent_service.core.errors import UnavailableError
from consent_service.imports.model import Format, Tally, Wrong
from consent_service.imports.reader import read_records
from tests.api.backing import Backend
from tests.api.calls import personal, rewrite, stored_events
from tests.api.test_asked_since import CHANGED, POLICY, SENTENCE
from tests.cli.conftest import Command
from tests.counts import count
from tests.support.world import World

AT = "2026-11-01T12:00:00Z"
Run = Callable[..., tuple[Tally, list[Wrong]]]


def record(number: int = 1, **members: Any) -> dict[str, Any]:
    return {"id": str(number), "at": AT, "decisions": {"analytics": "granted"}, **members}


@pytest.fixture
def run(world: World) -> Run:
    """Import records as the command does, by the world's clock."""

    def run(
        *records: dict[str, Any], site: str = "shop", notice: int | None = 1, dry: bool = False
    ) -> tuple[Tally, list[Wrong]]:
        world.clock.move(days=1)
        lines = "".join(f"{json.dumps(each)}\n" for each in records).encode()
        tally, told = Tally(), list[Wrong]()
        steps = world.services.imports.run(
            world.services.sites.get(site),
            read_records(io.BytesIO(lines), Format.JSONL),
            tally,
            notice=notice,
            dry_run=dry,
            tell=told.append,
        )
        for _ in steps:
            pass
        return tally, told

    return run


def problems(told: Sequence[Wrong]) -> list[tuple[int, str]]:
    return [(each.line, problem.field) for each in told for problem in each.problems]


def test_a_record_is_imported_once(world: World, run: Run) -> None:
    records = [record(number) for number in range(1, 4)]
    assert run(*records)[0] == Tally(imported=3)
    assert run(*records)[0] == Tally(repeated=3)
    assert run(*records, record(4))[0] == Tally(imported=1, repeated=3)
    assert run(record(5), record(5))[0] == Tally(imported=1, repeated=1)
    assert len(stored_events(world)) == 5


def test_two_imports_at_once_store_each_record_once(world: World, run: Run) -> None:
    records = [record(number) for number in range(50)]

    def attempt(_: int) -> int:
        try:
            return run(*records)[0].imported
        except UnavailableError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 50
    assert run(*records)[0] == Tally(repeated=50)
    assert len(stored_events(world)) == 50


def test_the_same_id_with_another_content_is_refused(world: World, run: Run) -> None:
    run(record(1))
    for other in (
        record(1, decisions={"analytics": "denied"}),
        record(1, at="2026-11-01T12:00:01Z"),
        record(1, subject="u1"),
        record(1, locale="de"),
    ):
        tally, told = run(other)
        assert (tally, problems(told)) == (Tally(wrong=1), [(1, "id")])
    same_moment = record(1, at="2026-11-01T13:00:00+01:00", notice=1)
    assert run(same_moment)[0] == Tally(repeated=1)
    assert len(stored_events(world)) == 1


def test_ids_are_of_one_site_and_kept_as_keyed_hashes(world: World, run: Run) -> None:
    run(record(1, id="ada@example.org"))
    news = record(
        1, id="ada@example.org", decisions={}, documents={"terms": 1}, at="2026-11-23T11:00:00Z"
    )
    assert run(news, site="news")[0] == Tally(imported=1)
    assert "ada" not in str(stored_events(world))


def test_a_dry_run_says_the_same_and_stores_nothing(world: World, run: Run) -> None:
    records = [record(1), record(1), record(2, locale="fr"), record(3)]
    tally, told = run(*records, dry=True)
    assert tally == Tally(imported=2, repeated=1, wrong=1)
    assert stored_events(world) == []
    again, told_again = run(*records)
    assert (again, problems(told_again)) == (tally, problems(told))


def test_what_does_not_fit_is_told_by_line_and_field(world: World, run: Run) -> None:
    world.clock.move(hours=2)
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    world.apply("shop")
    tomorrow = format_time(world.clock.now() + timedelta(days=2))
    tally, told = run(
        record(1, notice=9),
        record(2, locale="fr"),
        record(3, decisions={"weather": "granted"}),
        record(4, decisions={"necessary": "granted"}),
        record(5, at=tomorrow),
        record(6, documents={"imprint": 1}),
        record(7, documents={"terms": 9}),
        record(8, documents={"privacy-policy": 1}),
        record(9, documents={"privacy-policy": 1}, at="2026-11-23T11:00:00Z"),
        record(10, documents={"privacy-policy": 2}, at="2026-11-23T11:00:00Z"),
        record(11, documents={"privacy-policy": 1}, at="2026-11-23T13:00:00Z"),
    )
    assert problems(told) == [
        (1, "notice"),
        (2, "locale"),
        (3, "decisions.weather"),
        (4, "decisions.necessary"),
        (5, "at"),
        (6, "documents.imprint"),
        (7, "documents.terms"),
        (8, "documents.privacy-policy"),
        (10, "documents.privacy-policy"),
        (11, "documents.privacy-policy"),
    ]
    assert (tally.imported, len(stored_events(world))) == (1, 1)
    _, told = run(record(10), notice=None)
    assert problems(told) == [(1, "notice")]


def test_the_log_says_that_it_was_imported(world: World, run: Run) -> None:
    run(record(1, locale="de", decisions={"analytics": "granted", "marketing": "denied"}))
    (event,) = stored_events(world)
    leaf = json.loads(event.leaf)
    assert (leaf["type"], leaf["method"], leaf["why"]) == ("consent.imported", "import", "import")
    assert leaf["ts"] == "2026-11-24T10:00:00.000Z"
    assert leaf["decisions"] == {"analytics": "granted", "marketing": "denied"}
    assert leaf["locale"] == "de"
    assert "variant" not in leaf["notice"]
    said = personal(leaf, json.loads(event.openings))
    assert said == {"visitor": str(event.visitor), "claimed_at": "2026-11-01T12:00:00.000Z"}
    world.services.ledger.seal_all()
    shown = exported(world, "jsonl")
    assert json.loads(shown)["event"] == leaf
    (row,) = csv.DictReader(io.StringIO(exported(world, "csv")))
    assert (row["type"], row["claimed_at"]) == ("consent.imported", said["claimed_at"])


def exported(world: World, form: str) -> str:
    _, secret = world.services.access.create("auditor", ["export"], [], None)
    path = f"/v1/manage/sites/shop/export?format={form}"
    return world.client.get(path, headers={"Authorization": f"Bearer {secret}"}).text


def test_a_link_makes_the_backend_s_question_answerable(world: World, run: Run) -> None:
    run(record(1, subject="u1"))
    told = Backend(world).check(subject="u1")
    assert (told["allowed"], told["event"]["type"]) == (True, "consent.imported")
    assert told["until"] == "2027-05-05T12:00:00.000Z"
    assert not Backend(world).may("marketing", subject="u1")


def test_what_has_expired_stays_expired(world: World, run: Run) -> None:
    run(record(1, at="2026-05-01T12:00:00Z", subject="u1"))
    assert Backend(world).check(subject="u1")["why"] == "expired"


def test_an_older_grant_loses_against_a_newer_denial(world: World, run: Run) -> None:
    given = world.answer("shop", "reject")
    backend = Backend(world)
    backend.link("u1", given["credential"])
    run(record(1, subject="u1"))
    told = backend.check(subject="u1")
    assert (told["allowed"], told["event"]["id"]) == (False, given["consent"]["id"])
    run(record(2, subject="u1", at="2026-11-24T09:00:00Z"))
    assert backend.may(subject="u1")


# ------------------------------------------------------------------------------ the command


PAST = "2026-10-01T12:00:00Z"
Import = Callable[..., Result]


@pytest.fixture
def import_(shop: Path, ready: Command, tmp_path: Path) -> Import:
    """Import a text into the shop by the command."""

    def import_(text: str, *options: str, name: str = "older.jsonl", status: int = 0) -> Result:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        arguments = ("--site", "shop", "--notice", "1", *options)
        return ready("consents", "import", str(file), *arguments, status=status)

    return import_


def test_the_command_takes_both_formats(import_: Import) -> None:
    as_csv = f"id,at,decisions\n1,{PAST},analytics=granted\n2,{PAST},analytics=denied\n"
    done = import_(as_csv, "--json", name="OLDER.CSV")
    assert json.loads(done.stdout) == {"imported": 2, "repeated": 0, "wrong": 0}
    done = import_(json.dumps(record(1, at=PAST)))
    assert done.stdout == "0 imported, 1 known already, 0 wrong.\n"
    done = import_(json.dumps(record(3, at=PAST)), "--dry-run")
    assert done.stdout == "1 would be imported, 0 known already, 0 wrong.\n"
    assert done.stderr == ""
    done = import_(as_csv, "--format", "csv", name="older.txt")
    assert done.stdout == "0 imported, 2 known already, 0 wrong.\n"


def test_wrong_lines_are_named_and_leave_status_1(import_: Import) -> None:
    done = import_("\n".join(["{"] * 60), status=1)
    told = done.stderr.splitlines()
    assert told[0].startswith("line 1: is no JSON")
    assert (len(told), told[-1]) == (51, "and 10 more")
    assert done.stdout == "0 imported, 0 known already, 60 wrong.\n"


def test_a_wrong_header_is_told_at_once(import_: Import) -> None:
    done = import_("id,at,colour\n", name="older.csv", status=1)
    assert "colour is no column" in done.stderr


# ------------------------------------------------------------------------------ many

MEASURED = """
import resource, sys
from consent_service.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def test_many_records_twice_are_stored_once_in_little_memory(shop: Path, tmp_path: Path) -> None:
    total = count(2_000, 100_000)

    def imported(number: int) -> tuple[dict[str, int], int]:
        """Import that many records; return the tally, and the most kilobytes that it took."""
        file = tmp_path / "older.jsonl"
        with file.open("w", encoding="utf-8") as writing:
            for each in range(number):
                writing.write(json.dumps(record(each, at=PAST, subject=f"u{each}")) + "\n")
        arguments = ["consents", "import", str(file), "--site", "shop", "--notice", "1", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *arguments],
            env={**os.environ, "CONSENT_DATA_DIR": str(tmp_path / "data")},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout), int(done.stderr.split()[-1])

    few = total // 10
    first, little = imported(few)
    assert first == {"imported": few, "repeated": 0, "wrong": 0}
    second, much = imported(total)
    assert second == {"imported": total - few, "repeated": few, "wrong": 0}
    third, again = imported(total)
    assert third == {"imported": 0, "repeated": total, "wrong": 0}
    assert max(much, again) - little < 20 * 1024
    (database,) = (tmp_path / "data").glob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM consent_event").fetchone() == (total,)

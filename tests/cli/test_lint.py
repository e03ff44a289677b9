"""`site lint`: what it prints, its status, and that it needs no database."""

import json
import shutil
from pathlib import Path

import pytest

from consent_service.resources import bundled
from tests.cli.conftest import Command

WAIVERS = """
waivers:
  - {rule: implied-consent, officer: ada@example.com, reason: We hold that it does no harm.}
"""


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """The plain notice of the example as if it asked for consent."""
    folder = tmp_path / "news"
    shutil.copytree(bundled("examples") / "news", folder, ignore=shutil.ignore_patterns("www"))
    path = folder / "site.yaml"
    path.write_text(path.read_text().replace("notice-only", "eu-opt-in"))
    return folder


def test_findings_are_told_like_those_of_a_compiler(command: Command, news: Path) -> None:
    told = command("site", "lint", str(news), status=1).output
    text = (news / "site.yaml").read_text().splitlines()
    line = next(number for number, each in enumerate(text, 1) if "By using" in each)
    (implied,) = [each for each in told.splitlines() if "implied-consent" in each]
    assert implied.startswith(
        f"site.yaml:{line}: error implied-consent: says “By using Harbour Daily, you agree” (GDPR"
    )
    assert ". Mend: Say what is asked" in implied
    assert told.splitlines()[-1] == f"{news}: 5 error(s)."
    files = [each.split(":")[0] for each in told.splitlines()[:-1]]
    assert files == sorted(files)


def test_no_database_is_made(command: Command, news: Path, tmp_path: Path) -> None:
    command("site", "lint", str(news), status=1)
    assert not (tmp_path / "data").exists()


def test_findings_that_are_no_errors_leave_the_status_alone(command: Command) -> None:
    told = command("site", "lint", str(bundled("examples") / "shop")).output
    assert "info language-not-known" in told
    assert told.endswith("shop: 2 note(s).\n")


def test_a_site_without_findings_says_so(command: Command) -> None:
    told = command("site", "lint", str(bundled("examples") / "news")).output
    assert told.endswith("news: nothing found.\n")


def test_findings_come_as_json(command: Command, news: Path) -> None:
    found = json.loads(command("site", "lint", str(news), "--json", status=1).output)
    assert {"implied-consent", "no-refusal", "no-purposes"} <= {each["rule"] for each in found}
    assert set(found[0]) == {
        *("rule", "severity", "message", "mend", "sources"),
        *("file", "line", "field", "waived"),
    }
    assert (
        json.loads(command("site", "lint", str(bundled("examples") / "news"), "--json").output)
        == []
    )


def test_waived_errors_do_not_count(command: Command, news: Path) -> None:
    path = news / "site.yaml"
    path.write_text(path.read_text() + WAIVERS)
    told = command("site", "lint", str(news), status=1).output
    assert "error (waived) implied-consent" in told
    assert told.endswith(": 4 error(s), 1 waived.\n")


def test_a_folder_that_cannot_be_read_is_told_in_the_same_form(
    command: Command, news: Path
) -> None:
    path = news / "site.yaml"
    path.write_text(path.read_text() + "colour: red\n")
    line = path.read_text().count("\n")
    told = command("site", "lint", str(news), status=1).output
    assert told.startswith(f"site.yaml:{line}: error invalid-site: colour is no field here")
    found = json.loads(command("site", "lint", str(news), "--json", status=1).output)
    assert [(each["rule"], each["line"]) for each in found] == [("invalid-site", line)]


def test_a_folder_that_is_not_there_is_told(command: Command, tmp_path: Path) -> None:
    assert "does not exist" in command("site", "lint", str(tmp_path / "gone"), status=2).output
    (tmp_path / "empty").mkdir()
    told = command("site", "lint", str(tmp_path / "empty"), status=1).output
    assert "site.yaml:1: error invalid-site: is missing" in told


def test_the_schema_of_site_yaml_is_printed(command: Command) -> None:
    schema = json.loads(command("site", "schema").output)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "origins" in schema["required"]

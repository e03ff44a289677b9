"""The command: what an operator types, and what it answers."""

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from consent_service.cli.main import main
from consent_service.publishing.files import head
from consent_service.publishing.folder import folder_files
from consent_service.resources import bundled
from tests.cli.conftest import Command, edit
from tests.support.world import World, open_world


def test_a_new_site_takes_three_commands(ready: Command, tmp_path: Path) -> None:
    folder = str(tmp_path / "site")
    ready("site", "init", folder, "--key", "mine", "--origin", "https://www.example.com")
    applied = ready("site", "apply", folder)
    assert "mine: new site" in applied.output
    embed = ready("site", "embed", "mine")
    assert 'src="http://127.0.0.1:8000/v1/sites/mine/consent-banner.js"' in embed.output
    (listed,) = json.loads(ready("site", "list", "--json").output)
    assert (listed["site"], listed["head"]) == ("mine", head(folder_files(Path(folder))))
    assert listed["head"][:12] in ready("site", "list").output


def test_a_pinned_tag_is_checked_by_its_hash(ready: Command) -> None:
    ready("site", "apply", str(bundled("examples") / "shop"))
    told = json.loads(ready("site", "embed", "shop", "--pinned", "--json").output)
    tag = re.fullmatch(
        r'<script async src="http://127\.0\.0\.1:8000/static/b/[0-9a-f]{32}/a\.js" '
        r'integrity="sha384-(\S+)" crossorigin="anonymous" data-site="shop"></script>',
        told["tag"],
    )
    assert tag
    banner = (bundled("static") / "consent-banner.js").read_bytes()
    assert base64.b64decode(tag[1]) == hashlib.sha384(banner).digest()
    assert "upgrade" in ready("site", "embed", "shop", "--pinned").output


@pytest.mark.parametrize("kind", ["notice", "opt-in"])
def test_each_starter_can_be_published(ready: Command, tmp_path: Path, kind: str) -> None:
    folder = str(tmp_path / kind)
    origin = "https://www.example.com"
    ready("site", "init", folder, "--kind", kind, "--key", "mine", "--origin", origin)
    assert json.loads(ready("site", "apply", folder, "--json").output)["warnings"] == []


def test_a_starter_is_never_written_over_a_site(ready: Command, tmp_path: Path) -> None:
    arguments = ("site", "init", str(tmp_path), "--key", "mine", "--origin", "https://a.example")
    ready(*arguments)
    assert "already" in ready(*arguments, status=1).output


def test_applying_again_publishes_nothing(ready: Command) -> None:
    folder = str(bundled("examples") / "shop")
    first = json.loads(ready("site", "apply", folder, "--json").output)
    assert [each["kind"] for each in first["documents"]] == ["privacy-policy", "terms"]
    assert "nothing changed" in ready("site", "plan", folder).output
    assert "nothing changed" in ready("site", "apply", folder).output


def test_a_plan_publishes_nothing(ready: Command) -> None:
    planned = ready("site", "plan", str(bundled("examples") / "news"))
    assert "would publish notice 1" in planned.output
    assert json.loads(ready("site", "list", "--json").output) == []


def test_a_wrong_folder_is_told_field_by_field(ready: Command, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("key: UPPER\nnickname: x\n")
    told = ready("site", "apply", str(tmp_path), status=1).output
    for field in ("site.yaml:1: key", "site.yaml:2: nickname", "site.yaml:1: controller"):
        assert field in told


def test_the_proxy_rule_of_path_mode_keeps_management_behind(
    ready: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(bundled("examples") / "shop", folder)
    site = folder / "site.yaml"
    path_mode = "embed: {mode: path, base_url: https://shop.example/privacy}"
    edit(site, "embed: {mode: external}", path_mode)
    edit(site, 'origins: ["http://localhost:8002"]', "origins: [https://shop.example]")
    ready("site", "apply", str(folder))
    rule = ready("site", "embed", "shop").output
    assert "location ~ ^/privacy/(" in rule
    assert "manage" not in rule


@pytest.mark.parametrize("mode", ["path", "subdomain"])
def test_a_mode_that_needs_an_address_says_so(ready: Command, mode: str) -> None:
    ready("site", "apply", str(bundled("examples") / "shop"))
    told = ready("site", "embed", "shop", "--mode", mode, status=1).output
    assert f"embed.base_url: is needed in site.yaml for mode {mode}" in told
    assert "location" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("site", "list"),
        ("token", "list"),
        ("officer", "list"),
        ("db", "check"),
        ("ledger", "status"),
    ],
)
def test_looking_makes_no_database(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert "consent-service db upgrade" in command(*arguments, status=1).output
    assert not (tmp_path / "data").exists()


def test_a_database_without_schema_says_what_to_do(command: Command) -> None:
    assert "consent-service db upgrade" in command("site", "list", status=1).output


def test_wrong_settings_are_all_told_at_once(command: Command) -> None:
    told = command(
        "db", "upgrade", status=1, CONSENT_BIND="nowhere", CONSENT_THREADS="0", CONSENT_COLOUR="red"
    ).output
    for name in ("CONSENT_BIND", "CONSENT_THREADS", "CONSENT_COLOUR"):
        assert name in told


def test_a_checked_schema_tells_what_differs(ready: Command, tmp_path: Path) -> None:
    assert json.loads(ready("db", "check", "--json").output) == {"differences": []}
    import sqlite3

    with sqlite3.connect(tmp_path / "data" / "consent.db") as connection:
        connection.execute("DROP TRIGGER guard_notice_update")
    connection.close()
    assert "guard_notice_update is missing" in ready("db", "check", status=1).output


def test_serving_on_a_taken_port_says_which_setting_to_change(ready: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        told = ready("serve", status=1, CONSENT_BIND=bind).output
    assert bind in told
    assert "CONSENT_BIND" in told


def test_the_demo_on_a_taken_port_says_how_to_take_another(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = command("demo", "--port", str(taken.getsockname()[1]), status=1).output
    assert "PORT=" in told


def test_keys_are_listed_without_secrets_rotated_and_revoked(
    ready: Command, tmp_path: Path
) -> None:
    ready("key", "rotate", "credential")
    listed = json.loads(ready("key", "list", "--json").output)
    rings = [each for each in listed if each["use"] == "credential"]
    assert len(rings) == 2
    assert "secret" not in rings[0]
    secrets = json.loads((tmp_path / "data" / "keys" / "credential.json").read_text())["keys"]
    assert all(each["secret"] not in ready("key", "list").output for each in secrets)
    ready("key", "revoke", "credential", rings[0]["kid"])
    assert "rotate" in ready("key", "revoke", "credential", rings[1]["kid"], status=1).output


def test_api_keys_are_shown_once_and_listed_without_themselves(ready: Command) -> None:
    ready("site", "apply", str(bundled("examples") / "shop"))
    create = ("token", "create", "auditor", "--scope", "export", "--json")
    made = json.loads(ready(*create, "--site", "shop").output)
    assert made["key"].startswith("cs_")
    assert made["key"] not in ready("token", "list").output
    ready("token", "revoke", made["id"])
    assert "no api key" in ready("token", "revoke", made["id"], status=1).output
    assert "no site" in ready(*create, "--site", "unknown", status=1).output


def test_every_command_has_help_with_an_example() -> None:
    from click import Command as ClickCommand
    from click import Context, Group

    def walk(command: ClickCommand, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if isinstance(command, Group):
            context = Context(command)
            names = command.list_commands(context)
            found = [(name, command.get_command(context, name)) for name in names]
            return [each for name, sub in found if sub for each in walk(sub, (*path, name))]
        return [path]

    for path in walk(main, ()):
        shown = CliRunner().invoke(main, [*path, "--help"]).output
        assert "Example" in shown, path
        assert f"consent-service {' '.join(path)}" in shown, path


@pytest.fixture
def recorded(ready: Command, tmp_path: Path) -> World:
    """A site with a few events, in the database that the command uses."""
    database = f"sqlite:///{tmp_path / 'data' / 'consent.db'}"
    world = open_world(database, tmp_path)
    for action in ("accept", "reject", "accept"):
        world.answer("shop", action)
        world.clock.move(seconds=1)
    return world


def test_an_export_seals_what_waits_and_holds_every_event(
    ready: Command, recorded: World, tmp_path: Path
) -> None:
    exported = ready("export", "--site", "shop", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(exported.stdout)))
    assert [row["type"] for row in rows] == ["consent.given", "consent.refused", "consent.given"]
    assert "3 events of shop" in exported.stderr
    target = tmp_path / "shop.jsonl"
    ready("export", "--site", "shop", "--format", "jsonl", "--output", str(target))
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["event"]["id"] for line in lines] == [row["id"] for row in rows]


def test_an_export_goes_on_where_a_file_ends(
    ready: Command, recorded: World, tmp_path: Path
) -> None:
    target = tmp_path / "shop.csv"
    arguments = ("export", "--site", "shop", "--format", "csv", "--output", str(target))
    ready(*arguments)
    whole = target.read_bytes()
    recorded.answer("shop", "reject")
    last = whole.decode().splitlines()[-1].split(",")[0]
    ready(*arguments, "--resume", last)
    resumed = target.read_bytes()
    assert resumed.startswith(whole)
    ready(*arguments)
    assert target.read_bytes() == resumed


def test_an_export_names_the_option_that_is_wrong(ready: Command, recorded: World) -> None:
    told = ready("export", "--site", "shop", "--format", "csv", "--from", "now", status=1).output
    assert "--from" in told


def test_the_log_is_shown_and_sealed(ready: Command, recorded: World) -> None:
    before = json.loads(ready("ledger", "status", "--json").output)
    assert {row["site"]: row["pending"] for row in before}["shop"] > 0
    ready("ledger", "seal")
    after = json.loads(ready("ledger", "status", "--json").output)
    assert {row["pending"] for row in after} == {0}


@pytest.mark.parametrize(
    ("option", "value"), [("--origin", "https://a.example/path"), ("--key", "UPPER")]
)
def test_a_starter_is_only_written_where_it_can_be_published(
    ready: Command, tmp_path: Path, option: str, value: str
) -> None:
    folder = tmp_path / "site"
    given = {"--key": "mine", "--origin": "https://a.example", option: value}
    arguments = [part for pair in given.items() for part in pair]
    assert option in ready("site", "init", str(folder), *arguments, status=1).output
    assert not folder.exists()

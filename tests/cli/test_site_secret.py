"""`key site-secret`, and the pieces of docs/backends.md that use it, as they stand there."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from consent_service.cli.main import main
from consent_service.core import keyring
from consent_service.core.clock import SystemClock
from tests.api.backing import Backend
from tests.api.calls import refused
from tests.support.world import World

DOCS = Path(__file__).parents[2] / "docs" / "backends.md"


def printed(world: World, *arguments: str, status: int = 0) -> str:
    settings = world.settings
    environment = {
        "CONSENT_DATA_DIR": str(settings.data_dir),
        "CONSENT_DATABASE_URL": settings.database_url,
    }
    done = CliRunner().invoke(main, ["key", "site-secret", *arguments], env=environment)
    assert done.exit_code == status, done.output
    if status == 0:
        assert "secret: for the backend" in done.stderr
        return done.stdout
    return done.stderr


def secrets(world: World, site: str = "shop") -> dict[str, str]:
    return {row["kid"]: row["secret"] for row in json.loads(printed(world, site, "--json"))}


def snippet(language: str, known: dict[str, str]) -> str:
    """Return a piece of code of the page, with secrets in their place."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    found, count = re.subn(r"\{ ?\"?KID\"?: \"SECRET\" ?\}", json.dumps(known), code)
    assert count == 1
    return str(found)


def in_python(world: World, known: dict[str, str], token: str) -> tuple[Any, bool, str]:
    names: dict[str, Any] = {}
    exec(snippet("python", known), names)
    names["time"] = SimpleNamespace(time=world.clock.now().timestamp)
    state = names["read_state"](token)
    granted = state is not None and names["is_granted"](state, "analytics")
    return state, granted, names["assertion"]("u1")


def in_node(world: World, known: dict[str, str], token: str) -> tuple[Any, bool, str]:
    code = snippet("js", known) + (
        f"Date.now = () => {world.clock.now().timestamp() * 1000};"
        f"const state = readState({json.dumps(token)});"
        "const granted = state !== null && isGranted(state, 'analytics');"
        "console.log(JSON.stringify([state, granted, assertion('u1')]));"
    )
    node = ["node", "--input-type=module", "--eval", code]
    done = subprocess.run(node, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    state, granted, assertion = json.loads(done.stdout)
    return state, granted, assertion


LANGUAGES = pytest.mark.parametrize("run", [in_python, in_node], ids=["python", "node"])


def link(world: World, assertion: str, credential: str) -> TestResponse:
    return world.client.post(
        "/v1/sites/shop/consents/me/subject",
        json={"assertion": assertion},
        headers={"Authorization": f"Consent {credential}"},
    )


@LANGUAGES
def test_a_backend_reads_a_state_and_says_who_it_is(sqlite_world: World, run: Any) -> None:
    world = sqlite_world
    given = world.answer("shop", "choose", decisions={"analytics": True})
    state, granted, assertion = run(world, secrets(world), given["state_token"])
    assert (state["site"], granted) == ("shop", True)
    assert link(world, assertion, given["credential"]).get_json()["linked"] is True
    assert Backend(world).may(subject="u1")


@LANGUAGES
def test_a_backend_takes_no_forged_and_no_foreign_state(sqlite_world: World, run: Any) -> None:
    world = sqlite_world
    known = secrets(world)
    given = world.answer("shop", "reject")
    token = given["state_token"]
    assert run(world, known, token)[1] is False
    last = "A" if token[-1] != "A" else "E"
    foreign = world.answer("news", "acknowledge")["state_token"]
    for other in (f"{token[:-1]}{last}", foreign, given["credential"], "", "a.b", "a.b.c"):
        assert run(world, known, other)[0] is None, other


def test_another_site_s_secret_says_nothing_here(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")
    _, _, assertion = in_python(world, secrets(world, "news"), given["state_token"])
    refused(link(world, assertion, given["credential"]), 422, "assertion_refused")


def test_each_accepted_key_has_its_secret(sqlite_world: World) -> None:
    world = sqlite_world
    folder, clock = world.settings.keys_dir, SystemClock()
    before = secrets(world)
    made = keyring.rotate(folder, "state", clock, world.services.ids)
    after = secrets(world)
    assert list(after) == [*before, made.kid]
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in after.values())
    keyring.revoke(folder, "state", next(iter(before)), clock)
    assert list(secrets(world)) == [made.kid]
    assert made.kid in printed(world, "shop")


def test_an_unknown_site_has_no_secret(sqlite_world: World) -> None:
    world = sqlite_world
    assert "nowhere" in printed(world, "nowhere", status=1)

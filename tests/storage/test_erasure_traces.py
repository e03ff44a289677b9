"""Nothing that names an erased visitor is left in any byte of the database's files."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import make_url, text

from consent_service.cli.retention import TABLES
from consent_service.consents.model import Method
from consent_service.consents.recording import Context
from consent_service.core.encoding import b64url_decode
from consent_service.db.compaction import compact
from tests.api.backing import Backend
from tests.api.calls import decoded
from tests.storage.rows import owner
from tests.support.keeping import keep
from tests.support.world import World

SUBJECT = "customer 4711 of the shop"
ME = "/v1/sites/shop/consents/me"


def files_of(world: World) -> list[Path]:
    """Return the files in which the database keeps its rows."""
    url = make_url(world.settings.database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        return sorted(path.parent.glob(f"{path.name}*"))
    with owner(world) as connection:
        data = Path(str(connection.scalar(text("SHOW data_directory"))))
        query = "SELECT oid FROM pg_database WHERE datname = current_database()"
        folder = data / "base" / str(connection.scalar(text(query)))
    if not folder.is_dir():
        pytest.skip("the files of this PostgreSQL server are on another machine")
    return [path for path in folder.rglob("*") if path.is_file()]


def flush(world: World) -> None:
    """Let the server write what it holds in memory."""
    if not world.settings.database_url.startswith("sqlite"):
        with owner(world) as connection:
            connection.execute(text("CHECKPOINT"))


def found(world: World, needles: Mapping[str, bytes]) -> set[str]:
    """Return the names of the needles that are in any of the files."""
    contents = [path.read_bytes() for path in files_of(world)]
    return {name for name, needle in needles.items() if any(needle in each for each in contents)}


def needles_of(world: World, given: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what could name a visitor, as any engine may store it."""
    visitor = UUID(given["consent"]["visitor"])
    salts = [json.loads(decoded(opening))[0] for opening in given["openings"]]
    hashes = world.services.subjects.hashes(world.services.sites.get("shop"), SUBJECT)
    return {
        "visitor": str(visitor).encode(),
        "visitor, 16 bytes": visitor.bytes,
        "reference": given["consent"]["reference"].encode(),
        "subject": SUBJECT.encode(),
        "subject, keyed": hashes[0],
        "opening": given["openings"][0].encode(),
        "salt": salts[0].encode(),
        "salt, 16 bytes": b64url_decode(salts[0]),
    }


def record(world: World) -> dict[str, Any]:
    """Record a visitor with some events, a linked user, a one-use address and a state."""
    given = world.answer("shop", "accept")
    for number in range(12):
        world.clock.move(seconds=1)
        action = "accept" if number % 2 else "reject"
        world.answer("shop", action, credential=given["credential"])
        world.answer("shop", "accept")
    Backend(world).link(SUBJECT, given["credential"])
    link = {"return": "http://localhost:8002/", "credential": given["credential"]}
    assert world.client.post(f"{ME}/link", json=link).status_code == 201
    world.services.ledger.seal_all(wait=True)
    return given


def exported(world: World) -> bytes:
    _, secret = world.services.access.create("export", ["export"], ["shop"], None)
    header = {"Authorization": f"Bearer {secret}"}
    parts = [
        world.client.get(f"/v1/manage/sites/shop/export?format={form}", headers=header).data
        for form in ("csv", "jsonl")
    ]
    return b"\n".join(parts)


def check_gone(world: World, needles: Mapping[str, bytes]) -> None:
    world.services.ledger.seal_all(wait=True)
    assert compact(world.settings.migration_url, TABLES)
    assert found(world, needles) == set()
    assert not any(needle in exported(world) for needle in needles.values())


def test_an_erased_visitor_leaves_no_trace(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = record(world)
    needles = needles_of(world, given)
    flush(world)
    here = found(world, needles)
    assert here >= {"reference", "subject, keyed", "opening"}
    assert here & {"visitor", "visitor, 16 bytes"}
    header = {"Authorization": f"Consent {given['credential']}"}
    assert world.client.delete(ME, headers=header).get_json()["erased"] == 14
    check_gone(world, needles)
    told = capsys.readouterr()
    logged = f"{told.out}{told.err}{caplog.text}".encode()
    assert b"DELETE" in logged
    assert not any(needle in logged for needle in needles.values())


def test_nor_does_one_whose_restriction_is_over(world: World) -> None:
    keep(world, restrict=True, months=1)
    given = record(world)
    needles = needles_of(world, given)
    site = world.services.sites.get("shop")
    told = world.services.erasure.erase(
        site, given["consent"]["visitor"], Context(method=Method.API)
    )
    assert told.restricted
    flush(world)
    assert found(world, needles) >= {"reference", "opening"}
    world.clock.move(days=31)
    assert world.services.erasure.end_restrictions(site) == told.restricted
    world.services.erasure.purge()
    check_gone(world, needles)


def test_nor_does_one_whose_time_is_over(world: World) -> None:
    keep(world, months=12, days=30)
    given = record(world)
    needles = needles_of(world, given)
    world.clock.move(days=185 + 31)
    site = world.services.sites.get("shop")
    assert sum(tally.links for tally in world.services.retention.run(site))
    check_gone(world, needles)

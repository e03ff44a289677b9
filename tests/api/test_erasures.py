"""Erasing by the site's backend: by visitor, by reference, by user of the site."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from consent_service.consents.tables import consent_event, subject_link, visitor_state
from consent_service.core.commitments import opened
from consent_service.ledger.tables import ledger_entry, ledger_mention
from tests.api.backing import Backend
from tests.api.managing import Manager
from tests.support.world import World

PATH, TEMPLATE = "/shop/erasures", "/{key}/erasures"


@pytest.fixture
def manager(world: World) -> Manager:
    return Manager(world, ("consents:erase",), ("shop",))


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Collect what is executed, many rows at once as one."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def erase(manager: Manager, status: int = 200, **body: Any) -> dict[str, Any]:
    told = manager.call(
        "POST", PATH, {"reason": "letter", **body}, template=TEMPLATE, status=status
    )
    return dict(told.get_json())


def names(world: World) -> set[str]:
    """Return the visitors that any row of the database names."""
    found = set[str]()
    with world.services.db.read() as connection:
        for table in (consent_event, subject_link, visitor_state):
            found.update(connection.scalars(select(table.c.visitor)))
    return found - {None}


def leaves(world: World, kind: str) -> list[tuple[dict[str, Any], list[str], set[bytes]]]:
    """Return the control leaves of a type, with their openings and what they mention."""
    with world.services.db.read() as connection:
        mentions: dict[str, set[bytes]] = {}
        for row in connection.execute(select(ledger_mention)):
            mentions.setdefault(row.entry_id, set()).add(row.leaf_hash)
        rows = connection.execute(select(ledger_entry)).all()
    return [
        (leaf, json.loads(row.openings or "[]"), mentions.get(row.entry_id, set()))
        for row in rows
        if (leaf := json.loads(row.leaf))["type"] == kind
    ]


def test_a_reference_is_enough(world: World, manager: Manager) -> None:
    given, other = world.answer("shop", "accept"), world.answer("shop", "accept")
    typed = given["consent"]["reference"].lower()
    assert erase(manager, reference=f"{typed[:4]} {typed[4:]}") == {"visitors": 1, "erased": 2}
    assert names(world) == {other["consent"]["visitor"]}


def test_each_leaf_says_what_is_gone_and_commits_to_who_and_why(
    world: World, manager: Manager
) -> None:
    given = world.answer("shop", "accept")
    world.answer("shop", "reject", credential=given["credential"])
    erase(manager, visitor=given["consent"]["visitor"], reason="letter of Ada")
    found = leaves(world, "log.erasure")
    assert [leaf["reason"] for leaf, _, _ in found] == ["officer", "officer"]
    assert sorted(leaf["fields"] for leaf, _, _ in found) == [["prev", "visitor"], ["visitor"]]
    for leaf, openings, mentioned in found:
        assert {each.hex() for each in mentioned} == {leaf["leaf"]}
        (key,) = world.services.access.list()
        assert opened(openings) == {"key": key.key_id, "reason": "letter of Ada"}
        assert set(leaf["priv"]) == {"key", "reason"}
        assert "Ada" not in json.dumps(leaf)


def test_a_user_of_the_site_goes_with_all_its_visitors(world: World, manager: Manager) -> None:
    backend = Backend(world)
    given = [world.answer("shop", "accept") for _ in range(3)]
    for each in given[:2]:
        backend.link("u1", each["credential"])
    backend.link("u2", given[0]["credential"])
    world.services.ledger.seal_all()
    assert erase(manager, subject="u1") == {"visitors": 2, "erased": 4}
    assert names(world) == {given[2]["consent"]["visitor"]}
    assert {leaf["reason"] for leaf, _, _ in leaves(world, "log.erasure")} == {"subject"}
    assert len(leaves(world, "log.erasure")) == 4


@pytest.mark.parametrize(
    "whom",
    [
        {"visitor": "0193a2b4-0000-7000-8000-000000000000"},
        {"reference": "000000000000"},
        {"subject": "nobody"},
    ],
)
def test_whoever_is_not_on_record_is_not_found(sqlite_world: World, whom: dict[str, str]) -> None:
    manager = Manager(sqlite_world, ("consents:erase",))
    assert erase(manager, status=404, **whom)["code"] == "visitor_unknown"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"visitor": "0193a2b4-0000-7000-8000-000000000000", "subject": "u1"},
        {"subject": ""},
        {"subject": "u1", "reason": ""},
        {"reference": "7K4M2Q9DXW3Z"},
        {"visitor": "me"},
    ],
)
def test_one_person_and_a_reason_are_needed(sqlite_world: World, body: dict[str, str]) -> None:
    manager = Manager(sqlite_world, ("consents:erase",))
    assert erase(manager, status=422, **body)["code"] == "invalid_request"


def test_a_visitor_of_another_site_is_not_found(world: World, manager: Manager) -> None:
    given = world.answer("news", "acknowledge")
    assert erase(manager, status=404, visitor=given["consent"]["visitor"])
    assert names(world) == {given["consent"]["visitor"]}


def test_hundreds_of_events_go_in_a_few_statements(
    world: World, manager: Manager, statements: list[str]
) -> None:
    given = world.answer("shop", "accept")
    for number in range(20):
        world.clock.move(seconds=1)
        action = "accept" if number % 2 else "reject"
        world.answer("shop", action, notice=1, credential=given["credential"])
    statements.clear()
    assert erase(manager, visitor=given["consent"]["visitor"])["erased"] == 22
    assert len(statements) < 25

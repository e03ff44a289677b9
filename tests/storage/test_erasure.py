"""Erasure against answers of the same visitor at the same time: nothing is left that names them."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from werkzeug.test import TestResponse

from consent_service.consents.tables import consent_event, visitor_link
from consent_service.ledger.tables import ledger_entry
from tests.counts import count
from tests.support.world import World

ROUNDS = count(15, 200)


def rows_naming(world: World, visitor: str, reference: str) -> list[Any]:
    """Return every row of the database in which a visitor could be found."""
    with world.services.db.read() as connection:
        events = connection.execute(select(consent_event)).all()
        links = connection.execute(select(visitor_link)).all()
        entries = connection.execute(select(ledger_entry)).all()
    return [
        row for row in [*events, *links, *entries] if visitor in str(row) or reference in str(row)
    ]


def marks(world: World) -> list[str]:
    """Return the leaf hashes that marks of erasure name."""
    with world.services.db.read() as connection:
        leaves = [json.loads(text) for text in connection.scalars(select(ledger_entry.c.leaf))]
    return [leaf["leaf"] for leaf in leaves if leaf["type"] == "log.erasure"]


def erased_hashes(world: World) -> set[str]:
    with world.services.db.read() as connection:
        erased = select(consent_event.c.leaf_hash).where(consent_event.c.visitor.is_(None))
        return {leaf_hash.hex() for leaf_hash in connection.scalars(erased)}


def erase(world: World, credential: str) -> TestResponse:
    return world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {credential}"}
    )


def at_once(*acts: Callable[[], TestResponse]) -> list[TestResponse]:
    together = Barrier(len(acts))

    def start(act: Callable[[], TestResponse]) -> TestResponse:
        together.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        answers: list[Future[TestResponse]] = [pool.submit(start, act) for act in acts]
        return [answer.result() for answer in answers]


def test_erasing_clears_all_that_names_the_visitor(world: World) -> None:
    given = world.answer("shop", "accept")
    visitor, reference = given["consent"]["visitor"], given["consent"]["reference"]
    world.client.post(
        "/v1/sites/shop/consents/me/link",
        data=json.dumps({"return": "http://localhost:8002/", "credential": given["credential"]}),
        content_type="text/plain",
        headers={"Origin": "http://localhost:8002"},
    )
    assert len(rows_naming(world, visitor, reference)) == 2
    assert erase(world, given["credential"]).get_json() == {"erased": 2}
    assert rows_naming(world, visitor, reference) == []
    assert sorted(marks(world)) == sorted(erased_hashes(world))


def test_erasing_again_finds_nothing(world: World) -> None:
    given = world.answer("shop", "accept")
    erase(world, given["credential"])
    before = marks(world)
    assert erase(world, given["credential"]).status_code < 500
    assert marks(world) == before


def test_an_answer_at_the_same_time_never_leaves_an_event_that_names_the_visitor(
    world: World,
) -> None:
    number = world.notice("shop")["number"]
    for turn in range(ROUNDS):
        given = world.answer("shop", "accept" if turn % 2 else "reject")
        credential = given["credential"]
        bodies = [
            {"action": action, "notice": number, "key": str(uuid4()), "credential": credential}
            for action in ("accept", "reject", "accept")
        ]
        answers = at_once(
            lambda: erase(world, credential),  # noqa: B023 - called before the next turn
            *(lambda body=body: world.post("shop", body) for body in bodies),
        )
        statuses = [answer.status_code for answer in answers]
        assert statuses[0] in (200, 503), answers[0].text
        assert set(statuses[1:]) <= {201, 401, 409, 503}, [answer.text for answer in answers]
        if statuses[0] == 503:
            assert erase(world, credential).status_code == 200
        left = rows_naming(world, given["consent"]["visitor"], given["consent"]["reference"])
        assert left == [], f"turn {turn}: {statuses}"
    assert sorted(marks(world)) == sorted(erased_hashes(world))


def test_erasing_twice_at_once_leaves_one_mark_for_each_event(world: World) -> None:
    for _ in range(ROUNDS):
        given = world.answer("shop", "accept")
        credential = given["credential"]
        answers = at_once(*[lambda: erase(world, credential)] * 3)  # noqa: B023
        assert {answer.status_code for answer in answers} <= {200, 401, 404, 503}
        assert any(answer.status_code == 200 for answer in answers)
        assert not rows_naming(world, given["consent"]["visitor"], given["consent"]["reference"])
    found = marks(world)
    assert len(found) == len(set(found))
    assert set(found) == erased_hashes(world)

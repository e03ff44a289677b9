"""Many answers at once: nothing is lost, doubled or mixed up."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.api.calls import act, stored_events
from tests.support.world import ORIGINS, World

THREADS = 16


def post(world: World, site: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Post with a client of its own, again while the service is too busy, as a browser does."""
    client = world.client.application.test_client(use_cookies=False)
    while True:
        answer = client.post(
            f"/v1/sites/{site}/consents", json=body, headers={"Origin": ORIGINS[site]}
        )
        if answer.status_code != 503:
            return answer.status_code, dict(answer.get_json())


def post_all(
    world: World, site: str, bodies: Iterable[dict[str, Any]], threads: int = THREADS
) -> list[tuple[int, dict[str, Any]]]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda body: post(world, site, body), bodies))


def test_each_distinct_act_is_stored_once_and_repeats_get_its_answer(world: World) -> None:
    distinct = [act(world, "shop", "accept", notice=1) for _ in range(360)]
    bodies = distinct + distinct[:40]
    random.Random(7).shuffle(bodies)
    answers = post_all(world, "shop", bodies)
    assert {status for status, _ in answers} == {201}
    by_key: dict[str, set[str]] = {}
    for body, (_, answer) in zip(bodies, answers, strict=True):
        by_key.setdefault(body["key"], set()).add(answer["consent"]["id"])
    assert len(by_key) == 360
    assert all(len(ids) == 1 for ids in by_key.values())
    stored = {str(event.event_id) for event in stored_events(world)}
    assert stored == set().union(*by_key.values())
    assert len(stored) == 360


def test_one_visitor_s_answers_at_once_are_numbered_without_gap_or_double(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    actions = ["accept", "reject"] * 10
    bodies = [act(world, "shop", action, notice=1, credential=credential) for action in actions]
    answers = post_all(world, "shop", bodies, threads=20)
    assert {status for status, _ in answers} == {201}
    events = stored_events(world)
    numbers = sorted(event.visitor_seq for event in events)
    assert numbers == list(range(1, len(events) + 1))
    in_order = [event.visitor_seq for event in events]
    assert in_order == numbers
    answered = {answer["consent"]["id"] for _, answer in answers}
    assert answered <= {str(event.event_id) for event in events}


def test_one_act_sent_many_times_at_once_is_stored_once(world: World) -> None:
    body = act(world, "shop", "accept")
    answers = post_all(world, "shop", [body] * 16)
    assert {status for status, _ in answers} == {201}
    assert len({answer["consent"]["visitor"] for _, answer in answers}) == 1
    assert len(stored_events(world)) == 1


def test_one_key_for_different_acts_at_once_stores_one_of_them(world: World) -> None:
    body = act(world, "shop", "accept")
    bodies = [{**body, "layer": number % 8 + 1} for number in range(16)]
    answers = post_all(world, "shop", bodies)
    (event,) = stored_events(world)
    taken = {answer["consent"]["id"] for status, answer in answers if status == 201}
    assert taken == {str(event.event_id)}
    assert {status for status, _ in answers} == {201, 409}


def test_erasing_while_answers_arrive_never_fails(world: World) -> None:
    application = world.client.application
    given = world.answer("shop", "accept")
    credential = given["credential"]

    def erase(_: int) -> int:
        client = application.test_client(use_cookies=False)
        headers = {"Authorization": f"Consent {credential}"}
        return client.delete("/v1/sites/shop/consents/me", headers=headers).status_code

    bodies = [
        act(world, "shop", "accept" if number % 2 else "reject", notice=1, credential=credential)
        for number in range(24)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        erasing = pool.map(erase, range(4))
        posting = pool.map(lambda body: post(world, "shop", body)[0], bodies)
        assert set(erasing) == {200}
        assert set(posting) == {201}
    erase(0)
    left = [event for event in stored_events(world) if event.visitor is not None]
    assert given["consent"]["visitor"] not in {str(event.visitor) for event in left}

"""The same act sent again is answered as the first time, and anything else learns nothing."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.calls import act, receipt_claims, refused, rewrite, stored_events, values
from tests.support.world import World

CONFLICT = "idempotency_conflict"


def same_answer(world: World, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Check that the second answer is the first one, as far as it does not depend on the time."""
    for part in ("consent", "openings", "proof_url"):
        assert second[part] == first[part]
    mine, other = (receipt_claims(world, each["receipt"]) for each in (first, second))
    assert {**mine, "cp": None} == {**other, "cp": None}


def test_the_same_key_and_body_gives_the_first_answer(world: World) -> None:
    body = act(world, "shop", "choose", decisions={"analytics": True}, layer=2)
    first = world.post("shop", body).get_json()
    world.clock.move(days=20)
    again = world.post("shop", body)
    assert again.status_code == 201
    same_answer(world, first, again.get_json())
    assert len(stored_events(world)) == 1


def test_a_repeat_may_carry_the_credential_that_the_first_answer_gave(world: World) -> None:
    body = act(world, "shop", "accept")
    first = world.post("shop", body).get_json()
    again = world.post("shop", {**body, "credential": first["credential"]}).get_json()
    same_answer(world, first, again)


def test_a_repeat_may_say_when_it_was_sent(world: World) -> None:
    body = act(world, "shop", "accept", occurred_at="2026-11-23T09:00:00.000Z")
    first = world.post("shop", {**body, "sent_at": "2026-11-23T09:30:00.000Z"}).get_json()
    world.clock.move(hours=1)
    again = world.post("shop", {**body, "sent_at": "2026-11-23T10:30:00.000Z"}).get_json()
    same_answer(world, first, again)
    assert len(stored_events(world)) == 1


def test_a_repeat_tells_the_state_of_now(world: World) -> None:
    body = act(world, "shop", "accept")
    first = world.post("shop", body).get_json()
    world.clock.move(hours=1)
    world.answer("shop", "reject", credential=first["credential"])
    again = world.post("shop", {**body, "credential": first["credential"]}).get_json()
    same_answer(world, first, again)
    assert values(again)["analytics"] == "denied"
    assert len(stored_events(world)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"decisions": {"analytics": False}},
        {"layer": 2},
        {"locale": "de"},
        {"signals": {"gpc": True}},
        {"method": "preferences"},
    ],
)
def test_the_same_key_with_another_body_is_a_conflict(
    sqlite_world: World, change: dict[str, Any]
) -> None:
    world = sqlite_world
    body = act(world, "shop", "choose", decisions={"analytics": True})
    world.post("shop", body)
    nothing_revealed(world, refused(world.post("shop", {**body, **change}), 409, CONFLICT))


def nothing_revealed(world: World, problem: dict[str, Any]) -> None:
    assert set(problem) == {"type", "title", "status", "code", "detail"}
    for event in stored_events(world):
        told = str(problem)
        assert str(event.event_id) not in told
        assert str(event.visitor) not in told


def test_another_visitor_s_credential_is_a_conflict(world: World) -> None:
    body = act(world, "shop", "accept")
    world.post("shop", body)
    other = world.answer("shop", "reject")["credential"]
    answer = world.post("shop", {**body, "credential": other})
    nothing_revealed(world, refused(answer, 409, CONFLICT))
    assert len(stored_events(world)) == 2


def test_an_erased_event_is_a_conflict(world: World) -> None:
    body = act(world, "shop", "accept")
    credential = world.post("shop", body).get_json()["credential"]
    world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {credential}"}
    )
    for again in (body, {**body, "credential": credential}):
        nothing_revealed(world, refused(world.post("shop", again), 409, CONFLICT))


def test_a_key_used_for_a_grant_is_not_taken_for_a_withdrawal_that_changes_nothing(
    world: World,
) -> None:
    body = act(world, "shop", "reject")
    first = world.post("shop", body).get_json()
    other = {**body, "action": "withdraw", "credential": first["credential"]}
    refused(world.post("shop", other), 409, CONFLICT)


def test_a_repeated_withdrawal_gives_its_own_first_answer(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    body = act(world, "shop", "withdraw", credential=credential)
    first = world.post("shop", body).get_json()
    world.clock.move(hours=1)
    world.answer("shop", "reject", credential=credential)
    same_answer(world, first, world.post("shop", body).get_json())


def test_a_repeat_after_the_notice_was_replaced_gives_the_first_answer(world: World) -> None:
    body = act(world, "shop", "accept")
    first = world.post("shop", body).get_json()
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    world.apply("shop")
    world.clock.move(days=8)
    again = world.post("shop", body)
    assert again.status_code == 201, again.text
    same_answer(world, first, again.get_json())


def test_keys_of_one_site_mean_nothing_to_another(world: World) -> None:
    key = str(uuid4())
    world.answer("shop", "accept", key=key)
    assert world.answer("news", "acknowledge", key=key)["consent"]["type"] == "notice.acknowledged"


def test_the_header_names_an_act_as_the_body_does(world: World) -> None:
    body = act(world, "shop", "accept")
    key = body.pop("key")
    headers = {"Idempotency-Key": key}
    first = world.post("shop", body, headers).get_json()
    same_answer(world, first, world.post("shop", body, headers).get_json())
    same_answer(world, first, world.post("shop", {**body, "key": key}).get_json())
    changed = world.post("shop", {**body, "action": "reject"}, headers)
    refused(changed, 409, CONFLICT)


def test_an_act_without_a_key_is_refused(world: World) -> None:
    body = act(world, "shop", "accept")
    del body["key"]
    refused(world.post("shop", body), 422, "invalid_request", "key")
    long = world.post("shop", body, {"Idempotency-Key": "k" * 256})
    refused(long, 422, "invalid_request", "Idempotency-Key")
    assert stored_events(world) == []

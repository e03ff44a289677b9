"""Answers that were kept on the visitor's side and are sent later; notices that were replaced."""

from datetime import timedelta
from typing import Any

from consent_service.core.clock import format_time
from tests.api.calls import act, leaf_of, personal, refused, rewrite, stored_events, values
from tests.support.world import World


def kept(world: World, **ago: float) -> dict[str, str]:
    """Return the times of an answer that was made so long ago, by a clock that is a year wrong."""
    sent = world.clock.now() - timedelta(days=365)
    return {
        "occurred_at": format_time(sent - timedelta(**ago)),
        "sent_at": format_time(sent),
    }


def replaced(world: World) -> None:
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    assert [notice.number for notice in world.apply("shop").notices] == [2]


def test_a_late_grant_is_void_where_something_later_was_received(world: World) -> None:
    first = world.answer("shop", "accept")
    world.clock.move(hours=1)
    denied = world.answer(
        "shop", "choose", decisions={"analytics": False}, credential=first["credential"]
    )
    world.clock.move(hours=1)
    late = world.answer("shop", "accept", credential=first["credential"], **kept(world, minutes=90))
    assert values(late)["analytics"] == "denied"
    assert late["state"]["analytics"] == denied["state"]["analytics"]
    assert "analytics" not in late["consent"]["decisions"]
    assert late["consent"]["decisions"]["marketing"] == "granted"


def test_a_late_grant_holds_where_nothing_later_was_received(world: World) -> None:
    first = world.answer("shop", "reject")
    world.clock.move(hours=1)
    late = world.answer("shop", "accept", credential=first["credential"], **kept(world, minutes=59))
    assert values(late)["analytics"] == "granted"
    said = personal(leaf_of(world, late), late["openings"])
    assert said["claimed_at"] == "2026-11-23T10:01:00.000Z"


def test_a_late_grant_that_is_void_altogether_leaves_no_event(world: World) -> None:
    first = world.answer("shop", "accept")
    world.clock.move(hours=1)
    refusal = world.answer("shop", "reject", credential=first["credential"])
    world.clock.move(hours=1)
    late = world.answer(
        "shop",
        "choose",
        decisions={"analytics": True},
        credential=first["credential"],
        **kept(world, hours=2),
    )
    assert late["consent"]["id"] == refusal["consent"]["id"]
    assert values(late)["analytics"] == "denied"
    assert len(stored_events(world)) == 2


def test_a_late_denial_always_applies(world: World) -> None:
    first = world.answer("shop", "accept")
    world.clock.move(hours=1)
    late = world.answer("shop", "reject", credential=first["credential"], **kept(world, hours=9))
    assert values(late)["analytics"] == "denied"


def test_of_two_at_the_same_moment_the_refusal_wins(sqlite_world: World) -> None:
    world = sqlite_world
    first = world.answer("shop", "reject")
    answer = world.answer("shop", "accept", credential=first["credential"])
    assert values(answer)["analytics"] == "denied"


def test_a_late_grant_of_a_service_is_void_where_its_purpose_was_denied(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    first = world.answer("shop", "accept")
    world.clock.move(hours=1)
    world.answer("shop", "reject", credential=first["credential"])
    world.clock.move(hours=1)
    late = world.answer(
        "shop",
        "choose",
        services={"tally": True},
        credential=first["credential"],
        **kept(world, hours=2),
    )
    assert late["consent"]["services"] == {}
    assert values(late)["analytics"] == "denied"


def test_a_late_acknowledgement_does_not_undo_a_later_withdrawal(world: World) -> None:
    first = world.answer("news", "acknowledge")
    world.clock.move(hours=1)
    world.answer("news", "withdraw", credential=first["credential"])
    world.clock.move(hours=1)
    late = world.answer(
        "news", "acknowledge", credential=first["credential"], **kept(world, hours=2)
    )
    assert late["agreed"] == {}


def test_clocks_that_run_backwards_make_no_answer_younger_than_now(sqlite_world: World) -> None:
    world = sqlite_world
    first = world.answer("shop", "reject")
    world.clock.move(hours=1)
    times = kept(world, hours=-5)
    answer = world.answer("shop", "accept", credential=first["credential"], **times)
    said = personal(leaf_of(world, answer), answer["openings"])
    assert said["claimed_at"] == "2026-11-23T11:00:00.000Z"


def test_the_widest_times_are_a_bad_request_or_taken_but_no_failure(world: World) -> None:
    times = {"occurred_at": "0001-01-01T00:00:00.000Z", "sent_at": "9999-12-31T23:59:59.999Z"}
    for action in ("accept", "reject"):
        answer = world.post("shop", act(world, "shop", action, **times))
        assert answer.status_code in (201, 422), answer.text


def test_a_grant_is_taken_for_seven_days_after_its_notice_was_replaced(world: World) -> None:
    replaced(world)
    world.clock.move(days=7)
    answer = world.answer("shop", "accept", notice=1)
    assert answer["consent"]["notice"]["number"] == 1
    assert answer["state"]["analytics"]["notice"] == 1


def test_later_a_grant_is_refused_and_a_refusal_still_taken(world: World) -> None:
    given = world.answer("shop", "accept")
    replaced(world)
    world.clock.move(days=7, seconds=1)
    grants: list[dict[str, Any]] = [
        act(world, "shop", "accept", notice=1),
        act(world, "shop", "choose", notice=1, decisions={"analytics": True}),
        act(world, "shop", "choose", notice=1, services={"tally": True}),
    ]
    for body in grants:
        refused(world.post("shop", body), 409, "notice_superseded")
    assert world.answer("shop", "reject", notice=1)["consent"]["notice"]["number"] == 1
    denial = world.answer("shop", "choose", notice=1, decisions={"analytics": False})
    assert values(denial) == {"analytics": "denied"}
    ended = world.answer("shop", "withdraw", notice=1, credential=given["credential"])
    assert ended["consent"]["type"] == "consent.withdrawn"


def test_an_acknowledgement_is_a_grant_too(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(world, "news", "site.yaml", "Before you read on", "Before you go on")
    world.apply("news")
    world.clock.move(days=8)
    body = act(world, "news", "acknowledge", notice=1)
    refused(world.post("news", body), 409, "notice_superseded")


def test_a_first_answer_that_was_kept_too_long_is_told_so(sqlite_world: World) -> None:
    world = sqlite_world
    world.clock.move(days=300)
    body = act(
        world,
        "shop",
        "accept",
        occurred_at="2026-11-24T10:00:00Z",
        sent_at="2027-09-10T10:00:00Z",
    )
    refused(world.post("shop", body), 422, "invalid_request", "occurred_at")

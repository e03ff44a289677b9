"""May I? What backends are told about a state token, a visitor, a subject, now or at a moment."""

from datetime import timedelta
from typing import Any

import pytest

from consent_service.core import keyring
from consent_service.core.clock import format_time
from tests.api.backing import Backend
from tests.api.calls import ask_for, encoded, refused, rewrite
from tests.support.world import World

NOBODY = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def backend(world: World) -> Backend:
    return Backend(world)


def test_a_yes_names_the_event_that_says_so(world: World, backend: Backend) -> None:
    answer = world.answer("shop", "accept")
    consent = answer["consent"]
    for who in ({"visitor": consent["visitor"]}, {"state_token": answer["state_token"]}):
        assert backend.check(**who) == {
            "purpose": "analytics",
            "allowed": True,
            "why": "granted",
            "value": "granted",
            "at": "2026-11-23T10:00:00.000Z",
            "until": "2027-05-27T10:00:00.000Z",
            "notice": 1,
            "profile": "eu-opt-in",
            "event": {
                "id": consent["id"],
                "type": "consent.given",
                "received_at": "2026-11-23T10:00:00.000Z",
                "visitor": consent["visitor"],
                "reference": consent["reference"],
            },
        }


def test_the_deciding_event_is_not_the_newest_one(world: World, backend: Backend) -> None:
    first = world.answer("shop", "choose", decisions={"analytics": True})
    second = world.answer(
        "shop", "choose", decisions={"marketing": False}, credential=first["credential"]
    )
    visitor = {"visitor": first["consent"]["visitor"]}
    for purpose, answer in (("analytics", first), ("marketing", second)):
        assert backend.check(purpose, **visitor)["event"]["id"] == answer["consent"]["id"]


def test_a_service_is_allowed_as_its_purpose_unless_it_was_refused(
    world: World, backend: Backend
) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True}, services={"tally": False})
    visitor = {"visitor": given["consent"]["visitor"]}
    assert backend.may("analytics", **visitor)
    told = backend.check("analytics", service="tally", **visitor)
    assert (told["allowed"], told["service"], told["value"]) == (False, "tally", "denied")
    assert told["event"]["id"] == given["consent"]["id"]
    assert backend.check("analytics", service="adverra", **visitor)["why"] == "unknown"
    assert backend.check("analytics", service="weather", **visitor)["why"] == "unknown"
    assert backend.check("weather", **visitor)["why"] == "unknown"


def test_what_needs_no_consent_is_allowed_and_what_was_not_asked_is_not(
    world: World, backend: Backend
) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True})
    visitor = {"visitor": given["consent"]["visitor"]}
    needed = backend.check("necessary", **visitor)
    assert (needed["allowed"], needed["why"], needed["value"]) == (
        True,
        "not_subject",
        "not_subject",
    )
    silent = backend.check("marketing", **visitor)
    assert (silent["allowed"], silent["why"], silent["value"]) == (False, "undecided", "undecided")
    assert "event" not in silent


def test_nothing_is_allowed_of_whom_nothing_is_on_record(world: World, backend: Backend) -> None:
    for purpose in ("analytics", "necessary"):
        told = backend.check(purpose, visitor=NOBODY)
        assert (told["allowed"], told["why"]) == (False, "not_on_record")
        stranger = backend.check(purpose, subject="never seen")
        assert (stranger["allowed"], stranger["why"]) == (False, "not_on_record")


def test_an_erased_visitor_is_not_on_record_by_id_or_token(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    header = {"Authorization": f"Consent {given['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    for who in (
        {"visitor": given["consent"]["visitor"]},
        {"state_token": given["state_token"]},
    ):
        assert backend.check(**who)["why"] == "not_on_record"
        assert backend.check(**who, at="2026-11-23T10:00:00Z")["why"] == "not_on_record"
    told = backend.visitor(given["consent"]["visitor"], 404)
    assert told["code"] == "visitor_unknown"


def test_a_withdrawal_shows_at_once_though_the_token_is_older(
    world: World, backend: Backend
) -> None:
    given = world.answer("shop", "accept")
    token = {"state_token": given["state_token"]}
    assert backend.may(**token)
    world.answer("shop", "withdraw", credential=given["credential"])
    assert backend.check(**token)["why"] == "denied"


def test_it_answers_as_of_a_moment(world: World, backend: Backend) -> None:
    world.clock.move(days=1)
    given = world.answer("shop", "accept")
    visitor: dict[str, Any] = {"visitor": given["consent"]["visitor"]}
    start = world.clock.now()
    world.clock.move(days=1)
    world.answer("shop", "reject", credential=given["credential"])
    world.clock.move(days=400)

    def then(**delta: float) -> str:
        told = backend.check(**visitor, at=format_time(start + timedelta(**delta)))
        return str(told["why"])

    assert then(milliseconds=-1) == "undecided"
    assert then(milliseconds=0) == "granted"
    assert then(days=1, milliseconds=-1) == "granted"
    assert then(days=1) == "denied"
    assert then(days=186) == "expired"
    assert backend.check(**visitor)["why"] == "expired"
    seen = backend.visitor(visitor["visitor"], at=format_time(start))
    assert seen["purposes"]["analytics"]["allowed"]
    assert len(seen["history"]) == 2


def test_before_any_notice_nothing_is_allowed(world: World, backend: Backend) -> None:
    visitor = world.answer("shop", "accept")["consent"]["visitor"]
    told = backend.check(visitor=visitor, at="2020-01-01T00:00:00+02:00")
    assert (told["allowed"], told["why"]) == (False, "unknown")
    assert told["at"] == "2019-12-31T22:00:00.000Z"
    assert "notice" not in told


def test_the_notice_of_that_moment_decides(world: World, backend: Backend) -> None:
    visitor = world.answer("shop", "accept")["consent"]["visitor"]
    before = format_time(world.clock.now())
    world.clock.move(days=1)
    rewrite(world, "shop", "site.yaml", "location: [IE, US]", "location: [IE]")
    world.apply("shop")
    assert backend.check("marketing", visitor=visitor)["why"] == "changed"
    assert backend.check("marketing", visitor=visitor, at=before)["why"] == "granted"


def test_a_signal_stands_against_sales_only(world: World, backend: Backend) -> None:
    visitor = world.answer("shop", "accept")["consent"]["visitor"]
    assert backend.check("marketing", visitor=visitor, gpc=True)["why"] == "signal"
    assert backend.may("analytics", visitor=visitor, gpc=True)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "subject"),
        ({"visitor": NOBODY, "subject": "u1"}, "subject"),
        ({"visitor": "you"}, "visitor"),
        ({"visitor": None}, "visitor"),
        ({"subject": ""}, "subject"),
        ({"state_token": ""}, "state_token"),
        ({"state_token": "a" * 5000}, "state_token"),
        ({"visitor": NOBODY, "purpose": "Analytics"}, "purpose"),
        ({"visitor": NOBODY, "purpose": None}, "purpose"),
        ({"visitor": NOBODY, "service": "TALLY"}, "service"),
        ({"visitor": NOBODY, "at": "2026-11-23T10:00:00"}, "at"),
        ({"visitor": NOBODY, "at": "2026-11-24T10:00:00Z"}, "at"),
        ({"visitor": NOBODY, "at": 7}, "at"),
        ({"visitor": NOBODY, "gpc": 1}, "gpc"),
        ({"visitor": NOBODY, "credential": "x"}, "credential"),
    ],
)
def test_wrong_members_are_named(shared_world: World, members: dict[str, Any], field: str) -> None:
    answer = Backend(shared_world).post("check", {"purpose": "analytics", **members}, 422)
    refused(answer, 422, "invalid_request", field)


def test_time_has_a_beginning(world: World) -> None:
    backend = Backend(world)
    visitor = world.answer("shop", "accept")["consent"]["visitor"]
    assert backend.check(visitor=visitor, at="0001-01-01T00:00:00Z")["why"] == "unknown"
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        told = backend.check(status=422, visitor=visitor, at=at)
        assert [each["field"] for each in told["errors"]] == ["at"]


def test_no_other_value_passes_as_a_state_token(shared_world: World) -> None:
    world = shared_world
    given = world.answer("shop", "accept")
    payload, kid, signature = given["state_token"].split(".")
    forged = encoded(b'{"event":"AAAAAAAAAAAAAAAAAAAAAA","v":1}')
    for text in (
        given["credential"],
        world.answer("news", "acknowledge")["state_token"],
        f"{payload}.{kid}.{signature[:-2]}AA",
        f"{forged}.{kid}.{signature}",
        f"{payload}.AAAAAAAA.{signature}",
        payload,
        "😀.b.c",
    ):
        answer = Backend(world).post("check", {"purpose": "analytics", "state_token": text}, 422)
        refused(answer, 422, "state_token_refused")


def test_a_token_holds_after_a_rotation_and_not_after_a_revocation(sqlite_world: World) -> None:
    world = sqlite_world
    token = world.answer("shop", "accept")["state_token"]
    backend, folder = Backend(world), world.settings.keys_dir
    keyring.rotate(folder, "state", world.clock, world.services.ids)
    world.clock.move(minutes=11)
    assert backend.may(state_token=token)
    keyring.revoke(folder, "state", token.split(".")[1], world.clock)
    world.clock.move(seconds=6)
    refused(
        backend.post("check", {"purpose": "analytics", "state_token": token}, 422),
        422,
        "state_token_refused",
    )


def test_a_visitor_is_shown_with_standing_questions_and_history(
    world: World, backend: Backend
) -> None:
    ask_for(world, "shop", "terms", "agree")
    given = world.answer("shop", "choose", decisions={"analytics": True})
    seen = backend.visitor(given["consent"]["visitor"])
    assert seen["reference"] == given["consent"]["reference"]
    assert seen["asks"] == "purposes"
    assert {(each["group"], each["key"]) for each in seen["questions"]} == {
        ("purposes", "functional"),
        ("purposes", "marketing"),
        ("documents", "terms"),
    }
    assert seen["purposes"]["analytics"]["decision"]["value"] == "granted"
    assert seen["services"]["tally"]["allowed"]
    (event,) = seen["history"]
    assert (event["visitor_seq"], event["why"]) == (1, "site:only")


def test_a_long_history_comes_in_pages(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    for number in range(120):
        world.clock.move(seconds=1)
        action = ("reject", "accept")[number % 2]
        world.answer("shop", action, notice=1, credential=given["credential"])
    visitor, found = given["consent"]["visitor"], []
    query: dict[str, int] = {}
    while True:
        page = backend.visitor(visitor, **query)
        found += [event["visitor_seq"] for event in page["history"]]
        if "next" not in page:
            break
        query = {"before": page["next"]}
    assert found == list(range(121, 0, -1))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"at": "yesterday"}, "at"),
        ({"at": "2027-01-01T00:00:00Z"}, "at"),
        ({"before": 0}, "before"),
        ({"before": "x"}, "before"),
        ({"page": 1}, "page"),
    ],
)
def test_wrong_parameters_are_named(shared_world: World, query: dict[str, Any], field: str) -> None:
    visitor = shared_world.answer("shop", "accept")["consent"]["visitor"]
    problem = Backend(shared_world).visitor(visitor, 422, **query)
    assert [each["field"] for each in problem["errors"]] == [field]


def test_a_visitor_of_another_site_is_unknown(world: World) -> None:
    visitor = world.answer("shop", "accept")["consent"]["visitor"]
    news = Backend(world, "news")
    assert news.visitor(visitor, 404)["code"] == "visitor_unknown"
    assert news.check(visitor=visitor)["why"] == "not_on_record"

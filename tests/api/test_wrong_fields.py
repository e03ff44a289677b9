"""Fields that are wrong: each is named, nothing is stored, and nothing fails inside."""

from typing import Any

import pytest

from tests.api.calls import act, refused, stored_events
from tests.support.world import World

INVALID = "invalid_request"
NUMBERS: list[Any] = ["1", 1.0, 1.5, True, False, None, [], {}, 0, -1, 2**31, 2**63, 10**400, 1e308]
BOOLEANS: list[Any] = [1, 0, "true", "on", 1.0, None, [], {}]
TEXTS: list[Any] = [1, 1.5, True, None, [], {}, "", "\x00", "x" * 5000]
TIMES: list[Any] = [
    *TEXTS,
    "2026-11-23",
    "2026-11-23T10:00:00.000",
    "10:00",
    "2026-13-01T10:00:00.000Z",
    "2026-11-23T25:00:00.000Z",
    "٢٠٢٦-11-23T10:00:00.000Z",
    "yesterday",
]
GROUPS: list[Any] = ["x", 1, 1.5, True, None, [], [["analytics", True]], {"Ä": True}, {"": True}]
VALUES: dict[str, list[Any]] = {
    "action": [*TEXTS, "ACCEPT", "accept ", "delete"],
    "notice": NUMBERS,
    "variant": [*TEXTS, "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"],
    "locale": [*TEXTS, "e", "en_US", "en\n", "x" * 17],
    "method": [*TEXTS, "api", "gpc", "import", "Banner"],
    "layer": [*NUMBERS, 10],
    "banner": [*TEXTS, "A" * 64, "0" * 63],
    "signals": [*GROUPS, {"gpp": "x"}],
    "occurred_at": TIMES,
    "sent_at": TIMES,
    "key": [*TEXTS, "not-a-uuid", "0" * 31],
    "credential": [1, 1.5, True, None, [], {}, "", "x" * 4097],
    "decisions": GROUPS,
    "services": GROUPS,
    "documents": GROUPS,
}


@pytest.mark.parametrize("field", VALUES)
def test_a_field_of_the_wrong_type_is_named(sqlite_world: World, field: str) -> None:
    world = sqlite_world
    for value in VALUES[field]:
        action = "acknowledge" if field == "documents" else "choose"
        body = act(world, "shop", action, decisions={"analytics": True})
        body = {**body, field: value}
        answer = world.post("shop", body)
        problem = refused(answer, 422, INVALID)
        assert {each["field"].partition(".")[0] for each in problem["errors"]} == {field}, problem
    assert stored_events(world) == []


@pytest.mark.parametrize(
    ("group", "name", "values"),
    [
        ("decisions", "analytics", BOOLEANS),
        ("services", "tally", BOOLEANS),
        ("documents", "terms", NUMBERS),
        ("signals", "gpc", BOOLEANS),
        ("signals", "override", BOOLEANS),
    ],
)
def test_a_member_of_the_wrong_type_is_named(
    sqlite_world: World, group: str, name: str, values: list[Any]
) -> None:
    world = sqlite_world
    for value in values:
        body = act(world, "shop", "choose", decisions={"analytics": True})
        answer = world.post("shop", {**body, group: {name: value}})
        refused(answer, 422, INVALID, f"{group}.{name}")
    assert stored_events(world) == []


@pytest.mark.parametrize("name", ["key", "value", "analytic"])
def test_an_unknown_member_is_named_whatever_it_is_called(shared_world: World, name: str) -> None:
    body = act(shared_world, "shop", "choose", decisions={name: 1})
    refused(shared_world.post("shop", body), 422, INVALID, f"decisions.{name}")


def test_unknown_fields_are_named(shared_world: World) -> None:
    world = shared_world
    body = act(world, "shop", "accept", visitor="me", extra=None)
    refused(world.post("shop", body), 422, INVALID, "visitor", "extra")
    strange = {**act(world, "shop", "accept"), "\x00": 1, "": 2}
    refused(world.post("shop", strange), 422, INVALID)


def test_missing_fields_are_named_all_at_once(shared_world: World) -> None:
    refused(shared_world.post("shop", {}), 422, INVALID, "action", "notice")
    link = shared_world.client.post("/v1/sites/shop/consents/me/link", json={})
    refused(link, 422, INVALID, "return")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"decisions": {"sales": True}}, "decisions.sales"),
        ({"decisions": {"necessary": False}}, "decisions.necessary"),
        ({"services": {"clippy": True}}, "services.clippy"),
        ({"services": {"basket": False}}, "services.basket"),
        ({"decisions": {"analytics": True}, "documents": {"terms": 1}}, "documents"),
        ({"decisions": {}}, "decisions"),
        ({"notice": 2, "decisions": {"analytics": True}}, "notice"),
        ({"variant": "0" * 64, "decisions": {"analytics": True}}, "variant"),
        ({"locale": "fr", "decisions": {"analytics": True}}, "locale"),
    ],
)
def test_what_the_notice_does_not_have_is_named(
    world: World, members: dict[str, Any], field: str
) -> None:
    refused(world.post("shop", act(world, "shop", "choose", **members)), 422, INVALID, field)
    assert stored_events(world) == []


@pytest.mark.parametrize(
    ("site", "action", "members", "field"),
    [
        ("shop", "accept", {"decisions": {"analytics": True}}, "decisions"),
        ("shop", "reject", {"services": {"tally": False}}, "services"),
        ("shop", "accept", {"documents": {"terms": 1}}, "documents"),
        ("shop", "withdraw", {"decisions": {"analytics": True}}, "decisions.analytics"),
        ("shop", "withdraw", {"services": {"tally": True}}, "services.tally"),
        ("news", "acknowledge", {"documents": {"imprint": 1}}, "documents.imprint"),
        ("news", "acknowledge", {"documents": {"terms": 2}}, "documents.terms"),
        ("news", "choose", {"decisions": {"analytics": True}}, "decisions.analytics"),
    ],
)
def test_what_does_not_go_with_the_action_is_named(
    shared_world: World, site: str, action: str, members: dict[str, Any], field: str
) -> None:
    body = act(shared_world, site, action, **members)
    refused(shared_world.post(site, body), 422, INVALID, field)


def test_a_variant_of_another_site_is_unknown(shared_world: World) -> None:
    world = shared_world
    foreign = world.notice("news")["variant"]
    body = act(world, "shop", "accept", variant=foreign)
    refused(world.post("shop", body), 422, INVALID, "variant")


def test_a_variant_and_another_locale_do_not_go_together(shared_world: World) -> None:
    world = shared_world
    german = world.notice("shop", "de")["variant"]
    body = act(world, "shop", "accept", variant=german, locale="en")
    refused(world.post("shop", body), 422, INVALID, "locale")


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8001/",
        "http://localhost:8002.evil.example/",
        "http://localhost:8002@evil.example/",
        "//localhost:8002/",
        "/",
        "javascript:alert(1)",
        "https://localhost:8002/",
        "http://[",
        "http://[::1/",
        "http://localhost:port/",
        "http://localhost:8002\\@evil.example/",
        "",
        "x" * 2001,
        7,
        None,
        "http://localhost:8002/\x00",
    ],
)
def test_a_link_returns_to_an_allowed_origin_only(shared_world: World, address: Any) -> None:
    world = shared_world
    credential = world.answer("shop", "accept")["credential"]
    body = {"return": address, "credential": credential}
    answer = world.client.post("/v1/sites/shop/consents/me/link", json=body)
    refused(answer, 422, INVALID, "return")


def test_a_wrong_page_of_the_history_is_named(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    wrong = []
    for before in ("x", "0", "-1", "1.5", "", "99999999999999999999"):
        answer = world.client.get(
            f"/v1/sites/shop/consents/me?before={before}",
            headers={"Authorization": f"Consent {credential}"},
        )
        if answer.status_code != 422:
            wrong.append((before, answer.status_code))
    assert wrong == []

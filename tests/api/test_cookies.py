"""Embedding on the site's own domain: the service sets the cookies."""

from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from tests.api.calls import act, refused, rewrite, stored_events, values
from tests.support.world import World

MODES = {
    "path": '{mode: path, base_url: "https://shop.example/consent"}',
    "subdomain": (
        '{mode: subdomain, base_url: "https://consent.shop.example", cookie_domain: shop.example}'
    ),
    "loopback": '{mode: path, base_url: "http://localhost:8002/consent"}',
}
ORIGINS = {
    "path": "https://shop.example",
    "subdomain": "https://shop.example",
    "loopback": "http://localhost:8002",
}
NAMES = {
    "path": ("__Host-consent_shop", "__Host-consent_state_shop"),
    "subdomain": ("__Secure-consent_shop", "__Secure-consent_state_shop"),
    "loopback": ("consent_shop", "consent_state_shop"),
}


def embed(world: World, mode: str) -> None:
    rewrite(world, "shop", "site.yaml", "embed: {mode: external}", f"embed: {MODES[mode]}")
    origins = f'origins: ["{ORIGINS[mode]}"]'
    rewrite(world, "shop", "site.yaml", 'origins: ["http://localhost:8002"]', origins)
    world.apply("shop")


def answered(
    world: World, mode: str, action: str, headers: Mapping[str, str] | None = None
) -> TestResponse:
    """Answer the notice from a page of the site."""
    sent_from = {"Origin": ORIGINS[mode], **(headers or {})}
    return world.post("shop", act(world, "shop", action), sent_from)


def cookies(answer: TestResponse) -> dict[str, tuple[str, dict[str, str]]]:
    """Return `{name: (value, attributes)}` of the cookies that an answer sets."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        first, *rest = line.split("; ")
        name, _, value = first.partition("=")
        attributes = {k: v for k, _, v in (part.partition("=") for part in rest) if k != "Expires"}
        found[name] = (value, attributes)
    return found


def sent(answer: TestResponse) -> dict[str, str]:
    """Return the header by which a browser sends the cookies back."""
    pairs = "; ".join(f"{name}={value}" for name, (value, _) in cookies(answer).items())
    return {"Cookie": pairs}


@pytest.mark.parametrize("mode", MODES)
def test_both_cookies_are_set_with_the_attributes_of_the_mode(
    sqlite_world: World, mode: str
) -> None:
    world = sqlite_world
    embed(world, mode)
    answer = answered(world, mode, "accept")
    body = answer.get_json()
    assert "credential" not in body
    common = {"Max-Age": "34128000", "Path": "/", "SameSite": "Lax"}
    common |= {} if mode == "loopback" else {"Secure": ""}
    common |= {"Domain": "shop.example"} if mode == "subdomain" else {}
    credential, state = NAMES[mode]
    found = cookies(answer)
    assert set(found) == {credential, state}
    assert found[credential][1] == {**common, "HttpOnly": ""}
    assert found[state] == (body["state_token"], common)
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGINS[mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_cookie_names_the_visitor(world: World, mode: str) -> None:
    embed(world, mode)
    first = answered(world, mode, "accept")
    second = answered(world, mode, "withdraw", sent(first))
    assert second.get_json()["consent"]["visitor"] == first.get_json()["consent"]["visitor"]
    assert values(second.get_json())["analytics"] == "denied"
    me = world.client.get("/v1/sites/shop/consents/me", headers=sent(second))
    assert len(me.get_json()["history"]) == 2
    assert "credential" not in me.get_json()
    assert set(cookies(me)) == set(NAMES[mode])


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_cookie_is_cleared(sqlite_world: World, mode: str) -> None:
    world = sqlite_world
    embed(world, mode)
    name = NAMES[mode][0]
    answer = answered(world, mode, "accept", {"Cookie": f"{name}=broken"})
    refused(answer, 401, "credential_refused")
    cleared(answer, mode)
    assert stored_events(world) == []


def cleared(answer: TestResponse, mode: str) -> None:
    found = cookies(answer)
    assert set(found) == set(NAMES[mode])
    for value, attributes in found.values():
        assert (value, attributes["Max-Age"], attributes["Path"]) == ("", "0", "/")
        assert attributes.get("Domain") == ("shop.example" if mode == "subdomain" else None)
        assert ("Secure" in attributes) is (mode != "loopback")


@pytest.mark.parametrize("mode", MODES)
def test_erasing_takes_the_cookies_back(sqlite_world: World, mode: str) -> None:
    world = sqlite_world
    embed(world, mode)
    given = answered(world, mode, "accept")
    answer = world.client.delete("/v1/sites/shop/consents/me", headers=sent(given))
    assert answer.get_json() == {"erased": 2}
    cleared(answer, mode)


def test_the_external_mode_sets_and_reads_no_cookie(world: World) -> None:
    given = world.post("shop", act(world, "shop", "accept"))
    assert "Set-Cookie" not in given.headers
    credential = given.get_json()["credential"]
    headers = {"Cookie": f"consent_shop={credential}; __Host-consent_shop={credential}"}
    answer = world.client.get("/v1/sites/shop/consents/me", headers=headers)
    refused(answer, 401, "credential_required")
    wrong = world.post("shop", act(world, "shop", "accept", credential="broken"))
    assert "Set-Cookie" not in wrong.headers


def test_the_notice_says_how_it_is_embedded(sqlite_world: World) -> None:
    world = sqlite_world
    assert world.notice("shop")["embed"] == {"mode": "external", "cookie_domain": None}
    embed(world, "subdomain")
    notice = world.notice("shop")
    assert notice["embed"] == {"mode": "subdomain", "cookie_domain": "shop.example"}
    assert notice["number"] == 1


@pytest.mark.parametrize(
    ("mode", "page"),
    [
        ("path", "https://shop.example/consent/sites/shop/preferences"),
        ("subdomain", "https://consent.shop.example/sites/shop/preferences"),
    ],
)
def test_a_link_leads_to_the_site_s_own_domain(sqlite_world: World, mode: str, page: str) -> None:
    world = sqlite_world
    embed(world, mode)
    given = answered(world, mode, "accept")
    answer = world.client.post(
        "/v1/sites/shop/consents/me/link",
        json={"return": f"{ORIGINS[mode]}/"},
        headers=sent(given),
    )
    assert answer.get_json()["url"].startswith(f"{page}?link=")


def test_the_preference_page_knows_the_visitor_by_the_cookie(sqlite_world: World) -> None:
    world = sqlite_world
    embed(world, "loopback")
    given = world.post("shop", act(world, "shop", "accept"))
    page = world.client.get("/sites/shop/preferences", headers=sent(given))
    assert given.get_json()["consent"]["reference"] in page.text
    session = page.text.partition('name="session" value="')[2].partition('"')[0]
    answer = world.client.post(
        "/sites/shop/preferences",
        data={"session": session, "action": "withdraw"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert set(cookies(answer)) == set(NAMES["loopback"])
    me = world.client.get("/v1/sites/shop/consents/me", headers=sent(answer))
    assert values(me.get_json())["analytics"] == "denied"

"""Who may call what: every route says so, and the application holds to it."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from consent_service.access.model import SCOPES
from consent_service.application import build_routes
from consent_service.bootstrap import full_metadata
from consent_service.http.routes import Access, Route
from tests.api.calls import refused
from tests.support.world import World

EXPORT = "/v1/manage/sites/shop/export?format=csv"
PUBLIC = {"/static/", "/v1/sites/", "/v1/verify", "/.well-known/", "/openapi.json"}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_every_route_declares_its_access(sqlite_world: World) -> None:
    world = sqlite_world
    routes = build_routes(world.services)
    served = {
        (method, rule.rule)
        for rule in world.client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(route.method, route.path) for route in routes}
    for route in routes:
        assert isinstance(route.access, Access)
        assert (route.scope is not None) is (route.access is Access.API_KEY), route.endpoint
    assert len({route.endpoint for route in routes}) == len(routes)


def test_access_follows_the_address(sqlite_world: World) -> None:
    for route in build_routes(sqlite_world.services):
        assert route.access is expected(route), route.endpoint


def expected(route: Route) -> Access:
    if route.path.startswith("/v1/manage/"):
        return Access.API_KEY
    if route.path in ("/healthz", "/readyz", "/metrics"):
        return Access.OPERATOR
    if route.path.startswith("/v1/sites/<key>/consents/me"):
        return Access.VISITOR
    if route.path in ("/v1/sites/<key>/consents", "/v1/sites/<key>/impressions"):
        return Access.ORIGIN
    if route.path.startswith("/sites/") or route.path == "/docs":
        return Access.PAGE
    assert route.path.startswith(tuple(PUBLIC)), route.path
    assert route.method == "GET" or route.path == "/v1/verify"
    return Access.PUBLIC


EXAMPLES = {
    "key": "shop",
    "visitor": "01890000-0000-7000-8000-000000000000",
    "name": "terms.en.md",
    "kind": "terms",
    "number": "1",
    "path": "0/000.p/1",
}
KINDS_OF_BODY = ("application/json", "text/plain")


def managed(world: World) -> list[Route]:
    routes = [route for route in build_routes(world.services) if route.access is Access.API_KEY]
    assert routes
    return routes


def address(route: Route) -> str:
    """Return an address of a route, of a site and of things that are there."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: EXAMPLES[found[1]], route.path)


def attempt(world: World, route: Route, kind: str, secret: str | None) -> TestResponse:
    headers = bearer(secret) if secret else {}
    body = None if route.method == "GET" else json.dumps({"action": "accept", "subject": "u1"})
    return world.client.open(
        address(route), method=route.method, data=body, content_type=kind, headers=headers
    )


def stored(world: World) -> dict[str, int]:
    """Return how many rows each table has."""
    with world.services.db.read() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in full_metadata().sorted_tables
        }


@pytest.mark.parametrize("kind", KINDS_OF_BODY)
def test_no_management_call_works_without_its_scope(shared_world: World, kind: str) -> None:
    world = shared_world
    routes = managed(world)
    keys = {
        scope: world.services.access.create(f"all but {scope}", others, [], None)[1]
        for scope in SCOPES
        for others in [[each for each in SCOPES if each != scope]]
    }
    before = stored(world)
    for route in routes:
        assert route.scope in SCOPES
        refused(attempt(world, route, kind, None), 401, "api_key_required")
        without = attempt(world, route, kind, keys[route.scope])
        refused(without, 403, "api_key_forbidden")
    assert stored(world) == before


@pytest.mark.parametrize("kind", KINDS_OF_BODY)
def test_no_management_call_works_with_another_site_s_key(shared_world: World, kind: str) -> None:
    world = shared_world
    _, foreign = world.services.access.create("news", SCOPES, ["news"], None)
    before = stored(world)
    for route in managed(world):
        if "<key>" in route.path:
            refused(attempt(world, route, kind, foreign), 403, "api_key_forbidden")
    assert stored(world) == before


def test_what_no_one_site_is_named_in_shows_a_limited_key_its_own(shared_world: World) -> None:
    world = shared_world
    _, foreign = world.services.access.create("news", SCOPES, ["news"], None)
    general = [route for route in managed(world) if "<key>" not in route.path]
    assert {route.method for route in general} == {"GET"}
    for route in general:
        answer = attempt(world, route, KINDS_OF_BODY[0], foreign)
        assert answer.status_code == 200
        assert "news" in answer.text
        assert "shop" not in answer.text


@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer ", "Bearer cs_unknown", "bearer x", "Basic x", "Consent x", "cs_x"],
)
def test_without_a_known_key_nothing_is_managed(shared_world: World, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    refused(shared_world.client.get(EXPORT, headers=headers), 401, "api_key_required")


def test_a_key_works_for_all_sites_or_for_its_own(world: World) -> None:
    _, everywhere = world.services.access.create("all", ["export"], [], None)
    _, shop_only = world.services.access.create("shop", ["export"], ["shop"], None)
    for site in ("shop", "news"):
        path = f"/v1/manage/sites/{site}/export?format=csv"
        assert world.client.get(path, headers=bearer(everywhere)).status_code == 200
    assert world.client.get(EXPORT, headers=bearer(shop_only)).status_code == 200
    news = world.client.get(EXPORT.replace("shop", "news"), headers=bearer(shop_only))
    refused(news, 403, "api_key_forbidden")


def test_a_key_without_the_scope_is_forbidden(sqlite_world: World) -> None:
    world = sqlite_world
    _, secret = world.services.access.create("nothing", [], [], None)
    refused(world.client.get(EXPORT, headers=bearer(secret)), 403, "api_key_forbidden")


def test_a_limited_key_learns_nothing_of_other_sites(sqlite_world: World) -> None:
    world = sqlite_world
    _, secret = world.services.access.create("shop", ["export"], ["shop"], None)
    answers = [
        world.client.get(f"/v1/manage/sites/{site}/export?format=csv", headers=bearer(secret))
        for site in ("news", "nowhere")
    ]
    assert [refused(answer, 403, "api_key_forbidden")["code"] for answer in answers]


def test_a_revoked_key_is_forbidden(world: World) -> None:
    key, secret = world.services.access.create("gone", ["export"], [], None)
    world.services.access.revoke(key.key_id)
    refused(world.client.get(EXPORT, headers=bearer(secret)), 403, "api_key_forbidden")


def test_an_expired_key_is_forbidden(world: World) -> None:
    _, secret = world.services.access.create("short", ["export"], [], 30)
    world.clock.move(days=29, hours=23)
    assert world.client.get(EXPORT, headers=bearer(secret)).status_code == 200
    world.clock.move(hours=1)
    refused(world.client.get(EXPORT, headers=bearer(secret)), 403, "api_key_forbidden")


def test_a_key_is_stored_as_its_hash_only(world: World) -> None:
    from sqlalchemy import text

    _, secret = world.services.access.create("x", ["export"], [], None)
    with world.services.db.read() as connection:
        rows: list[Any] = list(connection.execute(text("SELECT * FROM api_key")))
    assert secret not in str(rows)
    assert secret.removeprefix("cs_") not in str(rows)


def test_a_visitor_s_credential_manages_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    refused(world.client.get(EXPORT, headers=bearer(credential)), 401, "api_key_required")
    _, secret = world.services.access.create("x", ["export"], [], None)
    me = world.client.get("/v1/sites/shop/consents/me", headers=bearer(secret))
    refused(me, 401, "credential_required")

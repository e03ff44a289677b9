"""Who may call what: every route says so, and the application holds to it."""

from typing import Any

import pytest

from consent_service.bootstrap import build_routes
from consent_service.http.routes import Access, Route
from tests.api.calls import refused
from tests.support.world import World

EXPORT = "/v1/manage/sites/shop/export?format=csv"
PUBLIC = {"/static/", "/v1/sites/", "/.well-known/", "/openapi.json"}


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
    assert route.method == "GET"
    return Access.PUBLIC


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

"""Which scripts of other pages may read what (Fetch standard)."""

from werkzeug.test import TestResponse

from tests.api.calls import act, refused
from tests.support.world import World

CONSENTS = "/v1/sites/shop/consents"
SHOP = "http://localhost:8002"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def listed(answer: TestResponse, name: str) -> set[str]:
    return {part.strip() for part in answer.headers.get(name, "").split(",") if part.strip()}


def allowed(answer: TestResponse) -> str | None:
    return answer.headers.get("Access-Control-Allow-Origin")


def test_an_allowed_origin_may_read_answers_and_errors(shared_world: World) -> None:
    world = shared_world
    given = world.post("shop", act(world, "shop", "accept"))
    wrong = world.post("shop", {})
    refused(wrong, 422, "invalid_request")
    for answer in (given, wrong, world.post("shop", b"x" * 70_000)):
        assert allowed(answer) == SHOP
        assert "Origin" in listed(answer, "Vary")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_refused_credential_can_be_read_by_the_banner(shared_world: World) -> None:
    world = shared_world
    answer = world.post("shop", act(world, "shop", "accept", credential="x"))
    refused(answer, 401, "credential_refused")
    assert allowed(answer) == SHOP


def test_a_preflight_allows_what_the_routes_take(shared_world: World) -> None:
    world = shared_world
    methods = {
        CONSENTS: {"POST"},
        f"{CONSENTS}/me": {"GET", "DELETE"},
        f"{CONSENTS}/me/link": {"POST"},
    }
    for path, expected in methods.items():
        answer = world.client.options(path, headers={"Origin": SHOP, **ASKED})
        assert answer.status_code == 204
        assert allowed(answer) == SHOP
        assert listed(answer, "Access-Control-Allow-Methods") == expected
        headers = {name.lower() for name in listed(answer, "Access-Control-Allow-Headers")}
        assert {"authorization", "content-type", "idempotency-key"} <= headers
        assert int(answer.headers["Access-Control-Max-Age"]) > 0
        assert "Origin" in listed(answer, "Vary")


def test_a_preflight_of_another_origin_is_refused(shared_world: World) -> None:
    world = shared_world
    for origin in ("http://localhost:8001", "null", f"{SHOP}/"):
        answer = world.client.options(CONSENTS, headers={"Origin": origin, **ASKED})
        refused(answer, 403, "origin_refused")
        assert allowed(answer) is None
    refused(world.client.options(CONSENTS, headers=ASKED), 403, "origin_refused")
    nowhere = world.client.options("/v1/sites/nowhere/consents", headers={"Origin": SHOP})
    refused(nowhere, 404, "site_unknown")


def test_a_page_of_another_origin_may_not_read_the_visitor(shared_world: World) -> None:
    world = shared_world
    credential = world.answer("shop", "accept")["credential"]
    headers = {"Authorization": f"Consent {credential}", "Origin": "http://localhost:8001"}
    for method in ("GET", "DELETE"):
        answer = world.client.open(f"{CONSENTS}/me", method=method, headers=headers)
        refused(answer, 403, "origin_refused")
        assert allowed(answer) is None
    assert world.me("shop", credential).status_code == 200


def test_public_answers_are_for_everyone(shared_world: World) -> None:
    world = shared_world
    variant = world.notice("shop")["variant"]
    paths = [
        "/v1/sites/shop/notice",
        "/v1/sites/shop/consent-banner.js",
        f"/v1/sites/shop/notice/{variant}.json",
        "/v1/sites/shop/documents",
        "/v1/sites/shop/documents/terms",
        "/v1/sites/shop/documents/terms/versions",
        "/v1/sites/shop/documents/terms/versions/1",
        "/static/consent-banner.js",
    ]
    for path in paths:
        answer = world.client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert allowed(answer) == "*", path
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_for_no_script(shared_world: World) -> None:
    world = shared_world
    for path in ("/sites/shop/documents", "/sites/shop/preferences", "/docs"):
        answer = world.client.get(path, headers={"Origin": SHOP})
        assert answer.status_code == 200
        assert allowed(answer) is None
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy

"""Requests that are wrong before their fields are looked at: address, origin, body, method."""

import json

import pytest

from tests.api.calls import act, refused, stored_events
from tests.support.world import World

CONSENTS = "/v1/sites/shop/consents"
ORIGIN = {"Origin": "http://localhost:8002"}


def test_an_unknown_site_is_not_found_everywhere(shared_world: World) -> None:
    world = shared_world
    paths = [
        "notice",
        "consent-banner.js",
        "documents",
        "consents/me",
        "notice/" + "0" * 64 + ".json",
    ]
    for path in paths:
        refused(world.client.get(f"/v1/sites/nowhere/{path}"), 404, "site_unknown")
    answer = world.client.post("/v1/sites/nowhere/consents", json={}, headers=ORIGIN)
    refused(answer, 404, "site_unknown")


def test_a_strange_site_key_is_not_found(world: World) -> None:
    for key in ("%ff", "%ed%a0%80", "SHOP", "shop%20", "😀", "'", "%00", "sh%00op"):
        refused(world.client.get(f"/v1/sites/{key}/notice"), 404, "site_unknown")
        answer = world.client.post(f"/v1/sites/{key}/consents", json={})
        refused(answer, 404, "site_unknown")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://localhost:8001",
        "http://localhost:8002/",
        "http://localhost:8003",
        "http://localhost",
        "HTTP://localhost:8002",
        "http://LOCALHOST:8002",
        "https://localhost:8002",
        "http://localhost:8002.evil.example",
        "http://evil.example/http://localhost:8002",
        "http://user@localhost:8002",
        "http://localhost:8002, http://evil.example",
        " http://localhost:8002 x",
        "*",
    ],
)
def test_only_the_exact_origin_may_record(sqlite_world: World, origin: str | None) -> None:
    world = sqlite_world
    headers = {} if origin is None else {"Origin": origin}
    answer = world.client.post(CONSENTS, json=act(world, "shop", "accept"), headers=headers)
    refused(answer, 403, "origin_refused")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert stored_events(world) == []


def test_the_origin_of_one_site_may_not_record_for_another(shared_world: World) -> None:
    world = shared_world
    body = act(world, "shop", "accept")
    answer = world.post("shop", body, {"Origin": "http://localhost:8001"})
    refused(answer, 403, "origin_refused")


BAD_BODIES = {
    "empty": b"",
    "no JSON": b"action=accept",
    "cut off": b'{"action": "accept"',
    "invalid UTF-8": b'{"action": "\xff\xfe"}',
    "UTF-16": '{"action": "accept"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"action": "accept"}',
    "array": b'["accept"]',
    "text": b'"accept"',
    "number": b"7",
    "null": b"null",
    "repeated key": b'{"action": "accept", "action": "reject"}',
    "repeated key inside": b'{"decisions": {"analytics": true, "analytics": false}}',
    "NaN": b'{"notice": NaN}',
    "Infinity": b'{"notice": -Infinity}',
    "trailing text": b'{"action": "accept"} x',
    "single quotes": b"{'action': 'accept'}",
    "deep arrays": b'{"decisions": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "endless number": b'{"notice": ' + b"9" * 5_000 + b"}",
    "control character": b'{"action": "acc\x01ept"}',
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_no_json_object_cannot_be_read(shared_world: World, name: str) -> None:
    refused(shared_world.post("shop", BAD_BODIES[name]), 400, "malformed_request")


def test_a_body_beyond_64_kib_is_too_large(shared_world: World) -> None:
    world = shared_world
    for size in (64 * 1024 + 1, 1024 * 1024):
        refused(world.post("shop", b" " * size), 413, "body_too_large")
    body = json.dumps(act(world, "shop", "accept")).encode()
    assert world.post("shop", body.ljust(64 * 1024)).status_code == 201
    link = world.client.post(f"{CONSENTS}/me/link", data=b"x" * 70_000, content_type="text/plain")
    refused(link, 413, "body_too_large")


@pytest.mark.parametrize(
    "media",
    [
        None,
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/html",
        "text/json",
    ],
)
def test_another_media_type_is_refused(shared_world: World, media: str | None) -> None:
    world = shared_world
    data = json.dumps(act(world, "shop", "accept"))
    answer = world.client.post(CONSENTS, data=data, content_type=media, headers=ORIGIN)
    refused(answer, 415, "media_type_not_supported")


@pytest.mark.parametrize(
    "media", ["application/json", "text/plain", "TEXT/PLAIN; charset=UTF-8", "application/json;v=1"]
)
def test_json_may_be_called_text(shared_world: World, media: str) -> None:
    world = shared_world
    data = json.dumps(act(world, "shop", "accept"))
    answer = world.client.post(CONSENTS, data=data, content_type=media, headers=ORIGIN)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CONSENTS, {"POST", "OPTIONS"}),
        ("PUT", CONSENTS, {"POST", "OPTIONS"}),
        ("DELETE", CONSENTS, {"POST", "OPTIONS"}),
        ("POST", f"{CONSENTS}/me", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("GET", f"{CONSENTS}/me/link", {"POST", "OPTIONS"}),
        ("POST", "/v1/sites/shop/notice", {"GET", "HEAD"}),
        ("OPTIONS", "/v1/sites/shop/notice", {"GET", "HEAD"}),
        ("DELETE", "/sites/shop/preferences", {"GET", "HEAD", "POST"}),
        ("POST", "/v1/manage/sites/shop/export", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_names_the_right_ones(
    shared_world: World, method: str, path: str, allowed: set[str]
) -> None:
    answer = shared_world.client.open(path, method=method, headers=ORIGIN)
    refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["/", "/v1", f"{CONSENTS}/", "/v1/sites/shop/consents/me/", "/x%00"]
)
def test_an_unknown_address_is_not_found(shared_world: World, path: str) -> None:
    refused(shared_world.client.get(path), 404, "not_found")

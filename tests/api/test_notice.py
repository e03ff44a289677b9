"""The notice as the banner gets it, and the banner with the notice inside."""

import hashlib
import json
from datetime import date

import pytest

from tests.api.calls import refused, rewrite
from tests.support.world import World

NOTICE, SCRIPT = "/v1/sites/shop/notice", "/v1/sites/shop/consent-banner.js"


@pytest.mark.parametrize("path", [NOTICE, SCRIPT])
def test_who_has_it_already_gets_304(sqlite_world: World, path: str) -> None:
    world = sqlite_world
    first = world.client.get(path)
    tag = first.headers["ETag"]
    again = world.client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    for answer in (first, again):
        assert answer.headers["ETag"] == tag
        assert answer.headers["Vary"] == "Accept-Encoding, Accept-Language"
        assert answer.headers["Cache-Control"] == (
            "public, max-age=300, stale-while-revalidate=300"
        )
    listed = {"If-None-Match": f'"other", W/{tag}'}
    assert world.client.get(path, headers=listed).status_code == 304
    assert world.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", [NOTICE, SCRIPT])
def test_a_new_notice_has_a_new_tag(sqlite_world: World, path: str) -> None:
    world = sqlite_world
    tag = world.client.get(path).headers["ETag"]
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    world.apply("shop")
    changed = world.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "Your decision" in changed.text
    other = world.client.get(f"{path}?lang=de", headers={"If-None-Match": changed.headers["ETag"]})
    assert other.status_code == 200


def test_several_profiles_are_kept_from_shared_caches(sqlite_world: World) -> None:
    world = sqlite_world
    rewrite(
        world, "shop", "site.yaml", "profiles: [eu-opt-in]", "profiles: [eu-opt-in, notice-only]"
    )
    world.apply("shop")
    answer = world.client.get(NOTICE)
    assert answer.headers["Cache-Control"].startswith("private, ")


@pytest.mark.parametrize(
    ("query", "header", "locale"),
    [
        ("", None, "en"),
        ("?lang=de", None, "de"),
        ("?lang=ar", "de", "ar"),
        ("?lang=DE", None, "de"),
        ("?lang=de-AT", None, "de"),
        ("?lang=fr", "ar", "ar"),
        ("?lang=fr", None, "en"),
        ("?lang=", "de", "de"),
        ("", "de-CH, en;q=0.5", "de"),
        ("", "fr, ar;q=0.8, de;q=0.9", "de"),
        ("", "fr", "en"),
        ("", "*", "en"),
        ("", ";;;", "en"),
        ("?lang=%00", "de", "de"),
    ],
)
def test_the_language_is_negotiated(
    shared_world: World, query: str, header: str | None, locale: str
) -> None:
    headers = {"Accept-Language": header} if header else {}
    answer = shared_world.client.get(f"{NOTICE}{query}", headers=headers)
    notice = answer.get_json()
    assert notice["locale"] == locale
    assert notice["dir"] == ("rtl" if locale == "ar" else "ltr")


def test_the_signal_does_not_change_the_bytes(shared_world: World) -> None:
    world = shared_world
    for path in (NOTICE, SCRIPT):
        plain, signalled = (world.client.get(path, headers=h) for h in ({}, {"Sec-GPC": "1"}))
        assert plain.data == signalled.data
        assert "Sec-GPC" not in signalled.headers["Vary"]


def test_a_variant_is_served_by_its_hash_byte_for_byte(world: World) -> None:
    for lang in ("en", "de", "ar"):
        shown = world.notice("shop", lang)
        answer = world.client.get(f"/v1/sites/shop/notice/{shown['variant']}.json")
        assert hashlib.sha256(answer.data).hexdigest() == shown["variant"]
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        around = {"sha256", "variant", "embed", "style"}
        assert json.loads(answer.data) == {k: v for k, v in shown.items() if k not in around}


def test_the_notice_s_own_hash_covers_its_variants(world: World) -> None:
    site = world.services.sites.get("shop")
    notice = world.services.notices.current(site)
    assert hashlib.sha256(notice.snapshot.encode()).hexdigest() == world.notice("shop")["sha256"]
    hashes = json.loads(notice.snapshot)["variants"]["eu-opt-in"]
    assert hashes == {lang: world.notice("shop", lang)["variant"] for lang in ("en", "de", "ar")}


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "%00", "A" * 64])
def test_an_unknown_hash_is_not_found(shared_world: World, sha256: str) -> None:
    world = shared_world
    refused(world.client.get(f"/v1/sites/shop/notice/{sha256}.json"), 404, "notice_unknown")


def test_a_variant_of_another_site_is_not_found(shared_world: World) -> None:
    world = shared_world
    foreign = world.notice("news")["variant"]
    refused(world.client.get(f"/v1/sites/shop/notice/{foreign}.json"), 404, "notice_unknown")


def test_the_service_says_that_it_honours_global_privacy_control(shared_world: World) -> None:
    answer = shared_world.client.get("/.well-known/gpc.json")
    assert answer.content_type == "application/json"
    told = answer.get_json()
    assert told["gpc"] is True
    assert date.fromisoformat(told["lastUpdate"]) >= date(2026, 11, 22)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"

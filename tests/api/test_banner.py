"""The banner: composed for a site, served by its hashes, and still there after an upgrade."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from consent_service.application import build_app
from consent_service.bootstrap import build_services
from tests.api.calls import refused, rewrite
from tests.storage.rows import content, owner
from tests.support import kits
from tests.support.world import World

SCRIPT, WHOLE = "/v1/sites/shop/consent-banner.js", "/static/consent-banner.js"
BEFORE, AFTER = "document.currentScript.consentNotice=", ";\n"
FOR_GOOD = "public, max-age=31536000, immutable"
TABLES = ("banner_part", "banner_build", "banner_script")


Release = Callable[[str], World]


@pytest.fixture
def release(world: World, tmp_path: Path) -> Iterator[Release]:
    """Releases of the service by name, all on one database."""
    with releases(world, tmp_path) as made:
        yield made


@pytest.fixture
def sample(sqlite_world: World, tmp_path: Path) -> Iterator[World]:
    """A service with a small banner."""
    with releases(sqlite_world, tmp_path) as made:
        yield made("one")


@contextmanager
def releases(world: World, folder: Path) -> Iterator[Release]:
    with ExitStack() as opened:

        def of(name: str) -> World:
            services = build_services(
                world.settings, clock=world.clock, kit=kits.kit(folder, name), with_log_keys=True
            )
            opened.callback(services.db.dispose)
            client = build_app(services).test_client(use_cookies=False)
            return replace(world, services=services, client=client)

        yield of


def parts(script: str) -> tuple[dict[str, Any], str]:
    """Return the brief and the code of a script."""
    assert script.startswith(BEFORE)
    told, mark, code = script.removeprefix(BEFORE).partition(AFTER)
    assert mark
    return dict(json.loads(told)), code


def digest(code: str) -> str:
    """Return the one digest in code, after checking that it is the code's own."""
    (found,) = re.findall(r"[0-9a-f]{64}", code)
    assert hashlib.sha256(code.replace(found, "0" * 64).encode()).hexdigest() == found
    return str(found)


def ok(answer: TestResponse) -> TestResponse:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer


def for_good(answer: TestResponse) -> str:
    assert ok(answer).headers["Cache-Control"] == FOR_GOOD
    return answer.text


def test_a_site_gets_its_layout_and_no_other(sample: World) -> None:
    told, code = parts(ok(sample.client.get(SCRIPT)).text)
    assert told["layout"] == "bar"
    assert ".bar{}" in code
    for absent in (".box{}", ".dialog{}", "SIGNALS.", "HOOKS.", "/*"):
        assert absent not in code
    assert digest(code) != sample.services.banners.kit.whole.digest


def test_a_site_gets_the_signals_that_it_switched_on(sample: World) -> None:
    site = sample.services.sites.get("shop")
    variant = sample.services.notices.current(site).variants[0]
    body = {**json.loads(variant.body), "signals": {"google": {"ad_storage": "marketing"}}}
    signalling = replace(variant, body=json.dumps(body), sha256="0" * 64)
    told, code = parts(sample.services.banners.script(site, signalling).code)
    assert "SIGNALS.google" in code
    assert "HOOKS.signal" in code
    assert "SIGNALS.matomo" not in code
    assert told["signals"] == {"google": {"ad_storage": "marketing"}}


def test_the_brief_is_told_with_what_is_around_it(sample: World) -> None:
    for lang in ("en", "de", "ar"):
        told, _ = parts(sample.client.get(f"{SCRIPT}?lang={lang}").text)
        shown = sample.notice("shop", lang)
        assert told["brief"] is True
        assert told["embed"] == {"mode": "external"}
        assert told["style"] == shown["style"] != ""
        for name in ("variant", "number", "locale", "dir"):
            assert told[name] == shown[name]
        assert "withdrawal" not in told


def test_the_cookie_domain_is_told(sample: World) -> None:
    embed = (
        '{mode: subdomain, base_url: "https://consent.shop.example", cookie_domain: shop.example}'
    )
    rewrite(sample, "shop", "site.yaml", "{mode: external}", embed)
    rewrite(sample, "shop", "site.yaml", '["http://localhost:8002"]', '["https://shop.example"]')
    sample.apply("shop")
    told, _ = parts(sample.client.get(SCRIPT).text)
    assert told["embed"] == {"mode": "subdomain", "cookie_domain": "shop.example"}


def test_the_whole_banner_is_served_as_it_was_built(sample: World) -> None:
    whole = sample.services.banners.kit.whole
    assert ok(sample.client.get(WHOLE)).text == whole.code
    assert for_good(sample.client.get(f"/v1/sites/shop/b/{whole.digest}.js")) == whole.code


def test_a_script_stays_where_content_location_says(sample: World) -> None:
    script = sample.client.get(f"{SCRIPT}?lang=de")
    location = script.headers["Content-Location"]
    assert location == f"b/{hashlib.sha256(script.data).hexdigest()}.js"
    assert for_good(sample.client.get(f"/v1/sites/shop/{location}")) == script.text


def test_a_build_is_found_by_the_digest_that_records_name(sample: World) -> None:
    _, code = parts(sample.client.get(SCRIPT).text)
    assert for_good(sample.client.get(f"/v1/sites/shop/b/{digest(code)}.js")) == code


def test_parts_are_served_by_their_kit(sample: World) -> None:
    kit = sample.services.banners.kit
    assert set(kit.parts) == {"a", "c", "h"}
    for name, code in kit.parts.items():
        assert for_good(sample.client.get(f"/static/b/{kit.name}/{name}.js")) == code


def test_an_unknown_hash_or_part_is_not_found(sample: World) -> None:
    kit = sample.services.banners.kit.name
    paths = [
        f"/static/b/{kit}/x.js",
        f"/static/b/{kit}/%00.js",
        f"/static/b/{'0' * 32}/c.js",
        "/static/b/%00/c.js",
        f"/v1/sites/shop/b/{'0' * 64}.js",
        "/v1/sites/shop/b/x.js",
        "/v1/sites/shop/b/%00.js",
    ]
    for path in paths:
        answer = sample.client.get(path)
        refused(answer, 404, "banner_unknown")
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_script_of_another_site_is_not_found(sample: World) -> None:
    sample.services.keeping.run()
    foreign = sample.client.get("/v1/sites/news/consent-banner.js").headers["Content-Location"]
    refused(sample.client.get(f"/v1/sites/shop/{foreign}"), 404, "banner_unknown")


def test_reading_stores_nothing(sample: World) -> None:
    for path in (SCRIPT, WHOLE, f"/static/b/{sample.services.banners.kit.name}/c.js"):
        ok(sample.client.get(path))
    assert [content(sample, table) for table in TABLES] == [[], [], []]


def test_an_upgrade_takes_nothing_away(release: Release) -> None:
    old, served = release("one"), dict[str, str]()
    for lang in ("en", "de", "ar"):
        script = old.client.get(f"{SCRIPT}?lang={lang}")
        served[f"/v1/sites/shop/{script.headers['Content-Location']}"] = script.text
        _, code = parts(script.text)
        served[f"/v1/sites/shop/b/{digest(code)}.js"] = code
    kit = old.services.banners.kit
    served[f"/v1/sites/shop/b/{kit.whole.digest}.js"] = kit.whole.code
    served |= {f"/static/b/{kit.name}/{name}.js": code for name, code in kit.parts.items()}
    assert len(served) == 3 + 1 + 1 + 3
    assert old.services.keeping.run() > 0
    new = release("two")
    new.services.keeping.run()
    assert parts(new.client.get(SCRIPT).text)[1] not in served.values()
    for path, code in served.items():
        assert for_good(new.client.get(path)) == code


def test_code_that_was_never_kept_is_not_found_after_an_upgrade(release: Release) -> None:
    location = release("one").client.get(SCRIPT).headers["Content-Location"]
    new = release("two")
    new.services.keeping.run()
    refused(new.client.get(f"/v1/sites/shop/{location}"), 404, "banner_unknown")


def test_keeping_twice_stores_nothing_more(release: Release) -> None:
    world = release("one")
    first = world.services.keeping.run()
    stored = [content(world, table) for table in TABLES]
    assert first == sum(map(len, stored))
    assert world.services.keeping.run() == 0
    assert release("one").services.keeping.run() == 0
    assert [content(world, table) for table in TABLES] == stored


def test_what_is_published_later_is_kept_too(release: Release) -> None:
    world = release("one")
    world.services.keeping.run()
    before = world.client.get(SCRIPT)
    rewrite(world, "shop", "site.yaml", "layout: bar", "layout: box")
    world.apply("shop")
    # Three languages, each with the new layout, which is one build for all of them.
    assert world.services.keeping.run() == 3 + 1
    location = before.headers["Content-Location"]
    assert for_good(world.client.get(f"/v1/sites/shop/{location}")) == before.text


def test_only_what_somebody_can_still_see_is_composed_anew(release: Release) -> None:
    world = release("one")
    rewrite(world, "shop", "site.yaml", "Your choice at Linden", "Your decision at Linden")
    world.apply("shop")
    site = world.services.sites.get("shop").site_id

    def kept() -> int:
        return sum(str(row[0]) == site for row in content(world, "banner_script"))

    world.clock.move(hours=23)
    release("two").services.keeping.run()
    assert kept() == 2 * 3
    world.clock.move(hours=2)
    release("three").services.keeping.run()
    assert kept() == 2 * 3 + 3


def test_a_closed_site_is_passed_over(release: Release) -> None:
    world = release("one")
    with owner(world) as connection:
        connection.execute(text("UPDATE site SET closed_at = created_at WHERE key = 'shop'"))
    world.services.keeping.run()
    assert len(content(world, "banner_build")) == 2


def test_scripts_and_parts_come_compressed(sample: World) -> None:
    kit = sample.services.banners.kit.name
    variant = sample.notice("shop")["variant"]
    paths = (
        SCRIPT,
        WHOLE,
        f"/static/b/{kit}/c.js",
        "/v1/sites/shop/notice",
        f"/v1/sites/shop/notice/{variant}.json",
        "/static/pages.css",
    )
    for path in paths:
        plain = sample.client.get(path)
        for coding, read in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            answer = sample.client.get(path, headers={"Accept-Encoding": coding})
            assert answer.headers["Content-Encoding"] == coding, path
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert read(answer.data) == plain.data
            tag = answer.headers["ETag"]
            assert tag != plain.headers["ETag"]
            for known in (tag, plain.headers["ETag"]):
                again = sample.client.get(
                    path, headers={"Accept-Encoding": coding, "If-None-Match": known}
                )
                assert (again.status_code, again.data) == (304, b""), path

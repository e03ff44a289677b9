"""The head stub: what it knows of a site, how it is served, and when pages need it anew."""

import base64
import hashlib
import json
import re
import string
from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import uuid4

import brotli
import pytest
import yaml

from consent_service.banners.head import PART, head_of, policy_hash
from consent_service.banners.kit import sections_of
from tests.api.calls import refused
from tests.support.world import World
from tests.unit.test_signals import VENDOR_LIST

HEAD = "/v1/sites/shop/head.js"
GOOGLE = {"ad_storage": "marketing", "analytics_storage": "analytics"}
Change = Callable[[dict[str, Any]], object]


def change(world: World, *changes: Change) -> None:
    """Change the shop's site.yaml and publish it."""
    path = world.folder("shop") / "site.yaml"
    site = yaml.safe_load(path.read_text("utf-8"))
    for each in changes:
        each(site)
    path.write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False), "utf-8")
    world.apply("shop")


def signals(**told: Any) -> Change:
    return lambda site: site.update(signals={"head": True, **told})


def config(world: World) -> str:
    """Return CONFIG of the stub that pages hold, for visitors from anywhere."""
    site = world.services.sites.get("shop")
    return head_of(site, world.services.notices.current(site).variants).config


def test_a_site_that_does_not_ask_for_the_stub_has_none(sqlite_world: World) -> None:
    refused(sqlite_world.client.get(HEAD), 404, "head_unknown")
    change(sqlite_world, lambda site: site.update(signals={"google": GOOGLE}))
    refused(sqlite_world.client.get(HEAD), 404, "head_unknown")


def test_the_stub_is_the_template_with_what_the_site_uses(sqlite_world: World) -> None:
    change(sqlite_world, signals(google=GOOGLE, matomo={"purpose": "analytics"}))
    answer = sqlite_world.client.get(HEAD)
    assert answer.mimetype == "text/javascript"
    assert answer.text.count(config(sqlite_world)) == 1
    assert "CONFIG" not in answer.text
    assert not sections_of(answer.text)
    assert '"consent","default"' in answer.text
    assert "requireCookieConsent" in answer.text
    for absent in ("uetq", "clarity", "__gpp", "__tcfapi"):
        assert absent not in answer.text


def test_the_template_has_all_the_sections_that_are_asked_for(sqlite_world: World) -> None:
    banners = sqlite_world.services.banners
    template = banners.find_part(banners.kit.name, PART)
    assert sections_of(template) == {
        *("answers", "google", "uet", "clarity", "matomo", "api", "gpp", "tcf"),
    }
    assert template.count("CONFIG") == 1


def test_the_stub_is_served_for_a_while_and_compressed(sqlite_world: World) -> None:
    change(sqlite_world, signals(google=GOOGLE))
    plain = sqlite_world.client.get(HEAD)
    assert "max-age=300" in plain.headers["Cache-Control"]
    packed = sqlite_world.client.get(HEAD, headers={"Accept-Encoding": "br"})
    assert brotli.decompress(packed.data) == plain.data
    again = sqlite_world.client.get(HEAD, headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


def test_what_is_mapped_is_told_by_its_place(sqlite_world: World) -> None:
    change(sqlite_world, signals(google=GOOGLE, uet={"ad_storage": "marketing"}))
    assert config(sqlite_world) == (
        '{c:" consent_state_shop=",q:"consent_queue_shop",'
        'p:[["analytics",1],["marketing",1,0,1],["",0,1]],'
        "g:{ad_storage:1,ad_user_data:3,ad_personalization:3,analytics_storage:0,"
        "functionality_storage:3,personalization_storage:3,security_storage:2},"
        "u:{ad_storage:1}}"
    )


def test_what_needs_no_consent_is_always_granted(sqlite_world: World) -> None:
    change(sqlite_world, signals(google={"functionality_storage": "necessary"}))
    assert 'p:[["necessary",1,1],["",0,1]]' in config(sqlite_world)


def test_where_profiles_differ_pages_hold_the_strictest(sqlite_world: World) -> None:
    told = signals(google=GOOGLE)
    change(sqlite_world, told, lambda site: site.update(profiles=["us-opt-out"]))
    assert '["analytics",1,1],["marketing",1,1,1]' in config(sqlite_world)
    change(sqlite_world, told, lambda site: site.update(profiles=["us-opt-out", "eu-opt-in"]))
    assert '["analytics",1],["marketing",1,0,1]' in config(sqlite_world)


def test_a_purpose_that_was_asked_anew_is_known_since_then(sqlite_world: World) -> None:
    change(sqlite_world, signals(google=GOOGLE))
    change(sqlite_world, lambda site: site["services"][-1].update(revision=9))
    since = {each["key"]: each["asked_since"] for each in sqlite_world.notice("shop")["services"]}
    assert max(since.values()) == 3
    purpose = sqlite_world.notice("shop")["services"][-1]["purpose"]
    assert f'["{purpose}",3' in config(sqlite_world)


@pytest.mark.parametrize(
    ("embed", "origins", "cookie"),
    [
        ({"mode": "external"}, ["https://shop.example"], "__Host-consent_state_shop"),
        (
            {
                "mode": "subdomain",
                "base_url": "https://consent.shop.example",
                "cookie_domain": "shop.example",
            },
            ["https://www.shop.example"],
            "__Secure-consent_state_shop",
        ),
        ({"mode": "external"}, ["http://localhost:8002"], "consent_state_shop"),
        (
            {"mode": "external"},
            ["http://localhost:8002", "https://shop.example"],
            "__Host-consent_state_shop",
        ),
    ],
)
def test_the_cookie_is_the_one_that_the_banner_reads(
    sqlite_world: World, embed: dict[str, str], origins: list[str], cookie: str
) -> None:
    told = signals(google=GOOGLE)
    change(sqlite_world, told, lambda site: site.update(embed=embed, origins=origins))
    assert f'c:" {cookie}="' in config(sqlite_world)


def test_a_stub_for_the_iabs_interfaces_alone_reads_no_cookie(sqlite_world: World) -> None:
    gpp = {"cmp_id": 5, "sections": ["usnat"]}
    profiles = ["eu-opt-in", "us-opt-out"]
    change(sqlite_world, signals(gpp=gpp), lambda site: site.update(profiles=profiles))
    assert config(sqlite_world) == "{}"
    stub = sqlite_world.client.get(HEAD).text
    assert "__gpp" in stub
    assert "__tcfapi" not in stub
    assert "cookie" not in stub


def test_a_plan_says_when_pages_need_the_stub_anew(sqlite_world: World) -> None:
    change(sqlite_world, signals(google=GOOGLE))
    path = sqlite_world.folder("shop") / "site.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("analytics_storage: analytics", "analytics_storage: marketing"))
    warned = sqlite_world.apply("shop").warnings
    assert any("site embed shop --head" in each for each in warned)
    path.write_text(
        f"{path.read_text('utf-8')}\nlayout: box\n"
        if "layout:" not in text
        else re.sub(r"layout: \w+", "layout: dialog", path.read_text("utf-8"))
    )
    assert not any("--head" in each for each in sqlite_world.apply("shop").warnings)


def test_with_everything_switched_on_it_stays_small(sqlite_world: World) -> None:
    everything = signals(
        mode="advanced",
        google={
            **GOOGLE,
            "ad_user_data": "marketing",
            "ad_personalization": "marketing",
            "functionality_storage": "necessary",
        },
        uet={"ad_storage": "marketing"},
        clarity={"ad_storage": "marketing", "analytics_storage": "analytics"},
        meta={"purpose": "marketing"},
        matomo={"purpose": "analytics"},
        data_layer={"event": "consent_update"},
        gpp={"cmp_id": 5, "sections": ["usnat", "usca"]},
        tcf={"cmp_id": 431, "cmp_version": 1, "vendor_list": "vendor-list.json"},
    )

    def elsewhere(site: dict[str, Any]) -> None:
        site.update(profiles=["eu-opt-in", "us-opt-out"], origins=["https://shop.example"])
        site["purposes"][-1]["tcf_purposes"] = [1, 3, 4]
        site["services"][-1]["tcf_vendor"] = 755

    (sqlite_world.folder("shop") / "vendor-list.json").write_text(json.dumps(VENDOR_LIST))
    change(sqlite_world, everything, elsewhere)
    stub = sqlite_world.client.get(HEAD).data
    assert len(brotli.compress(stub)) <= 900


def test_a_state_token_reads_the_same_in_base64_and_base64url(sqlite_world: World) -> None:
    notice = sqlite_world.notice("shop")["number"]
    body = {"action": "accept", "notice": notice, "key": str(uuid4())}
    token = sqlite_world.post("shop", body).get_json()["state_token"].partition(".")[0]
    decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    characters = string.ascii_letters + string.digits + '{}[]":,_-'
    assert set(decoded) <= set(characters)
    # The stub decodes it with atob, which knows no - and no _.
    triples = "".join(map("".join, product(characters, repeat=3)))
    assert not set("-_") & set(base64.urlsafe_b64encode(triples.encode()).decode())


def test_a_policy_names_the_stub_by_its_hash() -> None:
    digest = hashlib.sha256(b"stub").digest()
    assert policy_hash("stub") == f"'sha256-{base64.b64encode(digest).decode()}'"

"""A site with several profiles: the visitor's country decides, and the record says why."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from flask.testing import FlaskClient

from consent_service.application import build_app
from tests.api.backing import Backend
from tests.api.calls import act, leaf_of, rewrite
from tests.support.world import ORIGINS, World

HEADER = "CF-IPCountry"


@pytest.fixture
def several(world: World) -> World:
    """A shop that declares three profiles."""
    declared = "profiles: [us-opt-out, eu-opt-in, uk]"
    rewrite(world, "shop", "site.yaml", "profiles: [eu-opt-in]", declared)
    world.apply("shop")
    return world


def behind_proxy(world: World, header: str | None = HEADER) -> FlaskClient:
    """Return a client of a service that believes its proxy."""
    proxies = (ip_network("127.0.0.0/8"),)
    settings = replace(world.settings, trusted_proxies=proxies, country_header=header)
    return build_app(replace(world.services, settings=settings)).test_client(use_cookies=False)


def record(
    client: FlaskClient, world: World, country: str | None, action: str, **members: Any
) -> dict[str, Any]:
    headers: Mapping[str, str] = {HEADER: country} if country else {}
    answer = client.post(
        "/v1/sites/shop/consents",
        json=act(world, "shop", action, notice=2, **members),
        headers={"Origin": ORIGINS["shop"], **headers},
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


@pytest.mark.parametrize(
    ("country", "profile", "why"),
    [
        ("US", "us-opt-out", "country:US"),
        ("GB", "uk", "country:GB"),
        ("DE", "eu-opt-in", "country:DE"),
        ("JP", "eu-opt-in", "country:JP:strictest"),
        ("XX", "eu-opt-in", "country:unknown"),
        (None, "eu-opt-in", "country:unknown"),
    ],
)
def test_a_choice_is_recorded_under_the_profile_of_the_country(
    several: World, country: str | None, profile: str, why: str
) -> None:
    answer = record(behind_proxy(several), several, country, "reject")
    leaf = leaf_of(several, answer)
    assert (leaf["profile"], leaf["why"]) == (profile, why)
    assert answer["consent"]["profile"] == profile
    assert Backend(several).check(visitor=answer["consent"]["visitor"])["profile"] == profile


def test_an_opt_out_holds_for_good_and_a_refusal_for_its_time(several: World) -> None:
    client = behind_proxy(several)
    american = record(client, several, "US", "reject")
    german = record(client, several, "DE", "reject")
    assert "until" not in american["state"]["marketing"]
    assert german["state"]["marketing"]["until"] == "2027-05-27T10:00:00.000Z"
    backend = Backend(several)
    silent = record(client, several, "US", "choose", decisions={"marketing": False})
    visitor = {"visitor": silent["consent"]["visitor"]}
    assert backend.check("analytics", **visitor)["why"] == "undecided"
    assert backend.may("analytics", **visitor)
    assert not backend.may("marketing", **visitor)


def test_who_shows_a_stricter_variant_is_held_to_that(several: World) -> None:
    client = behind_proxy(several)
    strict = client.get("/v1/sites/shop/notice", headers={HEADER: "DE"}).get_json()
    leaf = leaf_of(several, record(client, several, "US", "reject", variant=strict["variant"]))
    assert (leaf["profile"], leaf["why"]) == ("eu-opt-in", "variant")


def test_caches_keep_apart_what_differs(several: World) -> None:
    paths = ("/v1/sites/shop/notice", "/v1/sites/shop/consent-banner.js")
    fresh = "max-age=300, stale-while-revalidate=300"
    for path in paths:
        answer = behind_proxy(several).get(path)
        assert answer.headers["Cache-Control"] == f"public, {fresh}"
        assert {*answer.vary} == {"Accept-Encoding", "Accept-Language", HEADER}
        by_file = behind_proxy(several, header=None).get(path)
        assert by_file.headers["Cache-Control"] == f"private, {fresh}"
        assert {*by_file.vary} == {"Accept-Encoding", "Accept-Language"}
        one = behind_proxy(several).get(path.replace("shop", "news"))
        assert one.headers["Cache-Control"] == f"public, {fresh}"
        assert {*one.vary} == {"Accept-Encoding", "Accept-Language"}
        quiet = behind_proxy(several).get(path, headers={"Sec-GPC": "1"})
        assert quiet.data == answer.data

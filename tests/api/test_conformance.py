"""What consent tools are known to get wrong, each as one plain fact."""

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from consent_service.application import build_app
from tests.api.backing import Backend
from tests.api.calls import CHOICES, act, leaf_of, refused, rewrite, stored_events, values
from tests.api.test_asked_since import CHANGED, POLICY, SENTENCE, with_matter
from tests.support.world import ORIGINS, World

ALL_DENIED = dict.fromkeys(CHOICES, "denied")
CONSENTS = "/v1/sites/shop/consents"


@pytest.mark.parametrize("actions", [("accept", "reject"), ("reject", "accept")])
def test_accepting_and_refusing_in_one_moment_ends_refused(
    world: World, actions: tuple[str, str]
) -> None:
    credential = world.answer("shop", "choose", decisions={"analytics": True})["credential"]
    for action in actions:
        last = world.answer("shop", action, credential=credential)
    assert {key: values(last)[key] for key in CHOICES} == ALL_DENIED


def test_accepting_and_refusing_at_once_ends_refused(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    world.clock.move(seconds=1)
    bodies = [
        act(world, "shop", action, notice=1, credential=credential)
        for action in ["accept", "reject"] * 6
    ]

    def post(body: dict[str, Any]) -> int:
        client = world.client.application.test_client(use_cookies=False)
        headers = {"Origin": ORIGINS["shop"]}
        return client.post(CONSENTS, json=body, headers=headers).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(post, bodies)) <= {201, 503}
    now = world.me("shop", credential).get_json()
    assert {key: values(now)[key] for key in CHOICES} == ALL_DENIED


def test_who_refused_everything_has_consented_to_nothing(world: World) -> None:
    answer = world.answer("shop", "reject")
    backend = Backend(world)
    for who in (
        {"visitor": answer["consent"]["visitor"]},
        {"state_token": answer["state_token"]},
    ):
        for purpose in CHOICES:
            told = backend.check(purpose, **who)
            assert (told["allowed"], told["value"], told["why"]) == (False, "denied", "denied")


def test_an_expired_consent_is_none(world: World) -> None:
    answer = world.answer("shop", "accept")
    visitor = {"visitor": answer["consent"]["visitor"]}
    backend = Backend(world)
    world.clock.move(days=185, milliseconds=-1)
    assert backend.may(**visitor)
    world.clock.move(milliseconds=1)
    told = backend.check(**visitor)
    assert (told["allowed"], told["why"], told["value"]) == (False, "expired", "undecided")


def test_a_refused_purpose_is_on_record_as_a_no(world: World) -> None:
    answer = world.answer("shop", "reject")
    leaf = leaf_of(world, answer)
    assert leaf["decisions"] == {"necessary": "not_subject", **ALL_DENIED}
    world.services.ledger.seal_all()
    _, secret = world.services.access.create("auditor", ["export"], [], None)
    path, headers = "/v1/manage/sites/shop/export", {"Authorization": f"Bearer {secret}"}
    exported = world.client.get(f"{path}?format=jsonl", headers=headers).text
    assert json.loads(exported)["event"]["decisions"]["marketing"] == "denied"
    (row,) = csv.DictReader(
        io.StringIO(world.client.get(f"{path}?format=csv", headers=headers).text)
    )
    assert "marketing=denied" in row["decisions"].split(";")


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", ORIGINS["news"]])
def test_an_unknown_origin_writes_nothing(world: World, origin: str | None) -> None:
    credential = world.answer("shop", "accept")["credential"]
    before = stored_events(world)
    headers = {"Origin": origin} if origin else {}
    for path, body in (
        ("consents", act(world, "shop", "reject", credential=credential)),
        ("impressions", {"notice": 1}),
    ):
        answer = world.client.post(f"/v1/sites/shop/{path}", json=body, headers=headers)
        refused(answer, 403, "origin_refused")
    if origin:
        # Without an Origin it is no browser on a foreign page, and the credential decides.
        for method, path, sent in (
            ("DELETE", "me", None),
            ("GET", "me", None),
            ("POST", "me/link", {"return": f"{ORIGINS['shop']}/", "credential": credential}),
            ("POST", "me/subject", {"assertion": "a.b.c", "credential": credential}),
        ):
            named = headers | {"Authorization": f"Consent {credential}"}
            tried = world.client.open(f"{CONSENTS}/{path}", method=method, json=sent, headers=named)
            refused(tried, 403, "origin_refused")
    assert stored_events(world) == before
    assert world.services.impressions.flush() == 0


def attempts(world: World, known: str) -> Iterator[TestResponse]:
    """Try each of a visitor's calls with something that is known in place of the credential."""
    origin = {"Origin": ORIGINS["shop"]}
    for header in (f"Consent {known}", f"Bearer {known}", known):
        named = origin | {"Authorization": header}
        yield world.client.get(f"{CONSENTS}/me", headers=named)
        yield world.client.delete(f"{CONSENTS}/me", headers=named)
        for path, body in (
            ("link", {"return": f"{ORIGINS['shop']}/"}),
            ("subject", {"assertion": known}),
        ):
            yield world.client.post(f"{CONSENTS}/me/{path}", json=body, headers=named)
            told = body | {"credential": known}
            yield world.client.post(f"{CONSENTS}/me/{path}", json=told, headers=origin)
    for name in ("consent_shop", "__Host-consent_shop", "__Secure-consent_shop"):
        cookie = origin | {"Cookie": f"{name}={known}"}
        yield world.client.get(f"{CONSENTS}/me", headers=cookie)
        yield world.client.delete(f"{CONSENTS}/me", headers=cookie)
    yield world.client.get(f"{CONSENTS}/me?credential={known}", headers=origin)
    yield world.post("shop", act(world, "shop", "reject", credential=known))
    yield world.client.get(f"/sites/shop/preferences?link={known}")
    yield world.client.post("/sites/shop/preferences", data={"session": known, "action": "reject"})


def test_knowing_an_id_or_a_readable_value_reads_and_changes_nothing(world: World) -> None:
    given = world.answer("shop", "accept")
    before = stored_events(world)
    consent = given["consent"]
    for known in (consent["visitor"], consent["id"], consent["reference"], given["state_token"]):
        for answer in attempts(world, known):
            assert answer.status_code in (401, 403, 410, 422), answer.text
            assert consent["visitor"] not in answer.text
            assert answer.headers.get("Location") is None
    assert stored_events(world) == before
    assert world.me("shop", given["credential"]).status_code == 200


def test_an_event_s_key_lets_nobody_else_act_for_its_visitor(world: World) -> None:
    body = act(world, "shop", "accept")
    given = world.post("shop", body).get_json()
    taken = world.post("shop", {**body, "action": "reject"})
    refused(taken, 409, "idempotency_conflict")
    assert given["consent"]["visitor"] not in taken.text


def test_a_client_does_not_choose_its_jurisdiction(world: World) -> None:
    declared = "profiles: [us-opt-out, eu-opt-in]"
    rewrite(world, "shop", "site.yaml", "profiles: [eu-opt-in]", declared)
    world.apply("shop")
    settings = replace(
        world.settings, trusted_proxies=(ip_network("127.0.0.0/8"),), country_header="X-Country"
    )
    client = build_app(replace(world.services, settings=settings)).test_client(use_cookies=False)

    def variant(country: str) -> dict[str, Any]:
        answer = client.get("/v1/sites/shop/notice", headers={"X-Country": country})
        return dict(answer.get_json())

    lax, strict = variant("US"), variant("DE")
    assert (lax["profile"], strict["profile"]) == ("us-opt-out", "eu-opt-in")
    answer = client.post(
        CONSENTS,
        json=act(world, "shop", "reject", notice=2, variant=lax["variant"]),
        headers={"Origin": ORIGINS["shop"], "X-Country": "DE"},
    )
    leaf = leaf_of(world, answer.get_json())
    assert leaf["notice"]["variant"] == lax["variant"]
    assert (leaf["profile"], leaf["why"]) == ("eu-opt-in", "country:DE")
    # Under the laxer rules a refusal would hold for good.
    assert "until" in answer.get_json()["state"]["analytics"]


def test_a_client_does_not_choose_who_it_is(world: World) -> None:
    for method in ("api", "import", "gpc", "console", ""):
        answer = world.post("shop", act(world, "shop", "accept", method=method))
        refused(answer, 422, "invalid_request", "method")
    assert stored_events(world) == []


def test_a_client_names_nothing_that_the_server_decides(world: World) -> None:
    for member in ("profile", "why", "place", "visitor", "id", "ts", "subject"):
        answer = world.post("shop", act(world, "shop", "accept", **{member: "us-opt-out"}))
        refused(answer, 422, "invalid_request", member)
    assert stored_events(world) == []


def test_first_writes_with_one_key_at_once_make_one_visitor(world: World) -> None:
    backend, subject_key = Backend(world), str(uuid4())
    browser = act(world, "shop", "accept")

    def as_browser(_: int) -> tuple[int, str]:
        client = world.client.application.test_client(use_cookies=False)
        answer = client.post(CONSENTS, json=browser, headers={"Origin": ORIGINS["shop"]})
        return answer.status_code, answer.get_json()["consent"]["visitor"]

    def as_backend(_: int) -> tuple[int, str]:
        answer = backend.record("reject", subject="u1", key=subject_key)
        return answer.status_code, answer.get_json()["consent"]["visitor"]

    for post in (as_browser, as_backend):
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(post, range(16)))) == 1
    assert len(stored_events(world)) == 2
    assert len(backend.find("u1")["visitors"]) == 1


def test_new_terms_void_no_consent_that_they_do_not_affect(world: World) -> None:
    visitor = {"visitor": world.answer("shop", "accept")["consent"]["visitor"]}
    backend = Backend(world)
    with_matter(world, "shop", "terms.en.md", "material: true")
    rewrite(world, "shop", "terms.en.md", "You pay by bank transfer", "You pay by transfer")
    world.apply("shop")
    assert world.notice("shop")["number"] == 2
    assert backend.may("marketing", **visitor)
    assert backend.visitor(visitor["visitor"])["questions"] == []
    with_matter(world, "shop", POLICY, "material: true", "affects: [analytics]")
    rewrite(world, "shop", POLICY, SENTENCE, CHANGED)
    world.apply("shop")
    assert backend.may("marketing", **visitor)
    assert backend.check("analytics", **visitor)["why"] == "changed"

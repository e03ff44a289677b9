"""Clickwrap by the backend, and who has not agreed to a version of a document."""

from typing import Any

import pytest

from tests.api.backing import Backend
from tests.api.calls import ask_for, leaf_of, refused, rewrite, stored_events
from tests.support.world import World

VISITORS = 300


@pytest.fixture
def backend(world: World) -> Backend:
    ask_for(world, "shop", "terms", "agree")
    return Backend(world)


def publish_terms(world: World) -> None:
    """Publish a second version of the terms that asks everybody again."""
    rewrite(world, "shop", "terms.en.md", "You pay by bank transfer", "You pay by transfer")
    rewrite(world, "shop", "terms.en.md", "accept: agree", "accept: agree\nmaterial: true")
    world.apply("shop")


def missing(backend: Backend, version: int, **query: Any) -> dict[str, Any]:
    answer = backend.get("agreements", document="terms", version=version, **query)
    return dict(answer.get_json())


def test_an_agreement_of_a_signed_in_user_is_recorded(world: World, backend: Backend) -> None:
    number = world.notice("shop")["documents"][1]["number"]
    answer = backend.agree("u1", documents={"terms": number}).get_json()
    leaf = leaf_of(world, answer)
    assert (leaf["type"], leaf["method"]) == ("documents.agreed", "api")
    assert leaf["documents"]["terms"]["n"] == number
    assert answer["agreed"]["terms"]["n"] == number
    assert backend.find("u1")["agreed"]["terms"]["n"] == number


def test_the_same_key_records_an_agreement_once(world: World, backend: Backend) -> None:
    number = world.notice("shop")["documents"][1]["number"]
    key = "4e7ff0f2-9a4a-4bd5-8f6e-f31ec2d1a001"
    body: dict[str, Any] = {"documents": {"terms": number}, "key": key}
    first, second = (backend.agree("u1", **body).get_json() for _ in range(2))
    assert first["consent"] == second["consent"]
    assert len(stored_events(world)) == 1
    refused(backend.agree("u2", 409, **body), 409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"documents": {}}, "documents"),
        ({"documents": {"terms": 9}}, "documents.terms"),
        ({"documents": {"imprint": 1}}, "documents.imprint"),
        ({"documents": {"terms": "1"}}, "documents.terms"),
        ({"subject": ""}, "subject"),
        ({"notice": 9}, "notice"),
        ({"locale": "fr"}, "locale"),
        ({"decisions": {"analytics": True}}, "decisions"),
    ],
)
def test_wrong_members_are_named(shared_world: World, members: dict[str, Any], field: str) -> None:
    subject = members.pop("subject", "u1")
    answer = Backend(shared_world, "news").agree(subject, 422, **members)
    refused(answer, 422, "invalid_request", field)
    assert stored_events(shared_world) == []


def test_who_has_not_agreed_is_counted_and_listed(world: World, backend: Backend) -> None:
    """Of 300 visitors: 100 agreed to the old terms, 50 of these to the new, some took it back."""
    old = world.notice("shop")["documents"][1]["number"]
    notice = world.notice("shop")["number"]
    first = [world.answer("shop", "reject", notice=notice) for _ in range(VISITORS)]
    names = [each["consent"]["visitor"] for each in first]
    agreed = [each["credential"] for each in first[:100]]
    for credential in agreed:
        world.answer("shop", "agree", notice=notice, credential=credential)
    publish_terms(world)
    newer = world.notice("shop")["number"]
    assert world.notice("shop")["documents"][1]["number"] == old + 1
    for credential in agreed[:50]:
        world.answer("shop", "agree", notice=newer, credential=credential)
    for credential in agreed[:5]:
        world.answer("shop", "withdraw", documents={"terms": old + 1}, credential=credential)
    for credential in (first[10]["credential"], first[200]["credential"]):
        header = {"Authorization": f"Consent {credential}"}
        assert world.client.delete("/v1/sites/shop/consents/me", headers=header).status_code == 200
    assert missing(backend, old)["pending"] > 0
    world.services.ledger.seal_all()
    expected = sorted({*names[:5], *names[50:]} - {names[200]})
    told = missing(backend, old + 1, limit=1000)
    assert (told["total"], told["missing"], told["pending"]) == (298, len(expected), 0)
    assert [each["visitor"] for each in told["visitors"]] == expected
    versions = {each["visitor"]: each.get("version") for each in told["visitors"]}
    assert versions[names[0]] is None
    assert {versions[name] for name in names[50:100]} == {old}
    assert {versions[name] for name in names[100:200]} == {None}
    assert missing(backend, old, limit=1)["missing"] == len(expected) - 50
    paged, query = list[str](), dict[str, Any]()
    while True:
        page = missing(backend, old + 1, limit=70, **query)
        paged += [each["visitor"] for each in page["visitors"]]
        if "next" not in page:
            break
        query = {"after": page["next"]}
    assert paged == expected
    assert missing(Backend(world, "news"), 1)["total"] == 0


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, {"document", "version"}),
        ({"document": "Terms", "version": 1}, {"document"}),
        ({"document": "terms", "version": 0}, {"version"}),
        ({"document": "terms", "version": "one"}, {"version"}),
        ({"document": "terms", "version": 1, "limit": 1001}, {"limit"}),
        ({"document": "terms", "version": 1, "limit": 0}, {"limit"}),
        ({"document": "terms", "version": 1, "after": "x"}, {"after"}),
        ({"document": "terms", "version": 1, "page": 2}, {"page"}),
    ],
)
def test_wrong_parameters_are_named(
    shared_world: World, query: dict[str, Any], fields: set[str]
) -> None:
    answer = Backend(shared_world).get("agreements", 422, **query)
    refused(answer, 422, "invalid_request", *fields)


def test_a_document_or_version_that_does_not_exist_is_told(sqlite_world: World) -> None:
    backend = Backend(sqlite_world)
    for query in ({"document": "nope", "version": 1}, {"document": "terms", "version": 77}):
        assert backend.get("agreements", 404, **query).get_json()["code"] == "document_unknown"

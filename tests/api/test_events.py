"""A site's events in pages, by type, visitor, reference and time."""

from typing import Any

import pytest

from consent_service.core.clock import format_time
from tests.api.backing import Backend
from tests.api.calls import refused, stored_events
from tests.support.world import World


@pytest.fixture
def backend(world: World) -> Backend:
    return Backend(world)


def ids(page: dict[str, Any]) -> list[str]:
    return [event["id"] for event in page["events"]]


def all_ids(backend: Backend, **query: Any) -> list[str]:
    found = list[str]()
    while True:
        page = backend.events(**query)
        found += ids(page)
        if "next" not in page:
            return found
        query["after"] = page["next"]


def test_pages_hold_what_was_there_once_while_writing_goes_on(
    world: World, backend: Backend
) -> None:
    before = [world.answer("shop", "accept")["consent"]["id"] for _ in range(25)]
    found, query = list[str](), dict[str, Any]()
    while True:
        page = backend.events(limit=7, **query)
        found += ids(page)
        world.answer("shop", "reject")
        world.clock.move(milliseconds=1)
        if not {*before} - {*found}:
            break
        query = {"after": page["next"]}
    assert [each for each in found if each in before] == sorted(before)
    assert len(found) == len({*found})
    assert all_ids(backend, limit=7) == [str(event.event_id) for event in stored_events(world)]


def test_a_full_last_page_is_followed_by_an_empty_one(world: World, backend: Backend) -> None:
    for _ in range(4):
        world.answer("shop", "accept")
    page = backend.events(limit=4)
    assert backend.events(limit=4, after=page["next"]) == {"events": []}


def test_events_can_be_chosen(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    world.clock.move(hours=1)
    refusal = world.answer("shop", "reject", credential=given["credential"])
    other = world.answer("shop", "reject")
    start, later = "2026-11-23T10:00:00Z", format_time(world.clock.now())
    first, second, third = (each["consent"]["id"] for each in (given, refusal, other))
    visitor = given["consent"]["visitor"]
    assert all_ids(backend, type="consent.given") == [first]
    assert set(all_ids(backend, type="consent.refused")) == {second, third}
    assert all_ids(backend, visitor=visitor) == [first, second]
    assert all_ids(backend, visitor=visitor.upper()) == [first, second]
    assert all_ids(backend, visitor=visitor, type="consent.refused") == [second]
    assert all_ids(backend, **{"from": start, "to": later}) == [first]
    assert set(all_ids(backend, **{"from": later})) == {second, third}
    assert all_ids(backend, **{"from": later, "to": later}) == []
    assert all_ids(Backend(world, "news")) == []


def test_a_reference_may_be_typed_in_any_way(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    reference = given["consent"]["reference"]
    in_groups = [reference[at : at + 4] for at in (0, 4, 8)]
    for typed in (
        reference,
        reference.lower(),
        "-".join(in_groups),
        " ".join(in_groups).lower(),
        " ".join(reference),
        " - ".join(reference),
        f"  {reference} ",
        reference.replace("0", "O").replace("1", "l"),
    ):
        assert all_ids(backend, reference=typed) == [given["consent"]["id"]], typed


def test_erased_events_name_nobody(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    header = {"Authorization": f"Consent {given['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    events = backend.events()["events"]
    assert [event["type"] for event in events] == ["consent.given", "consent.withdrawn"]
    for event in events:
        assert not {"visitor", "reference"} & {*event}
    assert all_ids(backend, visitor=given["consent"]["visitor"]) == []
    assert all_ids(backend, reference=given["consent"]["reference"]) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "last"}, "after"),
        ({"type": "consent"}, "type"),
        ({"visitor": "you"}, "visitor"),
        ({"reference": ""}, "reference"),
        ({"reference": "0" * 65}, "reference"),
        ({"reference": "ABC"}, "reference"),
        ({"reference": "000000000001"}, "reference"),
        ({"from": "2026-11-23"}, "from"),
        ({"from": "2026-11-23T10:00:00"}, "from"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to"),
        ({"since": "2026-11-23T10:00:00Z"}, "since"),
    ],
)
def test_wrong_parameters_are_named(shared_world: World, query: dict[str, Any], field: str) -> None:
    answer = Backend(shared_world).get("events", 422, **query)
    refused(answer, 422, "invalid_request", field)

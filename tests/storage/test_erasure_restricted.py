"""Where a site must keep proof, an erasure hides the visitor first and erases later."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from consent_service.consents.visitors import Wanted
from tests.api.backing import Backend
from tests.api.managing import Manager
from tests.counts import count
from tests.support.keeping import REASON, events, hidden, keep, leaves, named
from tests.support.world import World

ME = "/v1/sites/shop/consents/me"
PROOF_YEARS = 3


@pytest.fixture
def kept(world: World) -> World:
    keep(world, restrict=True)
    return world


def erase(world: World, credential: str, lang: str = "en") -> dict[str, Any]:
    answer = world.client.delete(
        f"{ME}?lang={lang}", headers={"Authorization": f"Consent {credential}"}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def end(world: World) -> int:
    return world.services.erasure.end_restrictions(world.services.sites.get("shop"))


def test_the_visitor_is_told_until_when_and_why(kept: World) -> None:
    for lang, reason in (("en", REASON), ("de", "Wir müssen.")):
        given = kept.answer("shop", "accept")
        assert erase(kept, given["credential"], lang) == {
            "erased": 0,
            "restricted": 2,
            "restricted_until": "2029-11-23T10:00:00.000Z",
            "reason": reason,
        }


def test_time_runs_from_the_newest_event(kept: World) -> None:
    given = kept.answer("shop", "reject")
    kept.clock.move(days=31)
    told = erase(kept, given["credential"])
    assert told["restricted"] == 1
    assert told["restricted_until"] == "2029-11-23T10:00:00.000Z"


def test_nothing_but_what_is_kept_apart_names_the_visitor(kept: World) -> None:
    backend = Backend(kept)
    given, other = kept.answer("shop", "accept"), kept.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    backend.link("u1", given["credential"])
    link = {"return": "http://localhost:8002/", "credential": given["credential"]}
    assert kept.client.post(f"{ME}/link", json=link).status_code == 201
    kept.services.ledger.seal_all(wait=True)
    erase(kept, given["credential"])
    assert named(kept) == {other["consent"]["visitor"]}
    assert hidden(kept) == {visitor}
    for event in events(kept):
        assert (event.visitor is None) is (event.openings is None) is (event.reference is None)
    assert kept.me("shop", given["credential"]).get_json()["code"] == "credential_required"
    assert backend.find("u1")["visitors"] == []
    assert not backend.may(visitor=visitor)
    assert not backend.may(state_token=given["state_token"])
    backend.visitor(visitor, 404)
    told = backend.events()["events"]
    assert [event.get("visitor") for event in told].count(other["consent"]["visitor"]) == 1
    assert visitor not in json.dumps(told)
    assert given["consent"]["reference"] not in json.dumps(told)
    assert erase(kept, given["credential"]) == {"erased": 0}


def test_the_log_says_of_each_event_what_is_hidden_until_when(kept: World) -> None:
    given = kept.answer("shop", "accept")
    erase(kept, given["credential"])
    found = leaves(kept, "log.restriction")
    assert sorted(leaf["fields"] for leaf in found) == [["prev", "visitor"], ["visitor"]]
    assert {leaf["leaf"] for leaf in found} == {event.leaf_hash.hex() for event in events(kept)}
    assert {leaf["until"] for leaf in found} == {"2029-11-23T10:00:00.000Z"}
    assert {leaf["reason"] for leaf in found} == {"duty"}
    assert leaves(kept, "log.erasure") == []


def test_who_answers_anew_is_another_visitor(kept: World) -> None:
    given = kept.answer("shop", "accept")
    erase(kept, given["credential"])
    fresh = kept.answer("shop", "accept", credential=given["credential"])
    assert fresh["consent"]["visitor"] != given["consent"]["visitor"]
    assert fresh["consent"]["reference"] != given["consent"]["reference"]


def test_an_old_key_is_answered_no_more(kept: World) -> None:
    body = {"action": "accept", "notice": kept.notice("shop")["number"], "key": str(uuid4())}
    given = kept.post("shop", body).get_json()
    erase(kept, given["credential"])
    assert kept.post("shop", body).status_code == 409


def test_openings_and_reference_are_kept_for_the_owner(kept: World) -> None:
    given = kept.answer("shop", "accept")
    erase(kept, given["credential"])
    visitors, site = kept.services.visitors, kept.services.sites.get("shop")
    (record,) = visitors.find(site, Wanted(reference=given["consent"]["reference"]), hidden=True)
    assert record.visitor == given["consent"]["visitor"]
    assert list(record.events[0].openings) == given["openings"]


def test_it_is_erased_when_the_time_is_over_and_not_before(kept: World) -> None:
    given, other = kept.answer("shop", "accept"), kept.answer("shop", "accept")
    erase(kept, given["credential"])
    kept.clock.move(days=3 * 365)
    assert end(kept) == 0
    assert hidden(kept)
    kept.clock.move(days=1)
    assert end(kept) == 2
    assert hidden(kept) == set()
    assert named(kept) == {other["consent"]["visitor"]}
    found = leaves(kept, "log.erasure")
    assert {leaf["reason"] for leaf in found} == {"restriction_ended"}
    assert {leaf["leaf"] for leaf in found} == {
        leaf["leaf"] for leaf in leaves(kept, "log.restriction")
    }
    assert end(kept) == 0


def test_what_need_not_be_kept_any_more_is_erased_at_once(kept: World) -> None:
    given = kept.answer("shop", "reject")
    kept.clock.move(days=PROOF_YEARS * 366)
    assert erase(kept, given["credential"]) == {"erased": 1}
    assert hidden(kept) == set()


def test_the_page_says_it_before_and_after(kept: World) -> None:
    given = kept.answer("shop", "accept")
    link = {"return": "http://localhost:8002/", "credential": given["credential"]}
    url = kept.client.post(f"{ME}/link", json=link).get_json()["url"]
    path = url.removeprefix(kept.settings.public_url)
    shown = kept.client.get(path).text
    assert "until November 23, 2029" in shown
    assert REASON in shown
    session = shown.partition('name="session" value="')[2].partition('"')[0]
    form = {"session": session, "action": "erase", "confirm": "yes"}
    headers = {"Origin": kept.settings.public_url, "Sec-Fetch-Site": "same-origin"}
    after = kept.client.post(path.partition("?")[0], data=form, headers=headers).text
    assert "until November 23, 2029" in after
    assert REASON in after
    assert "has been erased" not in after
    assert hidden(kept) == {given["consent"]["visitor"]}


def test_answers_at_the_same_time_leave_nothing_that_names_the_visitor(kept: World) -> None:
    number = kept.notice("shop")["number"]
    for turn in range(count(5, 100)):
        given = kept.answer("shop", "accept" if turn % 2 else "reject")
        credential = given["credential"]
        bodies = [
            {"action": action, "notice": number, "key": str(uuid4()), "credential": credential}
            for action in ("accept", "reject")
        ]
        with ThreadPoolExecutor(3) as pool:
            posting = [pool.submit(kept.post, "shop", body) for body in bodies]
            erasing = pool.submit(erase, kept, credential)
            assert erasing.result()["restricted"]
            assert {each.result().status_code for each in posting} <= {201, 401, 409, 503}
        assert given["consent"]["visitor"] not in named(kept)
    marked = [leaf["leaf"] for leaf in leaves(kept, "log.restriction")]
    assert len(marked) == len(set(marked))
    nameless = {event.leaf_hash.hex() for event in events(kept) if event.visitor is None}
    assert set(marked) == nameless


def test_a_user_of_the_site_is_hidden_with_all_visitors(kept: World) -> None:
    backend = Backend(kept)
    given = [kept.answer("shop", "accept") for _ in range(2)]
    for each in given:
        backend.link("u1", each["credential"])
    visitors = {each["consent"]["visitor"] for each in given}
    manager = Manager(kept, ("consents:erase",))
    told = manager.call(
        "POST",
        "/shop/erasures",
        {"subject": "u1", "reason": "letter"},
        template="/{key}/erasures",
    ).get_json()
    assert (told["visitors"], told["erased"], told["restricted"]) == (2, 0, 4)
    assert hidden(kept) == visitors
    assert named(kept) == set()

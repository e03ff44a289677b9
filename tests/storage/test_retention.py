"""What is past its time goes: first the link to the visitor, then the text; never what stands."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from consent_service.consents.population import count_asked_again
from consent_service.consents.projection import project_states
from consent_service.consents.tables import visitor_state
from consent_service.sites.model import Site
from tests.api.backing import Backend
from tests.counts import count
from tests.support.keeping import events, hidden, keep, leaves, named
from tests.support.world import World

ME = "/v1/sites/shop/consents/me"
DECISION_DAYS = 185


@pytest.fixture
def kept(world: World) -> World:
    keep(world, months=12, days=30)
    return world


def shop(world: World) -> Site:
    return world.services.sites.get("shop")


def run(world: World) -> dict[str, int]:
    """Seal, then remove what is past its time at the shop; return how many events lost what."""
    world.services.ledger.seal_all(wait=True)
    return removed(world)


def removed(world: World) -> dict[str, int]:
    total = {"links": 0, "proofs": 0, "restricted": 0}
    for tally in world.services.retention.run(shop(world)):
        for name in total:
            total[name] += getattr(tally, name)
    return {name: number for name, number in total.items() if number}


def planned(world: World) -> dict[str, int]:
    tally = world.services.retention.plan(shop(world), world.clock.now())
    told = {"links": tally.links, "proofs": tally.proofs, "restricted": tally.restricted}
    return {name: number for name, number in told.items() if number}


def erase(world: World, credential: str) -> dict[str, Any]:
    header = {"Authorization": f"Consent {credential}"}
    return dict(world.client.delete(ME, headers=header).get_json())


def history(world: World, credential: str) -> list[str]:
    answer = world.me("shop", credential)
    return [event["type"] for event in answer.get_json().get("history", [])]


def test_a_decision_that_was_replaced_loses_its_link_then_its_text(kept: World) -> None:
    given = kept.answer("shop", "accept")
    kept.clock.move(days=10)
    second = kept.answer("shop", "reject", credential=given["credential"])
    kept.clock.move(days=29)
    assert run(kept) == planned(kept) == {}
    kept.clock.move(days=1)
    assert planned(kept) == {"links": 1}
    assert run(kept) == {"links": 1}
    first, newest = events(kept)
    assert (first.visitor, first.openings, first.reference) == (None, None, None)
    assert json.loads(first.leaf)["type"] == "consent.given"
    assert newest.visitor == given["consent"]["visitor"]
    (mark,) = leaves(kept, "log.erasure")
    assert (mark["leaf"], mark["fields"]) == (first.leaf_hash.hex(), ["visitor"])
    assert mark["reason"] == "retention"
    told = kept.me("shop", given["credential"]).get_json()
    assert [event["id"] for event in told["history"]] == [second["consent"]["id"]]
    assert told["reference"] == given["consent"]["reference"]
    assert kept.me("shop", told["credential"]).status_code == 200
    kept.clock.move(days=334)
    assert "proofs" not in run(kept)
    kept.clock.move(days=1)
    assert run(kept) == {"proofs": 1}
    first = events(kept)[0]
    assert (first.leaf, first.state, first.visitor) == (None, None, None)
    (redaction,) = leaves(kept, "log.redaction")
    assert redaction["leaves"] == [first.leaf_hash.hex()]
    assert redaction["reason"] == "retention"


def test_what_stands_stays_however_old_it_is(world: World) -> None:
    keep(world, months=1, days=1)
    news = world.answer("news", "acknowledge")
    given = world.answer("shop", "accept")
    world.clock.move(days=DECISION_DAYS)
    assert run(world) == {}
    assert history(world, given["credential"]) == ["consent.given"]
    world.clock.move(days=4000)
    site = world.services.sites.get("news")
    assert sum(tally.total for tally in world.services.retention.run(site)) == 0
    assert world.me("news", news["credential"]).status_code == 200


def test_a_visitor_of_whom_nothing_stands_goes_whole(kept: World) -> None:
    backend = Backend(kept)
    given = kept.answer("shop", "accept")
    backend.link("u1", given["credential"])
    kept.services.ledger.seal_all(wait=True)
    kept.clock.move(days=DECISION_DAYS)
    assert kept.services.expiry.run() == 1
    kept.services.ledger.seal_all(wait=True)
    kept.clock.move(days=30)
    assert run(kept) == {"links": 2}
    assert named(kept) == set()
    assert backend.find("u1")["visitors"] == []
    assert kept.me("shop", given["credential"]).status_code == 401
    fresh = kept.answer("shop", "accept", credential=given["credential"])
    assert fresh["consent"]["visitor"] != given["consent"]["visitor"]


def test_without_days_the_link_stays_as_long_as_the_text(world: World) -> None:
    keep(world, months=12)
    given = world.answer("shop", "reject")
    world.clock.move(days=DECISION_DAYS + 364)
    assert run(world) == {}
    assert history(world, given["credential"]) == ["consent.refused"]
    world.clock.move(days=2)
    assert run(world) == {"proofs": 1}
    assert named(world) == set()
    assert leaves(world, "log.erasure") == []


def test_only_what_the_log_holds_is_redacted(kept: World) -> None:
    given = kept.answer("shop", "reject")
    kept.clock.move(days=DECISION_DAYS + 366)
    assert planned(kept) == {"proofs": 1}
    assert removed(kept) == {}
    assert history(kept, given["credential"]) == ["consent.refused"]
    assert run(kept) == {"proofs": 1}


def test_an_erased_visitor_s_events_go_when_the_proof_need_not_be_kept(kept: World) -> None:
    given = kept.answer("shop", "accept")
    assert erase(kept, given["credential"])["erased"] == 2
    kept.clock.move(days=364)
    assert run(kept) == {}
    kept.clock.move(days=1)
    assert run(kept) == {"proofs": 2}
    assert all(event.leaf is None for event in events(kept))


def test_a_restricted_visitor_is_erased_first_and_then_redacted(world: World) -> None:
    keep(world, restrict=True, months=12)
    given = world.answer("shop", "accept")
    assert erase(world, given["credential"])["restricted"] == 2
    world.clock.move(days=364)
    assert run(world) == planned(world) == {}
    assert hidden(world)
    world.clock.move(days=1)
    assert planned(world) == {"restricted": 2}
    assert run(world) == {"restricted": 2, "proofs": 2}
    assert hidden(world) == set()


def test_many_go_in_batches_of_a_leaf_each(kept: World) -> None:
    for _ in range(count(230, 900)):
        kept.answer("shop", "reject", notice=2)
    kept.clock.move(days=DECISION_DAYS + 366)
    total = count(230, 900)
    assert planned(kept) == {"proofs": total}
    assert run(kept) == {"proofs": total}
    found = [len(leaf["leaves"]) for leaf in leaves(kept, "log.redaction")]
    assert sum(found) == total
    assert max(found) <= 200
    assert run(kept) == {}


def test_every_reader_copes_with_what_is_redacted(kept: World) -> None:
    backend = Backend(kept)
    given = kept.answer("shop", "accept", notice=2)
    gone = given["consent"]["id"]
    kept.clock.move(days=1)
    newest = kept.answer("shop", "accept", notice=2, credential=given["credential"])
    latest = newest
    for _ in range(3):
        kept.clock.move(days=150)
        latest = kept.answer("shop", "accept", notice=2, credential=latest["credential"])
    assert run(kept) == {"links": 2, "proofs": 1}
    assert len(history(kept, latest["credential"])) == 2
    told = backend.events()["events"]
    assert gone not in {event["id"] for event in told}
    (unlinked,) = (event for event in told if event["id"] == newest["consent"]["id"])
    assert "visitor" not in unlinked
    assert backend.may(visitor=given["consent"]["visitor"])
    assert not backend.may(state_token=given["state_token"])
    assert backend.visitor(given["consent"]["visitor"])["history"]
    assert kept.services.expiry.run() == 0
    with kept.services.db.read() as connection:
        notice = kept.services.notices.current(shop(kept))
        assert count_asked_again(connection, shop(kept).site_id, notice) >= 0
        states = connection.execute(select(visitor_state)).all()
    with kept.services.db.write() as tx:
        ids = [event.event_id for event in events(kept)]
        project_states(tx, shop(kept).site_id, ids)
    with kept.services.db.read() as connection:
        assert connection.execute(select(visitor_state)).all() == states
    assert kept.client.get(f"/v1/sites/shop/consents/{gone}/proof").status_code < 500
    assert run(kept) == {}


def test_a_visitor_who_comes_back_at_that_moment_is_the_same_or_a_new_one(kept: World) -> None:
    given = [kept.answer("shop", "reject", notice=2) for _ in range(count(6, 60))]
    kept.services.ledger.seal_all(wait=True)
    kept.clock.move(days=DECISION_DAYS + 30)
    backend = Backend(kept)
    for number, each in enumerate(given):
        backend.link(f"u{number}", each["credential"])
    with ThreadPoolExecutor(4) as pool:
        running = pool.submit(removed, kept)
        for each in given:
            pool.submit(kept.answer, "shop", "reject", notice=2, credential=each["credential"])
        assert running.result().get("links", 0) <= len(given)
    kept.services.ledger.seal_all(wait=True)
    assert named(kept) == {event.visitor for event in events(kept) if event.visitor}


def test_the_worker_does_it_daily_in_steps(kept: World) -> None:
    kept.answer("shop", "reject")
    kept.services.ledger.seal_all(wait=True)
    kept.clock.move(days=DECISION_DAYS + 30)
    done = [kept.services.retention.work(steps=1) for _ in range(20)]
    assert sum(done) == 1
    kept.answer("shop", "reject")
    kept.services.ledger.seal_all(wait=True)
    kept.clock.move(hours=1)
    assert kept.services.retention.work() == 0
    kept.clock.move(days=DECISION_DAYS + 30)
    assert kept.services.retention.work() == 1

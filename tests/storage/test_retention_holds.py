"""Legal holds: nothing that one covers goes, and who asked to be forgotten waits hidden."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from consent_service.access.model import Officer, Role
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.holds import HoldUnknownError
from consent_service.consents.tables_restriction import retention_hold
from consent_service.core.commitments import opened
from consent_service.core.errors import InvalidRequestError
from consent_service.ledger.tables import ledger_entry
from tests.storage.test_retention import DECISION_DAYS, erase, planned, run, shop
from tests.support.keeping import events, hidden, keep, leaves, named
from tests.support.world import World


@pytest.fixture
def kept(world: World) -> World:
    keep(world, months=12, days=30)
    return world


@pytest.fixture
def owner(kept: World) -> Officer:
    return kept.services.officers.add("owner@example.com", "Olga Owner", Role.OWNER)


def hold(world: World, owner: Officer, visitor: str | None = None) -> str:
    placed = world.services.holds.place(shop(world), "case 12 O 345", owner.officer_id, visitor)
    return placed.hold_id


def release(world: World, owner: Officer, hold_id: str) -> int:
    return world.services.holds.release(shop(world), hold_id, "settled", owner.officer_id)


def openings(world: World, kind: str) -> list[dict[str, str] | None]:
    """Return what the openings of the control leaves of a type say."""
    with world.services.db.read() as connection:
        rows = connection.execute(select(ledger_entry)).all()
    return [
        opened(json.loads(row.openings)) if row.openings else None
        for row in rows
        if json.loads(row.leaf)["type"] == kind
    ]


def test_a_hold_of_the_site_keeps_everything(kept: World, owner: Officer) -> None:
    gone, given = kept.answer("shop", "reject"), kept.answer("shop", "accept")
    erase(kept, gone["credential"])
    kept.services.ledger.seal_all(wait=True)
    hold_id = hold(kept, owner)
    kept.clock.move(days=DECISION_DAYS + 366)
    assert planned(kept) == run(kept) == {}
    assert all(event.leaf for event in events(kept))
    assert kept.me("shop", given["credential"]).status_code == 200
    assert release(kept, owner, hold_id) == 0
    assert planned(kept) == run(kept) == {"proofs": 2}


def test_a_hold_of_a_visitor_keeps_that_visitor_only(kept: World, owner: Officer) -> None:
    held, other = kept.answer("shop", "accept"), kept.answer("shop", "accept")
    hold_id = hold(kept, owner, held["consent"]["visitor"])
    kept.clock.move(days=DECISION_DAYS + 366)
    assert planned(kept) == run(kept) == {"proofs": 1}
    assert named(kept) == {held["consent"]["visitor"]}
    assert kept.me("shop", other["credential"]).status_code == 401
    release(kept, owner, hold_id)
    assert run(kept) == {"proofs": 1}
    assert named(kept) == set()


@pytest.mark.parametrize("whole_site", [False, True])
def test_who_asks_to_be_forgotten_is_hidden_until_the_release(
    kept: World, owner: Officer, whole_site: bool
) -> None:
    given = kept.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    hold_id = hold(kept, owner, None if whole_site else visitor)
    told = erase(kept, given["credential"])
    assert (told["erased"], told["restricted"]) == (0, 2)
    assert "restricted_until" not in told
    assert "legal dispute" in told["reason"]
    assert named(kept) == set()
    assert hidden(kept) == {visitor}
    marks = leaves(kept, "log.restriction")
    assert [(leaf["reason"], "until" in leaf) for leaf in marks] == [("hold", False)] * 2
    kept.clock.move(days=4000)
    assert run(kept) == {}
    assert hidden(kept) == {visitor}
    assert release(kept, owner, hold_id) == 2
    assert hidden(kept) == set()
    assert {leaf["reason"] for leaf in leaves(kept, "log.erasure")} == {"restriction_ended"}


def test_a_second_hold_keeps_what_the_first_one_kept(kept: World, owner: Officer) -> None:
    given = kept.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    first, second = hold(kept, owner, visitor), hold(kept, owner)
    erase(kept, given["credential"])
    assert release(kept, owner, first) == 0
    assert hidden(kept) == {visitor}
    assert release(kept, owner, second) == 2
    assert hidden(kept) == set()


def test_a_hold_outlasts_the_duty_to_keep_proof(world: World) -> None:
    keep(world, restrict=True, months=1)
    owner = world.services.officers.add("owner@example.com", "Olga Owner", Role.OWNER)
    given = world.answer("shop", "accept")
    assert erase(world, given["credential"])["restricted_until"]
    hold_id = hold(world, owner, given["consent"]["visitor"])
    world.clock.move(days=40)
    assert planned(world) == run(world) == {}
    assert hidden(world)
    assert release(world, owner, hold_id) == 2
    assert hidden(world) == set()


def test_the_log_holds_the_act_and_commits_to_who_did_it(kept: World, owner: Officer) -> None:
    given = kept.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    release(kept, owner, hold(kept, owner, visitor))
    for kind, reason in (("retention.held", "case 12 O 345"), ("retention.released", "settled")):
        (leaf,) = leaves(kept, kind)
        assert leaf["reason"] == reason
        assert set(leaf["priv"]) == {"officer", "visitor"}
        assert visitor not in json.dumps(leaf)
        assert openings(kept, kind) == [{"officer": owner.officer_id, "visitor": visitor}]


def test_erasing_takes_a_visitor_out_of_holds_that_are_over(kept: World, owner: Officer) -> None:
    given = kept.answer("shop", "accept")
    visitor = given["consent"]["visitor"]
    release(kept, owner, hold(kept, owner, visitor))
    assert erase(kept, given["credential"])["erased"] == 2
    for kind in ("retention.held", "retention.released"):
        assert openings(kept, kind) == [None]
    with kept.services.db.read() as connection:
        assert connection.scalars(select(retention_hold.c.visitor)).all() == [None]
    marks = [leaf for leaf in leaves(kept, "log.erasure") if "officer" in leaf["fields"]]
    assert [leaf["fields"] for leaf in marks] == [["officer", "visitor"]] * 2


def test_there_is_no_hold_without_reason_or_visitor(kept: World, owner: Officer) -> None:
    holds: Any = kept.services.holds
    with pytest.raises(VisitorUnknownError):
        holds.place(shop(kept), "case", owner.officer_id, "0193a2b4-0000-7000-8000-000000000000")
    for reason in ("", " ", "x" * 501):
        with pytest.raises(InvalidRequestError):
            holds.place(shop(kept), reason, owner.officer_id, None)
    hold_id = hold(kept, owner)
    with pytest.raises(InvalidRequestError):
        holds.release(shop(kept), hold_id, "", owner.officer_id)
    release(kept, owner, hold_id)
    with pytest.raises(HoldUnknownError):
        release(kept, owner, hold_id)
    assert len(leaves(kept, "retention.held")) == len(leaves(kept, "retention.released")) == 1

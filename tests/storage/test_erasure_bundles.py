"""A bundle stays whole and provable through erasure, restriction, retention and holds."""

from typing import Any

import pytest

from consent_service.access.model import Role
from consent_service.consents.marks import Cause, Order
from consent_service.consents.model import Method
from consent_service.consents.recording import Context
from tests.evidence.exported import export, verify, vkey_of
from tests.storage.test_retention import DECISION_DAYS, erase, removed, shop
from tests.support.keeping import keep
from tests.support.world import World


def counts(world: World) -> dict[str, Any]:
    """Return what a verified bundle of the shop counts."""
    world.services.ledger.seal_all(wait=True)
    made = export(world)
    verify(made, vkey_of(world))
    return dict(made.manifest["counts"])


@pytest.mark.parametrize("restrict", [False, True])
def test_each_absence_is_on_record(sqlite_world: World, restrict: bool) -> None:
    world = sqlite_world
    keep(world, restrict=restrict, months=12, days=None if restrict else 30)
    owner = world.services.officers.add("owner@example.com", "Olga Owner", Role.OWNER)
    held, gone, told = (world.answer("shop", "accept") for _ in range(3))
    world.services.ledger.seal_all(wait=True)
    visitor = held["consent"]["visitor"]
    hold = world.services.holds.place(shop(world), "case", owner.officer_id, visitor)
    erase(world, gone["credential"])
    erase(world, held["credential"])
    order = Order(cause=Cause.OFFICER, personal={"officer": owner.officer_id, "reason": "letter"})
    context = Context(method=Method.API)
    world.services.erasure.erase(shop(world), told["consent"]["visitor"], context, order)
    assert counts(world)["redacted"] == 0
    world.services.holds.release(shop(world), hold.hold_id, "settled", owner.officer_id)
    counts(world)
    world.clock.move(days=DECISION_DAYS + 366)
    assert removed(world)["proofs"]
    found = counts(world)
    assert found["redacted"] == 6
    assert found["events"] == 0

"""On PostgreSQL all of it works for a role that owns no table."""

import pytest

from consent_service.access.model import Role
from tests.storage.test_retention import DECISION_DAYS, erase, run, shop
from tests.storage.test_service_role import SeparateRoles, roles
from tests.support.keeping import hidden, keep, named
from tests.support.world import open_world

__all__ = ["roles"]
pytestmark = pytest.mark.postgres


def test_the_service_s_role_erases_restricts_and_removes(
    roles: SeparateRoles, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = open_world(roles.url, tmp_path_factory.mktemp("world"))
    keep(world, months=12, days=30)
    owner = world.services.officers.add("owner@example.com", "Olga Owner", Role.OWNER)
    held, gone, over = (world.answer("shop", "accept") for _ in range(3))
    visitor = held["consent"]["visitor"]
    hold = world.services.holds.place(shop(world), "case", owner.officer_id, visitor)
    assert erase(world, gone["credential"])["erased"] == 2
    assert erase(world, held["credential"])["restricted"] == 2
    assert hidden(world) == {visitor}
    assert world.services.holds.release(shop(world), hold.hold_id, "done", owner.officer_id) == 2
    world.clock.move(days=DECISION_DAYS + 31)
    assert run(world) == {"links": 1}
    assert named(world) == set()
    world.clock.move(days=366)
    assert run(world) == {"proofs": 5}
    assert over["consent"]["id"]
    world.services.db.dispose()

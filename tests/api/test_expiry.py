"""What was decided too long ago is put on record as ended, once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import text

from consent_service.worker.loop import Worker
from tests.api.calls import history, stored_events
from tests.storage.rows import owner
from tests.support.world import World

LIFETIME = 185


def expire(world: World) -> int:
    """Do what the worker does, sealing before and behind."""
    world.services.ledger.seal_all()
    done = world.services.expiry.run()
    world.services.ledger.seal_all()
    return done


def types(world: World) -> list[str]:
    return [event.type for event in stored_events(world)]


def test_the_end_of_a_consent_is_recorded_once_with_the_value_it_had(world: World) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True, "marketing": False})
    world.clock.move(days=LIFETIME, milliseconds=-1)
    assert expire(world) == 0
    world.clock.move(milliseconds=1)
    assert expire(world) == 1
    (event, _) = history(world, "shop", given["credential"])
    assert event["type"] == "consent.expired"
    assert event["decisions"] == {"analytics": "granted", "marketing": "denied"}
    assert event["notice"] == given["consent"]["notice"]
    assert "method" not in event
    for _ in range(3):
        world.clock.move(days=1)
        assert expire(world) == 0
    assert types(world) == ["consent.given", "consent.expired"]


def test_it_is_recorded_once_though_several_workers_see_it(world: World) -> None:
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    world.clock.move(days=LIFETIME)
    # Nothing is sealed in between: the projection still holds what has expired.
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: world.services.expiry.run(), range(8))) == 1
    assert types(world) == ["consent.given", "consent.expired"]


def test_each_end_is_recorded_at_its_own_time(world: World) -> None:
    given = world.answer("shop", "choose", decisions={"analytics": True})
    world.clock.move(days=10)
    world.answer("shop", "choose", decisions={"marketing": True}, credential=given["credential"])
    world.clock.move(days=LIFETIME - 10)
    assert expire(world) == 1
    world.clock.move(days=10)
    assert expire(world) == 1
    ends = [
        event["decisions"]
        for event in history(world, "shop", given["credential"])
        if event["type"] == "consent.expired"
    ]
    assert ends == [{"marketing": "granted"}, {"analytics": "granted"}]


def test_who_decided_anew_has_nothing_expired(world: World) -> None:
    given = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    world.clock.move(days=LIFETIME - 1)
    world.answer("shop", "accept", credential=given["credential"])
    world.clock.move(days=1)
    # The projection is behind: the event that renewed everything is not sealed yet.
    assert world.services.expiry.run() == 0
    assert expire(world) == 0


def test_nothing_is_recorded_of_the_erased(world: World) -> None:
    given = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    header = {"Authorization": f"Consent {given['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    world.clock.move(days=400)
    assert expire(world) == 0
    assert "consent.expired" not in types(world)


def test_nothing_more_is_recorded_for_a_closed_site(world: World) -> None:
    for _ in range(3):
        world.answer("shop", "accept")
    world.services.ledger.seal_all()
    with owner(world) as connection:
        connection.execute(text("UPDATE site SET closed_at = created_at WHERE key = 'shop'"))
    world.clock.move(days=LIFETIME)
    assert expire(world) == 0
    assert "consent.expired" not in types(world)


def test_an_acknowledgement_never_expires(world: World) -> None:
    world.answer("news", "acknowledge")
    world.clock.move(days=4000)
    assert expire(world) == 0


def test_the_worker_does_it(world: World) -> None:
    world.answer("shop", "accept")
    services: Any = world.services
    worker = partial(
        Worker,
        ledger=services.ledger,
        attesting=services.attesting,
        expiry=services.expiry,
        erasure=services.erasure,
        keeping=services.keeping,
        retention=services.retention,
    )
    worker(stop=threading.Event()).turn()
    world.clock.move(days=LIFETIME)
    worker(stop=threading.Event()).turn()
    assert types(world) == ["consent.given", "consent.expired"]

"""Sealing: one gapless sequence of leaves per log, whoever seals and however often."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from consent_service.bootstrap import Services, build_services
from consent_service.consents.tables import consent_event
from consent_service.core.errors import SettingsError
from consent_service.core.merkle import leaf_hash
from consent_service.ledger.tables import ledger_entry, ledger_leaf, ledger_pending
from tests.counts import count
from tests.support.world import World


def site_id(world: World, key: str = "shop") -> str:
    return world.services.sites.get(key).site_id


def leaves(world: World, site: str = "shop") -> list[dict[str, Any]]:
    """Return the sealed leaves of a site in the order of the log, each checked by its hash."""
    with world.services.db.read() as connection:
        texts = {
            row.id: row.leaf
            for table, name in ((ledger_entry, "entry_id"), (consent_event, "event_id"))
            for row in connection.execute(select(table.c[name].label("id"), table.c.leaf))
        }
        of_site = ledger_leaf.c.site_id == site_id(world, site)
        rows = connection.execute(
            select(ledger_leaf).where(of_site).order_by(ledger_leaf.c.leaf_index)
        ).all()
    assert [row.leaf_index for row in rows] == list(range(len(rows)))
    assert all(leaf_hash(texts[row.entry_id].encode()) == row.leaf_hash for row in rows)
    return [json.loads(texts[row.entry_id]) for row in rows]


def pending_count(world: World) -> int:
    with world.services.db.read() as connection:
        return len(connection.execute(select(ledger_pending)).all())


@contextmanager
def another(world: World, *, with_log_keys: bool) -> Iterator[Services]:
    """Lend the services of another process."""
    services = build_services(world.settings, clock=world.clock, with_log_keys=with_log_keys)
    try:
        yield services
    finally:
        services.db.dispose()


def test_a_log_begins_with_its_genesis_which_names_the_keys(world: World) -> None:
    world.services.ledger.seal_all()
    genesis = leaves(world)[0]
    assert genesis["type"] == "log.genesis"
    assert genesis["epoch"] == 1
    assert genesis["log"] == f"{world.services.log_name}/shop"
    assert [key["use"] for key in genesis["keys"]] == ["receipt", "checkpoint", "export", "clock"]
    named = {key["use"]: key["key"].split("+")[0] for key in genesis["keys"]}
    assert named["checkpoint"] == f"{genesis['log']}/1"
    assert named["export"] == f"{genesis['log']}/export"
    assert named["clock"] == f"{world.services.log_name}/clock"


def test_the_genesis_names_the_key_that_signs_receipts(world: World) -> None:
    world.services.ledger.seal_all()
    (published,) = world.client.get("/.well-known/consent/jwks.json").get_json()["keys"]
    receipt = next(key for key in leaves(world)[0]["keys"] if key["use"] == "receipt")
    assert receipt == {"use": "receipt", "kid": published["kid"], "key": published["x"]}


def test_each_site_has_a_log_of_its_own(world: World) -> None:
    world.answer("shop", "accept")
    world.answer("news", "acknowledge")
    world.services.ledger.seal_all()
    for site in ("shop", "news"):
        assert {leaf["log"] for leaf in leaves(world, site)} == {
            f"{world.services.log_name}/{site}"
        }
        assert sum(leaf["type"] == "log.genesis" for leaf in leaves(world, site)) == 1


def test_publishing_leaves_its_marks_in_the_log(world: World) -> None:
    world.services.ledger.seal_all()
    published = leaves(world)[1:]
    documents = [leaf["document"] for leaf in published if leaf["type"] == "document.published"]
    assert sorted((each["kind"], each["n"]) for each in documents) == [
        ("privacy-policy", 1),
        ("terms", 1),
    ]
    (notice,) = [leaf["notice"] for leaf in published if leaf["type"] == "notice.published"]
    assert notice == {"n": 1, "sha256": world.notice("shop")["sha256"]}


def test_erasing_leaves_a_mark_for_each_event_and_nothing_that_names_the_visitor(
    world: World,
) -> None:
    answer = world.answer("shop", "accept")
    visitor = answer["consent"]["visitor"]
    world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {answer['credential']}"}
    )
    world.services.ledger.seal_all()
    sealed = leaves(world)
    marks = [leaf for leaf in sealed if leaf["type"] == "log.erasure"]
    with world.services.db.read() as connection:
        hashes = {row.hex() for row in connection.scalars(select(consent_event.c.leaf_hash))}
    assert {mark["leaf"] for mark in marks} == hashes
    assert len(marks) == len(hashes) == 2
    assert visitor not in json.dumps(sealed)
    assert answer["consent"]["reference"] not in json.dumps(sealed)


def test_leaves_are_sealed_in_the_order_of_their_ids(world: World) -> None:
    for _ in range(10):
        world.answer("shop", "accept")
        world.clock.move(milliseconds=1)
    world.services.ledger.seal_all()
    ids = [leaf["id"] for leaf in leaves(world)][1:]
    assert ids == sorted(ids)


def test_a_visitors_events_are_sealed_in_their_sequence_even_if_the_clock_goes_back(
    world: World,
) -> None:
    world.clock.move(hours=1)
    credential = world.answer("shop", "accept")["credential"]
    for action in ("reject", "accept", "withdraw", "accept"):
        world.clock.move(seconds=-1)
        world.answer("shop", action, credential=credential)
        world.services.ledger.seal_all()
    sealed = [leaf["type"] for leaf in leaves(world) if leaf["type"].startswith("consent.")]
    history = world.me("shop", credential).get_json()["history"]
    assert sealed == [event["type"] for event in reversed(history)]
    assert len(sealed) == 5


def test_sealing_again_seals_nothing_more(world: World) -> None:
    world.answer("shop", "accept")
    waiting, logs = pending_count(world), 2
    assert world.services.ledger.seal_all().leaves == waiting + logs
    assert pending_count(world) == 0
    before = leaves(world)
    assert world.services.ledger.seal_all().leaves == 0
    assert leaves(world) == before


def test_indexes_go_on_where_they_ended(world: World) -> None:
    world.services.ledger.seal_all()
    size = len(leaves(world))
    world.answer("shop", "accept")
    assert world.services.ledger.seal_all().leaves == 1
    assert len(leaves(world)) == size + 1


def test_sealers_at_once_give_one_gapless_log(world: World) -> None:
    together = Barrier(3)

    def seal(services: Services) -> int:
        together.wait()
        return services.ledger.seal_all().leaves

    with ExitStack() as stack:
        sealers = [stack.enter_context(another(world, with_log_keys=True)) for _ in range(3)]
        pool = stack.enter_context(ThreadPoolExecutor(len(sealers)))
        for _ in range(count(4, 40)):
            for _ in range(5):
                world.answer("shop", "accept")
            list(pool.map(seal, sealers))
    sealed = [leaf["id"] for leaf in leaves(world)]
    assert len(sealed) == len(set(sealed)) == 1 + 3 + 5 * count(4, 40)
    assert pending_count(world) == 0


def test_sealing_while_visitors_answer_loses_nothing(world: World) -> None:
    with another(world, with_log_keys=True) as sealer:
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(world.answer, "shop", "accept") for _ in range(count(30, 300))]
            while not all(answer.done() for answer in answers):
                sealer.ledger.seal_all()
        sealer.ledger.seal_all()
    recorded = {answer.result()["consent"]["id"] for answer in answers}
    assert recorded <= {leaf["id"] for leaf in leaves(world)}
    assert pending_count(world) == 0


def test_a_service_without_the_keys_cannot_begin_a_log(world: World) -> None:
    with (
        another(world, with_log_keys=False) as services,
        pytest.raises(SettingsError, match="cannot seal"),
    ):
        services.ledger.seal_all()
    assert leaves(world) == []


def test_a_service_without_the_keys_cannot_go_on_with_a_log(world: World) -> None:
    world.services.ledger.seal_all()
    size = len(leaves(world))
    world.answer("shop", "accept")
    with (
        another(world, with_log_keys=False) as services,
        pytest.raises(SettingsError, match="cannot seal"),
    ):
        services.ledger.seal_all()
    assert len(leaves(world)) == size

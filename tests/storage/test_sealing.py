"""Sealing: one gapless sequence of leaves per log, whoever seals and however often."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from consent_service.bootstrap import Services
from consent_service.consents.tables import consent_event
from consent_service.core import keyring
from consent_service.core.errors import SettingsError
from consent_service.core.keyring import Key
from consent_service.core.merkle import leaf_hash
from consent_service.ledger.sealing import BATCH
from consent_service.ledger.tables import ledger_pending
from tests.counts import count
from tests.storage.logs import (
    another,
    hashes,
    leaves,
    pending_count,
    published,
    require_one_log,
    require_signed,
    site_id,
)
from tests.storage.rows import disable_guards, owner
from tests.support.world import World


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


def test_every_published_checkpoint_is_of_one_log(world: World) -> None:
    for action in ("accept", "reject", "accept"):
        world.answer("shop", action)
        world.services.ledger.seal_all()
    require_one_log(world)
    assert len(published(world)) == 3


def test_a_log_longer_than_a_batch_is_sealed_in_several(world: World) -> None:
    with world.services.db.write() as tx:
        rows = [
            {
                "site_id": site_id(world),
                "entry_id": str(UUID(int=0xFFFF << 112 | number)),
                "kind": "event",
                "leaf_hash": leaf_hash(str(number).encode()),
            }
            for number in range(2 * BATCH + 10)
        ]
        tx.execute(insert(ledger_pending), rows)
    world.services.ledger.seal_all()
    require_one_log(world)
    assert len(published(world)) == 3
    assert pending_count(world) == 0


def test_leaves_that_were_sealed_before_there_were_checkpoints_come_into_the_tree(
    world: World,
) -> None:
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    expected = hashes(world)
    with owner(world) as connection:
        for table in ("checkpoint", "ledger_tile"):
            disable_guards(connection, table)
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE ledger_head SET keys_hash = NULL, keys_entry = NULL"))
    world.settings.anchor_file.unlink()
    world.services.ledger.seal_all()
    require_one_log(world)
    assert hashes(world)[: len(expected)] == expected
    assert leaves(world)[-1]["type"] == "log.key_rotation"


def rotate_to(world: World, use: str) -> Key:
    made = keyring.rotate(world.settings.keys_dir, use, world.clock, world.services.ids)
    world.clock.move(seconds=6)
    return made


def newest_note(world: World) -> str:
    return world.services.logs.checkpoint(site_id(world))


def keys_of(leaf: dict[str, Any], use: str) -> list[str]:
    return [key["key"] for key in leaf["keys"] if key["use"] == use]


def test_a_new_key_is_named_in_the_log_before_it_signs(world: World) -> None:
    world.services.ledger.seal_all()
    (old,) = keys_of(leaves(world)[0], "checkpoint")
    rotate_to(world, "checkpoint")
    world.services.ledger.seal_all()
    rotation = leaves(world)[-1]
    assert rotation["type"] == "log.key_rotation"
    assert rotation["revoked"] == []
    both = keys_of(rotation, "checkpoint")
    assert both[0] == old
    assert len(both) == 2
    require_signed(world, newest_note(world), old)
    with pytest.raises(AssertionError):
        require_signed(world, newest_note(world), *both)


def test_both_keys_sign_until_the_older_one_is_revoked(world: World) -> None:
    world.services.ledger.seal_all()
    rotate_to(world, "checkpoint")
    rotate_to(world, "clock")
    world.services.ledger.seal_all()
    rotation = leaves(world)[-1]
    both, clocks = keys_of(rotation, "checkpoint"), keys_of(rotation, "clock")
    world.clock.move(minutes=11)
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    require_signed(world, newest_note(world), *both, *clocks)
    older = next(key for key in rotation["keys"] if key["key"] == both[0])
    keyring.revoke(world.settings.keys_dir, "checkpoint", older["kid"], world.clock)
    world.clock.move(seconds=6)
    world.services.ledger.seal_all()
    last = leaves(world)[-1]
    assert last["type"] == "log.key_rotation"
    assert keys_of(last, "checkpoint") == both[1:]
    assert [(each["use"], each["kid"]) for each in last["revoked"]] == [
        ("checkpoint", older["kid"])
    ]
    require_signed(world, newest_note(world), both[1])
    with pytest.raises(AssertionError):
        require_signed(world, newest_note(world), both[0])
    require_one_log(world)


def test_a_key_of_receipts_or_exports_is_named_as_well(world: World) -> None:
    world.services.ledger.seal_all()
    for use in ("receipt", "export"):
        rotate_to(world, use)
        world.services.ledger.seal_all()
        assert len(keys_of(leaves(world)[-1], use)) == 2
    size = len(leaves(world))
    world.services.ledger.seal_all()
    assert len(leaves(world)) == size

"""Exported bundles: complete, provable, the same bytes each time, nothing that was erased."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select

from consent_service.banners.tables import banner_build
from consent_service.core.errors import InvalidRequestError, NotFoundError, UnavailableError
from consent_service.core.keyring import ROTATION_DELAY, rotate
from consent_service.core.merkle import leaf_hash
from consent_service.core.notes import cosign, parse
from consent_service.exports.leaves import UnexplainedError
from consent_service.exports.model import Format, OvertakenError
from consent_service.exports.service import ExportService, Wanted
from consent_service.exports.store_bundle import list_earlier
from consent_service.ledger import store_attestations
from consent_service.ledger.tables import checkpoint
from tests.evidence.exported import (
    ALL_DERIVED,
    Exported,
    begin,
    controlled,
    erase,
    export,
    filled,
    index_of,
    redact,
    sealed_world,
    stream,
    verify,
    vkey_of,
)
from tests.support.keeping import keep
from tests.support.world import World

Sealed = tuple[World, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """A filled world that the tests here only read, and its answers."""
    with sealed_world(tmp_path_factory.mktemp("sealed")) as lent:
        yield lent


def checked(world: World, bundle: Exported) -> Exported:
    verify(bundle, vkey_of(world))
    return bundle


def test_a_whole_log_is_a_bundle_that_holds(world: World) -> None:
    answers = filled(world)
    bundle = checked(world, export(world, derived=ALL_DERIVED))
    leaves = [json.loads(leaf) for leaf in bundle.leaves.values() if isinstance(leaf, bytes)]
    ids = [leaf["id"] for leaf in leaves if "nonce" not in leaf]
    assert ids == [answer["consent"]["id"] for answer in answers]
    assert leaves[0]["type"] == "log.genesis"
    assert bundle.manifest["counts"] == {
        "control": 4,
        "erased_fields": 0,
        "events": 5,
        "redacted": 0,
    }
    assert bundle.manifest["range"] == {"count": 9, "first": 0}
    assert bundle.manifest["openings"] == "included"
    assert [name for name in bundle.files if "/" not in name] == [
        "checkpoint",
        "policy",
        "events.jsonl",
        "openings.jsonl",
        "events.csv",
        "receipts27560.jsonl",
        "kantara.jsonl",
        "VERIFY.md",
        "manifest.json",
        "manifest.note",
    ]
    for answer in answers:
        assert bundle.openings[index_of(bundle, answer)] == answer["openings"]


def test_the_same_tree_gives_the_same_bytes_whatever_came_later(world: World) -> None:
    filled(world)
    first = export(world, derived=ALL_DERIVED)
    world.clock.move(hours=1)
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    size = first.manifest["tree_size"]
    assert export(world, as_of=size, derived=ALL_DERIVED).data == first.data
    later = checked(world, export(world))
    assert later.manifest["tree_size"] == size + 1


def test_a_range_of_times_is_proved_to_be_whole(world: World) -> None:
    answers = filled(world)
    start = world.clock.now() - timedelta(minutes=4)
    bundle = checked(
        world, export(world, since=start + timedelta(minutes=1), until=start + timedelta(minutes=3))
    )
    assert bundle.manifest["range"] == {"count": 2, "first": 5}
    assert [index_of(bundle, answer) for answer in answers[1:3]] == [5, 6]
    proved = bundle.lines("leaves.jsonl")
    assert [each["i"] for each in proved] == [0]
    assert bundle.files["range.json"].startswith(b'{"left":["')


@pytest.mark.parametrize(
    ("since", "until", "first", "count"),
    [(None, 1, 0, 5), (1, None, 5, 4), (2, 3, 6, 1), (4, None, 8, 1), (None, 4, 0, 8)],
)
def test_each_cut_of_a_log_holds(
    sealed: Sealed, since: int | None, until: int | None, first: int, count: int
) -> None:
    world, _ = sealed
    start = world.clock.now() - timedelta(minutes=4)
    limits: dict[str, Any] = {}
    if since is not None:
        limits["since"] = start + timedelta(minutes=since)
    if until is not None:
        limits["until"] = start + timedelta(minutes=until)
    bundle = checked(world, export(world, **limits))
    assert bundle.manifest["range"] == {"count": count, "first": first}


def test_one_visitors_events_are_proved_one_by_one(world: World) -> None:
    answers = filled(world)
    bundle = checked(world, export(world, visitor=answers[0]["consent"]["visitor"]))
    assert bundle.manifest["range"] == {
        "indexes": [index_of(bundle, answer) for answer in answers[:2]]
    }
    assert set(bundle.openings) == set(bundle.manifest["range"]["indexes"])
    assert not {"events.jsonl", "range.json"} & set(bundle.files)
    assert answers[2]["consent"]["visitor"] not in str(bundle.files)


def test_one_event_is_a_bundle_of_its_own(sealed: Sealed) -> None:
    world, answers = sealed
    bundle = checked(world, export(world, consent=answers[2]["consent"]["id"]))
    assert bundle.manifest["range"] == {"indexes": [index_of(bundle, answers[2])]}
    assert bundle.manifest["counts"]["events"] == 1


def test_withheld_openings_are_nowhere(sealed: Sealed) -> None:
    world, answers = sealed
    bundle = checked(world, export(world, openings=False, derived=ALL_DERIVED))
    assert bundle.manifest["openings"] == "withheld"
    for answer in answers:
        assert answer["consent"]["visitor"].encode() not in b"".join(bundle.files.values())


def test_an_erased_visitor_is_in_no_file_and_the_log_says_so(world: World) -> None:
    answers = filled(world)
    erase(world, answers[0])
    world.services.ledger.seal_all()
    bundle = checked(world, export(world, derived=ALL_DERIVED))
    assert answers[0]["consent"]["visitor"].encode() not in b"".join(bundle.files.values())
    assert bundle.manifest["counts"]["erased_fields"] > 0
    assert index_of(bundle, answers[0]) not in bundle.openings


def test_the_erasures_of_a_range_come_with_it(world: World) -> None:
    answers = filled(world)
    erased_at = world.clock.now()
    world.clock.move(minutes=1)
    erase(world, answers[0])
    world.services.ledger.seal_all()
    bundle = checked(world, export(world, until=erased_at))
    types = [json.loads(leaf)["type"] for leaf in _texts(bundle)]
    assert types == ["log.erasure", "log.erasure"]
    assert bundle.manifest["counts"]["erased_fields"] > 0


def test_a_redacted_leaf_leaves_its_hash(world: World) -> None:
    answers = filled(world)
    digest = redact(world, answers[2])
    world.services.ledger.seal_all()
    bundle = checked(world, export(world, derived=ALL_DERIVED))
    assert bundle.manifest["counts"]["redacted"] == 1
    assert answers[2]["consent"]["id"].encode() not in b"".join(bundle.files.values())
    assert digest.hex() in bundle.files["events.csv"].decode()
    one = checked(world, export(world, consent=answers[2]["consent"]["id"]))
    assert [sorted(each) for each in one.lines("leaves.jsonl")] == [
        ["i", "leaf", "proof"],
        ["$redacted", "i", "proof"],
        ["i", "leaf", "proof"],
    ]


def test_what_is_gone_without_a_word_makes_no_bundle(sqlite_world: World) -> None:
    world = sqlite_world
    answers = filled(world)
    redact(world, answers[2], told=False)
    with pytest.raises(UnexplainedError, match="leaf 6 "):
        export(world)


def test_a_hidden_visitor_is_shown_to_the_owner_only(world: World) -> None:
    keep(world, restrict=True)
    answers = filled(world)
    visitor, event = answers[0]["consent"]["visitor"], answers[0]["consent"]["id"]
    erase(world, answers[0])
    world.services.ledger.seal_all()
    bundle = checked(world, export(world, derived=ALL_DERIVED))
    assert index_of(bundle, answers[0]) not in bundle.openings
    assert visitor.encode() not in b"".join(bundle.files.values())
    assert visitor.encode() not in b"".join(chunk for chunk, _ in stream(world, form=Format.JSONL))
    with pytest.raises(InvalidRequestError, match="visitor: "):
        export(world, visitor=visitor)
    owners = checked(world, export(world, restricted=True))
    assert owners.openings[index_of(owners, answers[0])] == answers[0]["openings"]
    assert index_of(checked(world, export(world, restricted=True, visitor=visitor)), answers[0])
    text = b"".join(
        chunk for chunk, _ in stream(world, form=Format.JSONL, restricted=True, visitor=visitor)
    )
    shown = [json.loads(line) for line in text.splitlines()]
    assert event in [each["event"]["id"] for each in shown]
    assert {each["visitor"] for each in shown} == {visitor}
    assert {each["reference"] for each in shown} == {answers[0]["consent"]["reference"]}


def test_what_a_restriction_hides_it_hides_before_it_is_sealed(sqlite_world: World) -> None:
    world = sqlite_world
    answers = filled(world)
    whole = export(world)
    index = index_of(whole, answers[0])
    leaf = whole.leaves[index]
    assert isinstance(leaf, bytes)
    chunks = stream(world)
    told = {"leaf": leaf_hash(leaf).hex(), "fields": ["visitor"], "reason": "request"}
    controlled(world, "log.restriction", [leaf_hash(leaf)], **told)
    with pytest.raises(OvertakenError):
        list(chunks)
    text = b"".join(chunk for chunk, _ in stream(world, form=Format.JSONL)).decode()
    hidden = next(each for each in map(json.loads, text.splitlines()) if each["index"] == index)
    assert (hidden["visitor"], hidden["reference"], hidden["openings"]) == (None, None, [])
    world.services.ledger.seal_all()
    assert index not in checked(world, export(world)).openings
    assert index in checked(world, export(world, restricted=True)).openings


def test_what_others_say_of_a_checkpoint_is_in_the_bundle(world: World, tmp_path: Path) -> None:
    filled(world)
    plain = export(world)
    note, size = plain.files["checkpoint"].decode(), plain.manifest["tree_size"]
    line = cosign(parse(note).text, "witness", Ed25519PrivateKey.generate(), 1_795_000_000)
    log, certificates = begin(world).log, tmp_path / "tsa.pem"
    certificates.write_bytes(b"certificates")
    for kind, name, content in (
        (store_attestations.COSIGNATURE, "witness", line),
        (store_attestations.TIMESTAMP, "https://tsa.example", "c3RhbXA="),
    ):
        with world.services.db.write() as tx:
            store_attestations.insert(tx, log, size, kind, name, content, world.clock.now())
    exports = ExportService(world.services.db, world.services.exports._keyring, certificates)
    object.__setattr__(world.services, "exports", exports)
    bundle = checked(world, export(world))
    assert bundle.files["checkpoint"].decode() == note + line
    assert bundle.files["checkpoint.tsr"] == b"stamp"
    assert bundle.files["tsa.pem"] == b"certificates"
    world.clock.move(seconds=1)
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    later = checked(world, export(world))
    assert later.files[f"checkpoints/{size}"].decode() == note + line
    assert not {"checkpoint.tsr", "tsa.pem"} & set(later.files)


def test_what_is_signed_and_not_published_is_in_no_export(world: World) -> None:
    filled(world)
    before = export(world)
    world.answer("shop", "accept")
    sealer = world.services.ledger._sealer
    assert sealer
    site_id = world.services.sites.get("shop").site_id
    with sealer._anchor.held() as held, world.services.db.write() as tx:
        sealer._write(tx, held, site_id)
    assert export(world).data == before.data
    size = before.manifest["tree_size"] + 1
    with pytest.raises(InvalidRequestError, match=f"no checkpoint of {size} leaves is published"):
        begin(world, as_of=size)
    for form in (Format.CSV, Format.JSONL):
        assert begin(world, form=form).as_of == size - 1
    world.services.ledger.seal_all()
    assert export(world, as_of=size).manifest["tree_size"] == size


def test_an_earlier_checkpoint_that_was_not_published_stays_out(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    before = export(world)
    stray = {
        "site_id": world.services.sites.get("shop").site_id,
        "epoch": 1,
        "size": 2,
        "root": b"r" * 32,
        "note": "nothing\n",
        "created_at": world.clock.now(),
    }
    with world.services.db.write() as tx:
        tx.execute(insert(checkpoint).values(stray))
    assert export(world).data == before.data


def test_an_erasure_that_waits_is_waited_for(world: World) -> None:
    answers = filled(world)
    erase(world, answers[0])
    world.services.exports._wait_seconds = 0.3
    with pytest.raises(UnavailableError, match="waits to be sealed"):
        begin(world)
    world.services.ledger.seal_all()
    checked(world, export(world))


def test_an_ended_epoch_that_was_erased_from_since_is_refused_before_it_begins(
    world: World,
) -> None:
    answers = filled(world)
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    world.services.ledger.seal_all()
    checked(world, export(world, epoch=1))
    erase(world, answers[0])
    world.services.ledger.seal_all()
    told = r"shop/1 has ended; 2 of its leaves were erased since, .* with --without-openings"
    with pytest.raises(UnexplainedError, match=told):
        begin(world, epoch=1)
    checked(world, export(world, epoch=1, openings=False))
    checked(world, export(world, epoch=1, consent=answers[2]["consent"]["id"]))
    verify(export(world), vkey_of(world, epoch=2))
    redact(world, answers[2])
    world.services.ledger.seal_all()
    with pytest.raises(UnexplainedError, match="the texts of 1 of its leaves were removed since"):
        begin(world, epoch=1, openings=False)


@pytest.mark.parametrize("form", [Format.BUNDLE, Format.CSV])
def test_the_epoch_that_holds_a_visitor_is_named(sqlite_world: World, form: Format) -> None:
    world = sqlite_world
    given = filled(world)[2]["consent"]
    world.services.ledger.begin_epoch(world.services.sites.get("shop").site_id)
    world.services.ledger.seal_all()
    for name, value in (("visitor", given["visitor"]), ("consent", given["id"])):
        with pytest.raises(InvalidRequestError, match=f"^{name}: .*in epoch 1: use --epoch 1$"):
            begin(world, form=form, **{name: value})
        begin(world, form=form, epoch=1, **{name: value})


def test_events_that_wait_are_not_waited_for(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    world.answer("shop", "accept")
    export_begun = begin(world)
    assert export_begun.pending == 1
    checked(world, export(world))


def test_an_erasure_breaks_a_bundle_off_that_still_had_to_hold_it(world: World) -> None:
    answers = filled(world)
    size = export(world).manifest["tree_size"]
    chunks = stream(world, derived=ALL_DERIVED)
    erase(world, answers[0])
    with pytest.raises(OvertakenError, match="newer checkpoint"):
        list(chunks)
    world.services.ledger.seal_all()
    with pytest.raises(OvertakenError):
        export(world, as_of=size)
    checked(world, export(world, openings=False, as_of=size))
    checked(world, export(world))


def test_a_new_key_comes_with_the_leaf_that_names_it(sqlite_world: World) -> None:
    world = sqlite_world
    filled(world)
    before = vkey_of(world)
    for use in ("checkpoint", "export", "clock"):
        rotate(world.settings.keys_dir, use, world.clock, world.services.ids)
    world.clock.move(seconds=ROTATION_DELAY.total_seconds() + 10)
    answer = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    world.services.ledger.seal_all()
    bundle = export(world, consent=answer["consent"]["id"])
    types = {json.loads(leaf)["type"] for leaf in _texts(bundle)}
    assert types == {"log.genesis", "log.key_rotation", "consent.given"}
    assert {before, vkey_of(world)} <= set(bundle.manifest["log"]["vkeys"])


def test_many_checkpoints_are_thinned_evenly(world: World) -> None:
    world.services.ledger.seal_all()
    log = begin(world).log
    row = {"site_id": log.site_id, "epoch": log.epoch, "root": b"r" * 32, "note": "n"}
    times = {"created_at": world.clock.now(), "published_at": world.clock.now()}
    sizes = range(10, 3000, 7)
    with world.services.db.write() as tx:
        tx.execute(insert(checkpoint), [{**row, **times, "size": size} for size in sizes])
    with world.services.db.read() as connection:
        found = list_earlier(connection, log, 2001, 64)
        assert list_earlier(connection, log, 4, 64) == []
        assert list_earlier(connection, log, 40, 64) == [4, 10, 17, 24, 31, 38]
    assert len(found) == 64
    assert found[-1] == max(size for size in sizes if size < 2001)
    steps = [new - old for old, new in pairwise(found)]
    assert max(steps) <= 2001 / 64 + 7


def test_the_banner_that_drew_a_notice_is_in_the_bundle(sqlite_world: World) -> None:
    world = sqlite_world
    world.services.keeping.run()
    of_shop = banner_build.c.site_id == world.services.sites.get("shop").site_id
    with world.services.db.read() as connection:
        digest, code = connection.execute(
            select(banner_build.c.digest, banner_build.c.code).where(of_shop).limit(1)
        ).one()
    world.answer("shop", "accept", banner=digest)
    world.answer("shop", "reject", banner="ab" * 32)
    world.services.ledger.seal_all()
    bundle = checked(world, export(world))
    found = {name: data for name, data in bundle.files.items() if name.startswith("banners/")}
    assert found == {f"banners/{digest}.js": code.encode()}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"type": "consent.given"}, "type"),
        ({"resume": 4}, "resume"),
        ({"as_of": 2}, "as_of"),
        ({"visitor": "01a207d9-2100-744e-bb2d-6d83deb28131"}, "visitor"),
        ({"consent": "01a207d9-2100-744e-bb2d-6d83deb28131"}, "consent"),
        ({"visitor": "01a207d9-2100-744e-bb2d-6d83deb28131", "consent": "x"}, "visitor"),
        ({"form": Format.CSV, "derived": ("csv",)}, "with"),
        ({"form": Format.JSONL, "openings": False}, "openings"),
    ],
)
def test_what_a_bundle_cannot_be_is_refused(
    sealed: Sealed, wanted: dict[str, Any], field: str
) -> None:
    world, _ = sealed
    with pytest.raises(InvalidRequestError) as refused:
        begin(world, **wanted)
    assert [each.field for each in refused.value.fields] == [field]


def test_times_without_leaves_are_refused(sealed: Sealed) -> None:
    world, _ = sealed
    with pytest.raises(InvalidRequestError, match="no leaf"):
        begin(world, since=world.clock.now() + timedelta(days=1))
    with pytest.raises(InvalidRequestError, match="no leaf"):
        begin(world, until=world.clock.now() - timedelta(days=1))


def test_a_log_that_published_nothing_makes_no_bundle(sqlite_world: World) -> None:
    world = sqlite_world
    world.services.exports._wait_seconds = 0.1
    with pytest.raises((NotFoundError, UnavailableError)):
        begin(world)
    with pytest.raises(NotFoundError, match="no epoch 2"):
        begin(world, epoch=2)


def test_a_site_without_a_telephone_has_no_kantara_receipts(sealed: Sealed) -> None:
    world, _ = sealed
    site = world.services.sites.get("shop")
    silent = replace(site, controller={**site.controller, "phone": ""})
    wanted = Wanted(form=Format.BUNDLE, derived=("kantara",))
    with pytest.raises(InvalidRequestError, match=r"controller\.phone"):
        world.services.exports.begin(silent, wanted)


def _texts(bundle: Exported) -> list[bytes]:
    return [
        base64.b64decode(each["leaf"])
        for each in bundle.lines("leaves.jsonl")
        if each["i"] != 0 or "indexes" in bundle.manifest["range"]
    ]

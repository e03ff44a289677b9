"""The JSON Schemas say what the verifier checks by hand, and what bundles hold."""

import base64
import copy
import json
import random
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from consent_service.evidence.leaves import CONTROL, EVENT_TYPES, check_leaf
from consent_service.evidence.manifest import check_form
from consent_service.evidence.shapes import LeafReader, Wrong, parse_leaf
from tests.counts import count
from tests.evidence.building import Log, canonical, shop, time, urlsafe

FOLDER = files("consent_service.evidence") / "schemas"
OURS = (
    "event",
    "control",
    "manifest",
    "openings-line",
    "leaves-line",
    "range",
    "receipt-claims",
    "receipt",
)


@cache
def schema(name: str) -> Draft202012Validator:
    loaded = {each: json.loads((FOLDER / f"{each}.schema.json").read_text()) for each in OURS}
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in loaded.values()
    )
    return Draft202012Validator(loaded[name], registry=registry)


@pytest.mark.parametrize("name", OURS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name).schema)


def good_leaves() -> list[dict[str, Any]]:
    log = Log()
    terms, notice = log.publish_document(), log.publish_notice()
    log.genesis()
    previous = {"origin": "a/b/1", "size": 0, "root": "A" * 43 + "="}
    log.genesis(previous=previous)
    revoked = [{"use": "clock", "kid": "x", "revoked_at": time(log.now)}]
    log.control("log.key_rotation", keys=log.keys(), revoked=revoked)
    priv, _ = log.commit(officer="o")
    log.control("retention.held", reason="x", priv=priv)
    log.control("retention.released", reason="ü \u2028")
    log.control("site.closed")
    for number, kind in enumerate(EVENT_TYPES):
        more = {
            "documents": {"terms": terms},
            "services": {"youtube": "not_subject"},
            "signals": {"gpc": True, "override": False, "gpp": "DBABLA~1YNN", "tc": "CPX.YA"},
            "banner": "0" * 64,
            "locale": "zh-Hant-TW",
            "why": "region:US-CA",
        }
        log.event(kind, notice=notice, **(more if number % 2 else {}))
    least = {name: value for name, value in notice.items() if name != "variant"}
    log.event("consent.imported", notice=least)
    log.erase(len(log.leaves) - 1)
    log.erase(len(log.leaves) - 2, kind="log.restriction")
    named = log.hash(3).hex()
    until = time(log.now)
    log.control("log.restriction", leaf=named, fields=["a"], reason="r", until=until)
    log.control("log.redaction", leaves=[named], reason="retention")
    return [json.loads(leaf) for leaf in log.leaves if isinstance(leaf, bytes)]


STRANGE: list[Any] = [
    0,
    -1,
    2**53,
    True,
    False,
    None,
    "",
    "x",
    "granted",
    "A" * 43,
    "a" * 64,
    "A" * 64,
    "Ä",
    "2026-11-23T10:00:00Z",
    "log-test/shop",
    "log-test/shop/1",
    "consent.given",
    "log.genesis",
    "y" * 3000,
    [],
    ["x"],
    {},
    {"x": 1},
    {"n": 1, "sha256": "a" * 64},
    {"X": "granted"},
]


INSERTED = [b"", b'"', b"\\", b"A", b"granted", b'"granted"', b"\n", b":"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(each, (*path, key))
    return found


def mutated(leaf: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a leaf with one thing changed, added or taken away."""
    changed = copy.deepcopy(leaf)
    *before, last = chance.choice(places(changed))
    holder: Any = changed
    for key in before:
        holder = holder[key]
    match chance.randrange(4):
        case 0:
            del holder[last]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(["x", "X", "until", "priv", "nonce", "a" * 33, "reason"])] = (
                chance.choice(STRANGE)
            )
        case 2 if isinstance(holder[last], str) and holder[last]:
            at = chance.randrange(len(holder[last]))
            other = chance.choice("aA0_-=Zé:")
            holder[last] = holder[last][:at] + other + holder[last][at + 1 :]
        case _:
            holder[last] = chance.choice(STRANGE)
    return changed


def test_good_leaves_are_leaves_by_hand_and_by_schema() -> None:
    leaves = good_leaves()
    assert {leaf["type"] for leaf in leaves} == {*CONTROL, *EVENT_TYPES}
    for leaf in leaves:
        name = "control" if leaf["type"] in CONTROL else "event"
        assert check_leaf(leaf) is None, leaf
        assert schema(name).is_valid(leaf), leaf


def test_schemas_and_checks_by_hand_judge_changed_leaves_alike() -> None:
    chance, leaves, judged = random.Random(2020), good_leaves(), []
    for _ in range(count(700, 60_000)):
        leaf = mutated(chance.choice(leaves), chance)
        by_hand = check_leaf(leaf)
        if by_hand and by_hand.endswith("no moment of the calendar"):
            continue
        by_schema = schema("control").is_valid(leaf) or schema("event").is_valid(leaf)
        assert by_schema is (by_hand is None), (by_hand, leaf)
        judged.append(by_schema)
    assert judged.count(True) > 40
    assert judged.count(False) > 300


def test_leaves_that_are_read_by_their_shape_are_judged_as_if_read_alone() -> None:
    """What is remembered of a leaf lets no other pass that would not pass by itself."""
    chance, leaves, reader = random.Random(7), good_leaves(), LeafReader()
    passed = 0
    for _ in range(count(4000, 100_000)):
        line = canonical(chance.choice(leaves)).encode()
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(line))
            inserted = chance.choice(
                [b"", b'"', b"\\", b"A", b"granted", b'"granted"', b"\n", b":"]
            )
            line = line[:at] + inserted + line[at + chance.randrange(3) :]
        if chance.random() < 0.2:
            line = line.replace(b'"granted"', b'"denied"', 1)
        alone, remembered = parse_leaf(line), reader.read(line)
        if isinstance(alone, Wrong):
            assert remembered == alone, line
        else:
            assert not isinstance(remembered, Wrong), line
            assert remembered.id.decode() == alone["id"]
            assert remembered.ts.decode() == alone["ts"]
            assert (remembered.kind.log, remembered.kind.type) == (alone["log"], alone["type"])
            expected = {
                value.encode(): name.encode() for name, value in alone.get("priv", {}).items()
            }
            assert remembered.commitments == expected
            named = {each["sha256"] for each in alone.get("documents", {}).values()}
            assert remembered.kind.documents >= named
            passed += 1
    assert passed > 500


def test_a_shape_vouches_for_no_other_content() -> None:
    log, reader = Log(), LeafReader()
    log.event(notice=log.publish_notice(), decisions={"a": "granted", "b": "denied"})
    line = log.leaves[-1]
    assert isinstance(line, bytes)
    assert not isinstance(reader.read(line), Wrong)
    for old, new, code in (
        (b'"why":"country:DE"', b'"why":"country:D"', None),
        (b'{"a":"granted"', b'{"b":"granted"', "LEAF_DUPLICATE_KEY"),
        (b'{"a":"granted","b"', b'{"granted":"a","b"', "LEAF_NOT_CANONICAL"),
        (b"2026-11-23T", b"2026-11-31T", "LEAF_SCHEMA"),
        (b'"v":1', b'"v":1 ', "LEAF_NOT_CANONICAL"),
        (b'"layer":1', b'"layer":1.0', "LEAF_SCHEMA"),
        (b'"layer":1', b'"layer":1e0', "LEAF_SCHEMA"),
        (b'"de"', b'"granted"', None),
        (b'"banner"', b'"granted"', "LEAF_SCHEMA"),
    ):
        assert old in line
        found = reader.read(line.replace(old, new, 1))
        assert (found.code if isinstance(found, Wrong) else None) == code, new


def test_a_shape_knows_ids_from_digests_and_lines_from_two() -> None:
    log, reader = Log(), LeafReader()
    log.event(notice=log.publish_notice())
    line, name = log.leaves[-1], log.leaf(len(log.leaves) - 1)["id"].encode()
    assert isinstance(line, bytes)
    assert not isinstance(reader.read(line), Wrong)
    assert isinstance(reader.read(line.replace(name, b"A" * 43)), Wrong)
    # A newline in place of what is cut out first, and behind the end what stands for its length.
    halved = line.replace(b':"' + name + b'"', b"\n") + bytes([len(name)])
    assert isinstance(reader.read(halved), Wrong)


def test_two_fields_never_have_one_commitment() -> None:
    log, reader = Log(), LeafReader()
    log.event(notice=log.publish_notice())
    body = log.leaf(len(log.leaves) - 1)
    assert not isinstance(reader.read(canonical(body).encode()), Wrong)
    body["priv"]["prev"] = body["priv"]["visitor"]
    found = reader.read(canonical(body).encode())
    assert isinstance(found, Wrong)
    assert found.message == "two fields have one commitment"


def test_what_a_bundle_holds_is_what_the_schemas_say() -> None:
    log = shop()
    for bundle in (log.bundle(first=4, count=5, earlier=[3]), log.bundle(indexes=[4, 6, 7])):
        manifest = json.loads(bundle["manifest.json"])
        assert schema("manifest").is_valid(manifest)
        assert check_form(manifest) is None
        for name, kind in (("openings.jsonl", "openings-line"), ("leaves.jsonl", "leaves-line")):
            assert bundle[name]
            for line in bundle[name].splitlines():
                assert schema(kind).is_valid(json.loads(line))
        if "range.json" in bundle:
            assert schema("range").is_valid(json.loads(bundle["range.json"]))


def paths_of(manifest: dict[str, Any]) -> list[str]:
    return [each["path"] for each in manifest["files"]]


def test_manifests_are_judged_alike() -> None:
    chance, judged = random.Random(1), []
    manifest = json.loads(shop().bundle(earlier=[3])["manifest.json"])
    for _ in range(count(400, 5000)):
        changed = mutated(manifest, chance)
        by_hand = check_form(changed)
        if by_hand and by_hand.endswith("no moment of the calendar"):
            continue
        # Which paths a bundle may have is checked by hand with the files, not with the form.
        if by_hand is None and paths_of(changed) != paths_of(manifest):
            continue
        assert schema("manifest").is_valid(changed) is (by_hand is None), (by_hand, changed)
        judged.append(by_hand)
    assert None in judged
    assert len(judged) > 300


def test_receipts_are_what_the_schemas_say() -> None:
    log = shop()
    file = json.loads(log.receipt_file(7))
    assert schema("receipt").is_valid(file)
    assert not schema("receipt").is_valid(file | {"more": 1})
    claims = file["receipt"].split(".")[1]
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert schema("receipt-claims").is_valid(read)
    changes: list[dict[str, Any]] = [
        {"leaf": urlsafe(bytes(31))},
        {"evt": {}},
        {"cp": {}},
        {"iat": "1"},
    ]
    for change in changes:
        assert not schema("receipt-claims").is_valid(read | change)

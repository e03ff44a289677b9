"""The log as outsiders see it: checkpoints, tiles, keys, inclusion proofs."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from consent_service.core.checkpoints import parse_checkpoint, parse_proof
from consent_service.core.encoding import b64url_decode
from consent_service.core.merkle import consistency_path, extends, includes, leaf_hash, root_of
from consent_service.core.notes import check, parse, parse_verifier_key
from consent_service.core.tiles import WIDTH, TiledTree, split, tile_path
from tests.support.world import World

LOG = "/v1/sites/shop/log"


def checkpoint(world: World) -> Any:
    answer = world.client.get(f"{LOG}/checkpoint")
    assert answer.status_code == HTTPStatus.OK, answer.text
    return parse_checkpoint(parse(answer.text).text)


def verifiers(world: World, *uses: str) -> list[Any]:
    keys = world.client.get(f"{LOG}/keys").get_json()["keys"]
    return [parse_verifier_key(each["key"]) for each in keys if each["use"] in uses]


def tree(world: World, size: int) -> TiledTree:
    """Read the tree as an outsider does, tile by tile."""

    def read(level: int, index: int, width: int) -> list[bytes]:
        answer = world.client.get(f"{LOG}/tile/{tile_path(level, index, width)}")
        assert answer.status_code == HTTPStatus.OK, answer.text
        assert "immutable" in answer.headers["Cache-Control"]
        hashes = split(answer.data)
        assert len(hashes) == width
        return hashes

    return TiledTree(size, read)


def receipt_claims(world: World, receipt: str) -> dict[str, Any]:
    (key,) = world.client.get("/.well-known/consent/jwks.json").get_json()["keys"]
    found = jws.deserialize_compact(receipt, OKPKey.import_key(key), algorithms=["Ed25519"])
    return dict(json.loads(found.payload))


def test_a_checkpoint_is_signed_by_the_log_and_by_the_clock(world: World) -> None:
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    answer = world.client.get(f"{LOG}/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    signed = check(parse(answer.text), verifiers(world, "checkpoint", "clock"))
    log = f"{world.services.log_name}/shop"
    assert [each.verifier.name for each in signed] == [
        f"{log}/1",
        f"{world.services.log_name}/clock",
    ]
    assert signed[1].time == int(world.clock.now().timestamp())
    found = parse_checkpoint(parse(answer.text).text)
    assert found.origin == f"{log}/1"
    assert found.size == world.services.ledger.status(world.services.sites.get("shop").site_id).size


def test_before_anything_is_sealed_there_is_no_checkpoint(world: World) -> None:
    answer = world.client.get(f"{LOG}/checkpoint")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "log_part_unknown")


def test_checkpoints_extend_each_other_and_tiles_prove_it(world: World) -> None:
    seen = []
    for _ in range(5):
        for _ in range(3):
            world.answer("shop", "accept")
        world.services.ledger.seal_all()
        seen.append(checkpoint(world))
    newest = seen[-1]
    whole = tree(world, newest.size)
    assert whole.root() == newest.root
    for old in seen:
        proof = [] if old == newest else consistency_path(old.size, newest.size, whole.subtree)
        assert extends(old.size, newest.size, proof, old.root, newest.root)


def test_full_tiles_are_kept_and_served_over_several_levels(world: World) -> None:
    for _ in range(WIDTH + 20):
        world.clock.move(milliseconds=1)
        world.answer("shop", "accept")
    world.services.ledger.seal_all()
    newest = checkpoint(world)
    whole = tree(world, newest.size)
    assert whole.root() == newest.root
    full = split(world.client.get(f"{LOG}/tile/0/000").data)
    assert len(full) == WIDTH
    above = split(world.client.get(f"{LOG}/tile/1/000.p/1").data)
    assert above == [root_of(full)]


@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/000.p/200",
        "1/000",
        "0/0",
        "0/000.p/0",
        "64/000",
        "x",
        "0/x000/000",
        "0/000.p/256",
    ],
)
def test_a_tile_that_the_tree_does_not_have_is_not_found(world: World, path: str) -> None:
    world.services.ledger.seal_all()
    answer = world.client.get(f"{LOG}/tile/{path}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "log_part_unknown")


def test_a_proof_of_an_event_holds_by_itself(world: World) -> None:
    answers = [world.answer("shop", "accept") for _ in range(9)]
    world.services.ledger.seal_all()
    for answer in answers:
        text = world.client.get(answer["proof_url"])
        assert text.content_type == "text/plain; charset=utf-8"
        proof = parse_proof(text.text)
        note = parse(proof.checkpoint)
        assert check(note, verifiers(world, "checkpoint"))
        found = parse_checkpoint(note.text)
        leaf = b64url_decode(receipt_claims(world, answer["receipt"])["leaf"])
        assert includes(leaf, proof.index, found.size, proof.path, found.root)
        assert not includes(leaf, proof.index + 1, found.size, proof.path, found.root)


def test_a_proof_says_when_to_come_back_before_it_can_be_had(world: World) -> None:
    answer = world.client.get(world.answer("shop", "accept")["proof_url"])
    assert (answer.status_code, answer.get_json()["code"]) == (404, "proof_pending")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_proof_of_an_unknown_event_is_not_found(world: World) -> None:
    world.answer("shop", "accept")
    world.services.ledger.seal_all()
    unknown = "/v1/sites/shop/consents/018bcfe5-6800-7000-8000-00000000000a/proof"
    answer = world.client.get(unknown)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "entry_unknown")
    elsewhere = world.answer("news", "acknowledge")
    world.services.ledger.seal_all()
    answer = world.client.get(f"/v1/sites/shop/consents/{elsewhere['consent']['id']}/proof")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_receipt_holds_the_newest_published_checkpoint(world: World) -> None:
    first = receipt_claims(world, world.answer("shop", "accept")["receipt"])["cp"]
    assert first == {"size": 0, "root": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}
    world.services.ledger.seal_all()
    world.forget()
    second = receipt_claims(world, world.answer("shop", "accept")["receipt"])["cp"]
    newest = checkpoint(world)
    assert second["size"] == newest.size
    assert b64url_decode(second["root"]) == newest.root


def test_a_leaf_of_a_receipt_is_the_leaf_in_the_tree(world: World) -> None:
    answer = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    payload = answer["receipt"].split(".")[1]
    text = b64url_decode(payload).decode()
    leaf = text[text.index('"evt": ') + len('"evt": ') : -1]
    proof = parse_proof(world.client.get(answer["proof_url"]).text)
    newest = checkpoint(world)
    assert includes(leaf_hash(leaf.encode()), proof.index, newest.size, proof.path, newest.root)


def test_an_older_epoch_is_still_served(world: World) -> None:
    answer = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    before = checkpoint(world)
    site_id = world.services.sites.get("shop").site_id
    world.services.ledger.begin_epoch(site_id)
    world.services.ledger.seal_all()
    assert checkpoint(world).origin.endswith("/shop/2")
    old = world.client.get(f"{LOG}/epochs/1/checkpoint")
    assert parse_checkpoint(parse(old.text).text) == before
    assert world.client.get(f"{LOG}/epochs/1/tile/0/000.p/{before.size}").status_code == 200
    assert world.client.get(f"{LOG}/epochs/3/checkpoint").status_code == 404
    proof = parse_proof(world.client.get(answer["proof_url"]).text)
    assert parse_checkpoint(parse(proof.checkpoint).text) == before


def test_a_log_on_request_shows_its_hashes_to_api_keys_only(world: World) -> None:
    settings = world.folder("shop") / "site.yaml"
    settings.write_text(f"{settings.read_text()}\nlog: on-request\n")
    world.apply("shop")
    world.services.ledger.seal_all()
    path = f"0/000.p/{checkpoint(world).size}"
    refused = world.client.get(f"{LOG}/tile/{path}")
    assert (refused.status_code, refused.get_json()["code"]) == (404, "log_part_unknown")
    managed = f"/v1/manage/sites/shop/log/tile/{path}"
    assert world.client.get(managed).status_code == HTTPStatus.UNAUTHORIZED
    _, secret = world.services.access.create("auditor", ["export"], ["shop"], None)
    headers = {"Authorization": f"Bearer {secret}"}
    assert len(world.client.get(managed, headers=headers).data) == 32 * checkpoint(world).size

"""Receipts: what a visitor takes home, checked as a stranger would."""

import hashlib
from typing import Any

import pytest
import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from consent_service.core import keyring
from tests.api.calls import canonical, decoded, encoded, personal, receipt_claims, stored_events
from tests.support.world import World


def test_a_receipt_verifies_against_the_published_keys(world: World) -> None:
    answer = world.answer("shop", "accept", layer=1)
    claims = receipt_claims(world, answer["receipt"])
    leaf = claims["evt"]
    assert claims["leaf"] == encoded(hashlib.sha256(b"\0" + canonical(leaf)).digest())
    assert canonical(leaf) == rfc8785.dumps(leaf)
    assert claims["jti"] == leaf["id"] == answer["consent"]["id"]
    assert claims["log"] == leaf["log"]
    assert claims["iat"] == 1795428000
    assert claims["iss"] == world.settings.public_url
    assert claims["mmd"] == 60
    assert claims["sv"] == "27560:2023"
    assert claims["cp"] == {"size": 0, "root": encoded(hashlib.sha256(b"").digest())}


def test_the_leaf_is_stored_verbatim_as_the_receipt_holds_it(world: World) -> None:
    answer = world.answer("shop", "choose", decisions={"analytics": True}, locale="ar")
    (event,) = stored_events(world)
    payload = decoded(answer["receipt"].split(".")[1])
    assert b'"evt": ' + event.leaf.encode() + b"}" in payload


def test_openings_open_the_commitments_of_the_leaf(world: World) -> None:
    answer = world.answer("shop", "accept")
    leaf = receipt_claims(world, answer["receipt"])["evt"]
    assert personal(leaf, answer["openings"]) == {"visitor": answer["consent"]["visitor"]}


def test_a_changed_receipt_does_not_verify(sqlite_world: World) -> None:
    world = sqlite_world
    receipt = world.answer("shop", "accept")["receipt"]
    head, payload, signature = receipt.split(".")
    changed = decoded(payload).replace(b'"granted"', b'"denied"', 1)
    keys = KeySet.import_key_set(world.client.get("/.well-known/consent/jwks.json").get_json())
    forged = f"{head}.{encoded(changed)}.{signature}"
    with pytest.raises(JoseError):
        jws.deserialize_compact(forged, keys, algorithms=["Ed25519"])


def test_a_new_receipt_key_is_published_before_it_signs(sqlite_world: World) -> None:
    world = sqlite_world
    before = world.answer("shop", "accept")["receipt"]
    directory, clock, ids = world.settings.keys_dir, world.clock, world.services.ids
    fresh = keyring.rotate(directory, "receipt", clock, ids)
    clock.move(seconds=6)
    published = world.client.get("/.well-known/consent/jwks.json").get_json()["keys"]
    assert fresh.kid in {key["kid"] for key in published}
    assert all("d" not in key for key in published)
    assert _kid(world.answer("shop", "accept")["receipt"]) == _kid(before)
    clock.move(minutes=10)
    after = world.answer("shop", "accept")["receipt"]
    assert _kid(after) == fresh.kid
    assert receipt_claims(world, before)["evt"]
    assert receipt_claims(world, after)["evt"]


def _kid(receipt: str) -> str:
    return str(jws.extract_compact(receipt.encode()).headers()["kid"])


def test_the_newest_receipt_can_be_had_later(world: World) -> None:
    first = world.answer("shop", "accept", layer=1)
    assert saved(world, first) == receipt_claims(world, first["receipt"])
    second = world.answer("shop", "reject", credential=first["credential"])
    keyring.rotate(world.settings.keys_dir, "receipt", world.clock, world.services.ids)
    world.clock.move(days=1)
    assert saved(world, first) == receipt_claims(world, second["receipt"])
    page = world.client.get(
        "/v1/sites/shop/consents/me?before=2",
        headers={"Authorization": f"Consent {first['credential']}"},
    ).get_json()
    assert [event["id"] for event in page["history"]] == [first["consent"]["id"]]
    assert receipt_claims(world, page["receipt"])["jti"] == second["consent"]["id"]


def saved(world: World, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of the receipt that `me` answers to who gave an answer."""
    return receipt_claims(world, world.me("shop", answer["credential"]).get_json()["receipt"])

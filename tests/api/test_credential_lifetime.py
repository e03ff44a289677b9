"""Credentials over time: rotation and revocation of their keys, expiry, clocks that are wrong."""

import base64
import json
from uuid import UUID

import pytest

from consent_service.core import keyring
from tests.api.calls import act, decoded, encoded, refused, values
from tests.support.world import World

CLIENT = "http://localhost:8002"


def kid(credential: str) -> str:
    return credential.split(".")[1]


def rotated(world: World) -> str:
    """Rotate the credential key and let its delay pass; return the new kid."""
    directory, ids = world.settings.keys_dir, world.services.ids
    fresh = keyring.rotate(directory, "credential", world.clock, ids)
    world.clock.move(minutes=10)
    return fresh.kid


def test_a_rotated_key_signs_after_ten_minutes(sqlite_world: World) -> None:
    world = sqlite_world
    before = world.answer("shop", "accept")["credential"]
    directory, ids = world.settings.keys_dir, world.services.ids
    fresh = keyring.rotate(directory, "credential", world.clock, ids)
    world.clock.move(minutes=9, seconds=59)
    assert kid(world.answer("shop", "accept")["credential"]) == kid(before)
    world.clock.move(seconds=1)
    assert kid(world.answer("shop", "accept")["credential"]) == fresh.kid


def test_what_the_previous_key_signed_goes_on_working(world: World) -> None:
    before = world.answer("shop", "accept")["credential"]
    fresh = rotated(world)
    assert kid(before) != fresh
    answer = world.answer("shop", "reject", credential=before)
    assert values(answer)["analytics"] == "denied"
    assert kid(answer["credential"]) == fresh
    renewed = world.me("shop", before).get_json()["credential"]
    assert kid(renewed) == fresh
    assert len(world.me("shop", renewed).get_json()["history"]) == 2


def test_what_a_revoked_key_signed_is_refused(world: World) -> None:
    before = world.answer("shop", "accept")["credential"]
    rotated(world)
    keyring.revoke(world.settings.keys_dir, "credential", kid(before), world.clock)
    world.clock.move(seconds=6)
    refused(world.me("shop", before), 401, "credential_refused")
    for action in ("accept", "reject", "withdraw"):
        body = act(world, "shop", action, credential=before)
        refused(world.post("shop", body), 401, "credential_refused")


def test_an_unknown_kid_makes_the_service_look_at_its_keys_at_once(sqlite_world: World) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")["credential"]
    directory, ids = world.settings.keys_dir, world.services.ids
    keyring.rotate(directory, "credential", world.clock, ids)
    payload, _, signature = given.split(".")
    refused(world.me("shop", f"{payload}.AAAAAAAA.{signature}"), 401, "credential_refused")
    assert world.me("shop", given).status_code == 200


def test_an_expired_credential_reads_withdraws_and_erases(world: World) -> None:
    given = world.answer("shop", "accept")["credential"]
    payload = json.loads(decoded(given.split(".")[0]))
    assert payload["exp"] - payload["iat"] == 395 * 86_400
    world.clock.move(days=395)
    assert world.me("shop", given).status_code == 200
    ended = world.answer("shop", "withdraw", credential=given)
    assert values(ended)["analytics"] == "denied"
    erased = world.client.delete(
        f"{CLIENT}/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {given}"}
    )
    assert erased.get_json() == {"erased": 2}


def test_an_expired_credential_refuses_but_does_not_grant(world: World) -> None:
    given = world.answer("shop", "accept")["credential"]
    world.clock.move(days=395)
    grants = [
        act(world, "shop", "accept", credential=given),
        act(world, "shop", "choose", decisions={"analytics": True}, credential=given),
        act(world, "shop", "choose", services={"tally": True}, credential=given),
    ]
    for body in grants:
        refused(world.post("shop", body), 401, "credential_refused")
    assert world.answer("shop", "reject", credential=given)["consent"]["type"] == "consent.refused"


def test_a_credential_grants_until_its_last_second(world: World) -> None:
    given = world.answer("shop", "accept")["credential"]
    world.clock.move(days=394, hours=23, minutes=59, seconds=59)
    answer = world.answer("shop", "accept", credential=given)
    assert values(answer)["analytics"] == "granted"


def test_a_credential_from_the_future_is_refused(world: World) -> None:
    world.clock.move(minutes=2)
    given = world.answer("shop", "accept")["credential"]
    world.clock.move(minutes=-1)
    assert world.me("shop", given).status_code == 200
    world.clock.move(seconds=-1)
    refused(world.me("shop", given), 401, "credential_refused")
    body = act(world, "shop", "accept", credential=given)
    refused(world.post("shop", body), 401, "credential_refused")


def test_the_state_token_is_readable_and_short(world: World) -> None:
    answer = world.answer("shop", "accept")
    body, _, _ = answer["state_token"].split(".")
    until = 1795428000 + 185 * 86_400
    read = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert read == {
        "v": 1,
        "site": "shop",
        "iat": 1795428000,
        "event": encoded(UUID(answer["consent"]["id"]).bytes),
        "purposes": {
            "necessary": ["not_subject", 1, 0],
            **{key: ["granted", 1, until] for key in ("functional", "analytics", "marketing")},
        },
        "services": {},
        "documents": {},
    }
    assert len(answer["state_token"]) <= 1024


@pytest.mark.parametrize("action", ["withdraw", "reject"])
def test_an_expired_credential_withdraws_and_is_not_renewed_by_it(
    sqlite_world: World, action: str
) -> None:
    world = sqlite_world
    given = world.answer("shop", "accept")["credential"]
    world.clock.move(days=396)
    answer = world.answer("shop", action, credential=given)
    assert answer["consent"]["decisions"]["analytics"] == "denied"
    assert "credential" not in answer

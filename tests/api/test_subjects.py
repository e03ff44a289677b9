"""A site's own users: linked to visitors by two proofs, and one person over several of them."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from itsdangerous import Signer
from sqlalchemy import text
from werkzeug.test import TestResponse

from consent_service.core import keyring
from consent_service.core.clock import epoch_seconds
from consent_service.core.tokens import site_secret
from tests.api.backing import Backend
from tests.api.calls import encoded, refused
from tests.support.world import World


@pytest.fixture
def backend(world: World) -> Backend:
    return Backend(world)


def rows(world: World, table: str) -> list[Any]:
    with world.services.db.read() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table}")))


def test_a_link_is_made_once(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    assert backend.link("u1", given["credential"], 201).get_json() == {"linked": True, "new": True}
    assert backend.link("u1", given["credential"], 200).get_json() == {"linked": True, "new": False}
    found = backend.find("u1")
    assert found["visitors"] == [
        {"visitor": given["consent"]["visitor"], "linked_at": "2026-11-23T10:00:00.000Z"}
    ]
    assert found["purposes"]["analytics"]["allowed"]


def test_a_subject_is_stored_as_a_keyed_hash_of_its_site(world: World, backend: Backend) -> None:
    backend.recorded("accept", subject="ada@example.org")
    Backend(world, "news").agree("ada@example.org", 201, notice=1)
    stored = rows(world, "subject_link")
    assert "ada" not in str(stored)
    assert len({bytes(row.subject_hash) for row in stored}) == 2
    plain = hashlib.sha256(b"ada@example.org").digest()
    assert plain not in {bytes(row.subject_hash) for row in stored}


def test_a_link_needs_a_valid_credential_of_a_visitor_on_record(
    world: World, backend: Backend
) -> None:
    given = world.answer("shop", "accept")
    refused(backend.link("u1", given["state_token"], 401), 401, "credential_refused")
    foreign = world.answer("news", "acknowledge")["credential"]
    refused(backend.link("u1", foreign, 401), 401, "credential_refused")
    header = {"Authorization": f"Consent {given['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    refused(backend.link("u1", given["credential"], 404), 404, "visitor_unknown")
    late = world.answer("shop", "accept")["credential"]
    world.clock.move(days=396)
    refused(backend.link("u1", late, 401), 401, "credential_refused")
    assert rows(world, "subject_link") == []


def test_a_denial_on_any_device_holds_until_a_later_grant(world: World, backend: Backend) -> None:
    phone, laptop = (world.answer("shop", "accept") for _ in range(2))
    for each in (phone, laptop):
        backend.link("u1", each["credential"])
    assert backend.may(subject="u1")
    world.clock.move(minutes=1)
    world.answer("shop", "reject", credential=phone["credential"])
    told = backend.check(subject="u1")
    assert (told["allowed"], told["event"]["visitor"]) == (False, phone["consent"]["visitor"])
    world.clock.move(minutes=1)
    later = world.answer(
        "shop", "choose", decisions={"analytics": True}, credential=laptop["credential"]
    )
    assert backend.check(subject="u1")["event"]["id"] == later["consent"]["id"]
    assert not backend.may("marketing", subject="u1")


def test_of_one_moment_the_denial_wins(world: World, backend: Backend) -> None:
    for action in ("reject", "accept"):
        backend.link("u1", world.answer("shop", action)["credential"])
    assert backend.check(subject="u1")["why"] == "denied"


def test_erasure_takes_the_link_and_the_kept_state(world: World, backend: Backend) -> None:
    stays, goes = (world.answer("shop", "accept") for _ in range(2))
    for each in (stays, goes):
        backend.link("u1", each["credential"])
    world.services.ledger.seal_all()
    assert len(rows(world, "visitor_state")) == 2
    header = {"Authorization": f"Consent {goes['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    left = [each["visitor"] for each in backend.find("u1")["visitors"]]
    assert left == [stays["consent"]["visitor"]]
    world.services.ledger.seal_all()
    for table in ("subject_link", "visitor_state"):
        (row,) = rows(world, table)
        assert str(row.visitor) == stays["consent"]["visitor"]


def test_a_forgotten_subject_leaves_what_its_visitors_decided(
    world: World, backend: Backend
) -> None:
    given = world.answer("shop", "accept")
    backend.link("u1", given["credential"])
    backend.link("u2", given["credential"])
    told = backend.post("subjects/unlink", {"subject": "u1"}).get_json()
    assert told == {"unlinked": 1}
    assert backend.find("u1")["visitors"] == []
    assert backend.may(subject="u2")
    assert backend.post("subjects/unlink", {"subject": "u1"}).get_json() == {"unlinked": 0}


def test_a_rotated_key_keeps_links_and_makes_none_twice(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    backend.link("u1", given["credential"])
    keyring.rotate(world.settings.keys_dir, "subject", world.clock, world.services.ids)
    world.clock.move(minutes=11)
    assert backend.may(subject="u1")
    backend.link("u1", given["credential"], 200)
    assert len(backend.find("u1")["visitors"]) == 1
    other = world.answer("shop", "accept")
    backend.link("u1", other["credential"], 201)
    assert len(backend.find("u1")["visitors"]) == 2
    assert backend.post("subjects/unlink", {"subject": "u1"}).get_json() == {"unlinked": 2}


@pytest.mark.parametrize("call", ["subjects/find", "subjects/unlink", "subjects"])
@pytest.mark.parametrize("subject", [None, "", "x" * 201, 7])
def test_wrong_subjects_are_named(shared_world: World, call: str, subject: object) -> None:
    credential = {"credential": "a.b.c"} if call == "subjects" else {}
    body = {"subject": subject, **credential}
    refused(Backend(shared_world).post(call, body, 422), 422, "invalid_request", "subject")


@pytest.mark.parametrize("subject", ["😀" * 200, " ", "a\x00b", "O'Brien;--"])
def test_any_other_text_names_a_subject(world: World, subject: str) -> None:
    backend = Backend(world)
    made = backend.recorded("accept", subject=subject)
    assert [each["visitor"] for each in backend.find(subject)["visitors"]] == [
        made["consent"]["visitor"]
    ]


def test_half_of_a_character_is_no_text(shared_world: World) -> None:
    answer = Backend(shared_world).record("accept", 400, subject="\ud800")
    refused(answer, 400, "malformed_request")


# ------------------------------------------------------------------ the backend's signed word


def signed(world: World, site: str, body: object, *, salt: str = "consent-service.subject") -> str:
    """Return what a site's backend signs with itsdangerous and the site's state key."""
    key = world.services.tokens._states._keyring.signing_key()
    signer = Signer(
        site_secret(key, "state", world.services.sites.get(site).site_id),
        salt=salt,
        sep=".",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
    return signer.sign(f"{encoded(json.dumps(body).encode())}.{key.kid}").decode()


def assertion(world: World, **members: Any) -> dict[str, Any]:
    return {"sub": "u1", "iat": epoch_seconds(world.clock.now()), "nonce": str(uuid4()), **members}


def assert_(world: World, text: str, credential: str) -> TestResponse:
    return world.client.post(
        "/v1/sites/shop/consents/me/subject",
        json={"assertion": text},
        headers={"Authorization": f"Consent {credential}"},
    )


def test_an_assertion_links_once(world: World, backend: Backend) -> None:
    given = world.answer("shop", "accept")
    text = signed(world, "shop", assertion(world))
    answer = assert_(world, text, given["credential"])
    assert (answer.status_code, answer.get_json()) == (200, {"linked": True, "new": True})
    assert backend.may(subject="u1")
    refused(assert_(world, text, given["credential"]), 422, "assertion_refused")
    again = assert_(world, signed(world, "shop", assertion(world)), given["credential"])
    assert again.get_json() == {"linked": True, "new": False}
    other = world.answer("shop", "accept")["credential"]
    refused(assert_(world, text, other), 422, "assertion_refused")


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-300, False), (-299, True), (60, True), (61, False)]
)
def test_an_assertion_holds_for_five_minutes(world: World, seconds: int, accepted: bool) -> None:
    credential = world.answer("shop", "accept")["credential"]
    issued = epoch_seconds(world.clock.now()) + seconds
    answer = assert_(world, signed(world, "shop", assertion(world, iat=issued)), credential)
    if accepted:
        assert answer.status_code == 200
    else:
        refused(answer, 422, "assertion_refused")


def test_a_used_assertion_is_remembered_for_as_long_as_it_could_be_used(world: World) -> None:
    credential = world.answer("shop", "accept")["credential"]
    text = signed(world, "shop", assertion(world, iat=epoch_seconds(world.clock.now()) + 60))
    assert assert_(world, text, credential).status_code == 200
    for _ in range(7):
        world.clock.move(minutes=1)
        world.services.erasure.purge()
        refused(assert_(world, text, credential), 422, "assertion_refused")
    world.clock.move(seconds=1)
    world.services.erasure.purge()
    assert rows(world, "spent_assertion") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sub": ""},
        {"sub": "x" * 201},
        {"sub": 7},
        {"sub": None},
        {"nonce": "short"},
        {"nonce": "x" * 129},
        {"nonce": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": 1.5},
        {"iat": 10**30},
        {"iat": -(10**30)},
        {"iat": None},
    ],
)
def test_an_assertion_without_its_members_is_refused(
    shared_world: World, wrong: dict[str, Any]
) -> None:
    world = shared_world
    credential = world.answer("shop", "accept")["credential"]
    bodies: tuple[object, ...] = (assertion(world, **wrong), [], "u1")
    for body in bodies:
        refused(assert_(world, signed(world, "shop", body), credential), 422, "assertion_refused")


def test_nothing_else_that_was_signed_is_an_assertion(shared_world: World) -> None:
    world = shared_world
    given = world.answer("shop", "accept")
    for other in (
        given["credential"],
        given["state_token"],
        signed(world, "news", assertion(world)),
        signed(world, "shop", assertion(world), salt="consent-service.state"),
        signed(world, "shop", assertion(world), salt="consent-service.credential"),
        "a.b.c",
    ):
        refused(assert_(world, other, given["credential"]), 422, "assertion_refused")


def test_an_assertion_is_no_state_token_and_no_credential(shared_world: World) -> None:
    world = shared_world
    text = signed(world, "shop", assertion(world))
    refused(world.me("shop", text), 401, "credential_refused")
    answer = Backend(world).post("check", {"purpose": "analytics", "state_token": text}, 422)
    refused(answer, 422, "state_token_refused")


def test_an_assertion_links_whom_a_credential_names(world: World) -> None:
    text = signed(world, "shop", assertion(world))
    path = "/v1/sites/shop/consents/me/subject"
    refused(world.client.post(path, json={"assertion": text}), 401, "credential_required")
    given = world.answer("shop", "accept")
    header = {"Authorization": f"Consent {given['credential']}"}
    world.client.delete("/v1/sites/shop/consents/me", headers=header)
    refused(assert_(world, text, given["credential"]), 401, "credential_required")
    old = world.answer("shop", "accept")["credential"]
    world.clock.move(days=396)
    fresh = signed(world, "shop", assertion(world))
    refused(assert_(world, fresh, old), 401, "credential_refused")
    assert rows(world, "subject_link") == []
    assert rows(world, "spent_assertion") == []

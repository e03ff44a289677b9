"""Credentials: only the exact value that was signed for this site and use names a visitor."""

import string
from collections.abc import Iterator

import pytest

from tests.api.calls import act, decoded, encoded, refused, stored_events
from tests.support.world import World

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def test_a_credential_with_any_one_character_changed_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    tried = 0
    for forged in flipped(credential):
        refused(world.me("shop", forged), 401, "credential_refused")
        tried += 1
    assert tried == len(credential)


def flipped(credential: str) -> Iterator[str]:
    """Yield the credential with each character replaced by its neighbour in the alphabet."""
    for position, char in enumerate(credential):
        other = "A" if char == "." else ALPHABET[(ALPHABET.index(char) + 1) % len(ALPHABET)]
        yield f"{credential[:position]}{other}{credential[position + 1 :]}"


def test_a_truncated_credential_is_refused(shared_world: World) -> None:
    world = shared_world
    credential = world.answer("shop", "accept")["credential"]
    for length in [*range(1, len(credential), 7), len(credential) - 1]:
        refused(world.me("shop", credential[:length]), 401, "credential_refused")


def test_another_spelling_of_the_same_bytes_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    credential = world.answer("shop", "accept")["credential"]
    payload, kid, signature = credential.split(".")
    # 43 characters carry 258 bits for 256: the last one has three more spellings.
    last = ALPHABET.index(signature[-1])
    assert last % 4 == 0
    spellings = [signature[:-1] + ALPHABET[last + unused] for unused in (1, 2, 3)]
    assert all(decoded(each) == decoded(signature) for each in spellings)
    texts = [f"{payload}.{kid}.{each}" for each in spellings]
    texts += [f"{credential}=", f" {credential}", f"{credential} ", f"{credential}\t"]
    texts += [credential.replace("-", "+").replace("_", "/") + "A"]
    for text in texts:
        body = act(world, "shop", "accept", credential=text)
        refused(world.post("shop", body), 401, "credential_refused")
    assert len(stored_events(world)) == 1


def test_a_credential_of_another_site_is_refused(world: World) -> None:
    foreign = world.answer("news", "acknowledge")["credential"]
    refused(world.me("shop", foreign), 401, "credential_refused")
    body = act(world, "shop", "accept", credential=foreign)
    refused(world.post("shop", body), 401, "credential_refused")


def test_other_signed_values_are_no_credentials(world: World) -> None:
    given = world.answer("shop", "accept")
    link = world.client.post(
        "/v1/sites/shop/consents/me/link",
        json={"return": "http://localhost:8002/", "credential": given["credential"]},
    ).get_json()["url"]
    page = world.client.get(link.removeprefix(world.settings.public_url)).text
    session = page.partition('name="session" value="')[2].partition('"')[0]
    assert session.count(".") == 2
    for value in (given["state_token"], session, given["receipt"], link.partition("link=")[2]):
        refused(world.me("shop", value), 401, "credential_refused")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "..",
        "a.b.c",
        "ä.b.c",
        "\x00",
        "a" * 4096,
        "a.b.c.d",
        "null",
        "eyJ2IjoxfQ.AAAAAAAA.AAAA",
    ],
)
def test_garbage_is_refused(sqlite_world: World, text: str) -> None:
    body = act(sqlite_world, "shop", "accept", credential=text)
    refused(sqlite_world.post("shop", body), 401, "credential_refused")
    assert stored_events(sqlite_world) == []


def test_a_payload_with_a_borrowed_signature_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    mine = world.answer("shop", "accept")["credential"]
    other = world.answer("shop", "accept")["credential"]
    payload = other.split(".")[0]
    forged = ".".join([payload, *mine.split(".")[1:]])
    refused(world.me("shop", forged), 401, "credential_refused")
    spelled = decoded(payload).replace(b":", b": ")
    respelled = ".".join([encoded(spelled), *other.split(".")[1:]])
    refused(world.me("shop", respelled), 401, "credential_refused")


def test_an_absent_credential_is_asked_for(shared_world: World) -> None:
    world = shared_world
    for path, method in (("me", "GET"), ("me", "DELETE")):
        answer = world.client.open(f"/v1/sites/shop/consents/{path}", method=method)
        refused(answer, 401, "credential_required")
    link = world.client.post(
        "/v1/sites/shop/consents/me/link", json={"return": "http://localhost:8002/"}
    )
    refused(link, 401, "credential_required")
    bearer = world.client.get("/v1/sites/shop/consents/me", headers={"Authorization": "Bearer x"})
    refused(bearer, 401, "credential_required")

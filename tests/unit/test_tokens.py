"""Signed values: nothing but what this service signed, for this site and this use, is read."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.ids import Ids
from consent_service.core.keyring import Keyring, ensure_keyring, revoke, rotate
from consent_service.core.tokens import InvalidTokenError, TokenSigner
from tests.support.clock import FakeClock

SITE, OTHER = "018bcfe5-6800-7000-8000-000000000001", "018bcfe5-6800-7000-8000-000000000002"
PAYLOAD: dict[str, Any] = {"v": 1, "visitor": "somebody", "iat": 1_700_000_000}
SPELLINGS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NO_FRESH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ring(tmp_path: Path, clock: FakeClock) -> Keyring:
    return ensure_keyring(tmp_path, "credential", clock, Ids(clock))


def test_what_was_signed_is_read(ring: Keyring) -> None:
    signer = TokenSigner(ring)
    assert signer.read(SITE, signer.sign(SITE, PAYLOAD)) == PAYLOAD


def test_a_value_is_readable_json_a_kid_and_a_signature(ring: Keyring) -> None:
    body, kid, signature = TokenSigner(ring).sign(SITE, PAYLOAD).split(".")
    assert b64url_decode(body) == b'{"iat":1700000000,"v":1,"visitor":"somebody"}'
    assert kid == ring.signing_key().kid
    assert len(b64url_decode(signature)) == 32


def test_it_says_nothing_to_another_site(ring: Keyring) -> None:
    signer = TokenSigner(ring)
    with pytest.raises(InvalidTokenError):
        signer.read(OTHER, signer.sign(SITE, PAYLOAD))


def test_it_says_nothing_in_another_use(ring: Keyring) -> None:
    token = TokenSigner(ring).sign(SITE, PAYLOAD)
    with pytest.raises(InvalidTokenError):
        TokenSigner(ring, "session").read(SITE, token)


def test_each_single_changed_character_is_refused(ring: Keyring) -> None:
    signer = TokenSigner(ring)
    token = signer.sign(SITE, PAYLOAD)
    for position, char in enumerate(token):
        for other in {"A", "B", ".", "=", "é", SPELLINGS[(SPELLINGS.find(char) + 1) % 64]} - {char}:
            with pytest.raises(InvalidTokenError):
                signer.read(SITE, token[:position] + other + token[position + 1 :])


def test_each_truncation_is_refused(ring: Keyring) -> None:
    signer = TokenSigner(ring)
    token = signer.sign(SITE, PAYLOAD)
    for length in range(len(token)):
        with pytest.raises(InvalidTokenError):
            signer.read(SITE, token[:length])


@pytest.mark.parametrize("added", [".", "=", "A", " ", "\n", "." * 3, ".x"])
def test_anything_added_is_refused(ring: Keyring, added: str) -> None:
    signer = TokenSigner(ring)
    token = signer.sign(SITE, PAYLOAD)
    for changed in (token + added, added + token):
        with pytest.raises(InvalidTokenError):
            signer.read(SITE, changed)


@given(st.text(max_size=200))
@NO_FRESH_FIXTURE
def test_nothing_made_up_is_read(ring: Keyring, text: str) -> None:
    with pytest.raises(InvalidTokenError):
        TokenSigner(ring).read(SITE, text)


def test_a_very_long_value_is_refused_unread(ring: Keyring) -> None:
    signer = TokenSigner(ring)
    with pytest.raises(InvalidTokenError, match="not a signed value"):
        signer.read(SITE, signer.sign(SITE, {"text": "x" * 5000}))


@pytest.mark.parametrize(
    "body", [b"[1]", b"1", b"null", b"{", b'{"a":1,"a":2}', b"\xff", b'{"a":' + b"[" * 2500]
)
def test_a_signed_body_that_is_no_json_object_is_refused(ring: Keyring, body: bytes) -> None:
    signer = TokenSigner(ring)
    key = ring.signing_key()
    token = signer._signer(key, SITE).sign(f"{b64url(body)}.{key.kid}").decode()
    with pytest.raises(InvalidTokenError):
        signer.read(SITE, token)


def test_older_keys_are_accepted_until_they_are_revoked(
    tmp_path: Path, clock: FakeClock, ring: Keyring
) -> None:
    signer = TokenSigner(ring)
    token, kid = signer.sign(SITE, PAYLOAD), ring.signing_key().kid
    rotate(tmp_path, "credential", clock, Ids(clock))
    clock.move(minutes=10)
    assert signer.sign(SITE, PAYLOAD).split(".")[1] != kid
    assert signer.read(SITE, token) == PAYLOAD
    revoke(tmp_path, "credential", kid, clock)
    clock.move(seconds=5)
    with pytest.raises(InvalidTokenError, match="unknown key"):
        signer.read(SITE, token)

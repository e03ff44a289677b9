"""Leaf hashes, commitments and verifier keys, against values that others published."""

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.commitments import commit, commitment, opened
from consent_service.core.encoding import b64url_decode
from consent_service.core.ids import Ids
from consent_service.core.merkle import EMPTY_ROOT, leaf_hash
from consent_service.core.notes import COSIGNATURE, ED25519, verifier_key
from tests.support.clock import FakeClock

PERSONAL = st.dictionaries(
    st.sampled_from(["visitor", "prev", "claimed_at"]),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (b"L123456", "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"),
    ],
)
def test_a_leaf_is_hashed_as_rfc_9162_says(data: bytes, expected: str) -> None:
    assert leaf_hash(data).hex() == expected


def test_the_root_of_an_empty_tree_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_leaf_is_no_hash_of_its_bytes_alone() -> None:
    assert leaf_hash(b"x") != hashlib.sha256(b"x").digest()


def test_a_commitment_is_the_digest_of_rfc_9901() -> None:
    opening = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert commitment(opening) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    assert opened([opening]) == {"family_name": "Möbius"}


@given(PERSONAL)
def test_the_openings_of_a_commitment_give_back_what_was_committed(values: dict[str, str]) -> None:
    commitments, openings = commit(values, Ids(FakeClock()))
    assert opened(openings) == values
    assert commitments == dict(zip(values, map(commitment, openings), strict=True))


def test_an_opening_is_salt_name_and_value_with_128_fresh_bits_of_salt() -> None:
    _, openings = commit({"visitor": "v", "prev": "v"}, Ids(FakeClock()))
    parts = [json.loads(b64url_decode(opening)) for opening in openings]
    assert [part[1:] for part in parts] == [["visitor", "v"], ["prev", "v"]]
    salts = [b64url_decode(part[0]) for part in parts]
    assert [len(salt) for salt in salts] == [16, 16]
    assert salts[0] != salts[1]


def test_the_same_value_is_never_committed_to_alike() -> None:
    ids = Ids(FakeClock())
    made = {commit({"visitor": "v"}, ids)[0]["visitor"] for _ in range(100)}
    assert len(made) == 100


@pytest.mark.parametrize(
    "key",
    [
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    ],
)
def test_the_verifier_keys_of_other_logs_are_made_alike(key: str) -> None:
    name, _, typed = key.split("+", 2)
    raw = base64.b64decode(typed)
    assert raw[0] == ED25519
    assert verifier_key(name, raw[1:]) == key


def test_the_kind_of_key_is_part_of_its_id() -> None:
    plain, timed = (verifier_key("n", b"\1" * 32, kind) for kind in (ED25519, COSIGNATURE))
    assert plain.split("+")[1] != timed.split("+")[1]
    assert base64.b64decode(timed.split("+", 2)[2])[0] == 0x04

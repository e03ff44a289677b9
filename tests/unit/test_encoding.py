"""base64url: one spelling for each sequence of bytes."""

import base64
import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.encoding import b64url, b64url_decode

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@given(st.binary())
def test_what_is_written_is_read_back(data: bytes) -> None:
    text = b64url(data)
    assert b64url_decode(text) == data
    assert set(text) <= set(ALPHABET)


@given(st.binary())
def test_it_is_base64url_without_its_padding(data: bytes) -> None:
    assert b64url(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_of_all_two_character_spellings_one_is_taken_for_each_byte() -> None:
    taken = []
    for pair in itertools.product(ALPHABET, repeat=2):
        try:
            taken.append(b64url_decode("".join(pair)))
        except ValueError:
            continue
    assert sorted(taken) == [bytes([byte]) for byte in range(256)]


@pytest.mark.parametrize(
    "text", ["A", "AAAAA", "AA==", "AAA=", "A+==", "+_8", "/_8", "AA\n", " AA", "AB", "AAB", "ÄA"]
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        b64url_decode(text)

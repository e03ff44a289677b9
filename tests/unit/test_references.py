"""References: what a visitor says on the phone must not become another visitor's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.ids import CROCKFORD, Ids, parse_reference
from tests.support.clock import FakeClock

BODIES = st.binary(min_size=11, max_size=11)


def reference(body: bytes) -> str:
    return Ids(FakeClock(), lambda size: body[:size]).reference()


def is_refused(text: str) -> bool:
    try:
        parse_reference(text)
    except ValueError:
        return True
    return False


@given(BODIES)
def test_a_reference_is_twelve_crockford_characters(body: bytes) -> None:
    made = reference(body)
    assert len(made) == 12
    assert set(made) <= set(CROCKFORD)
    assert parse_reference(made) == made


@given(BODIES)
def test_every_single_wrong_character_is_found(body: bytes) -> None:
    made = reference(body)
    wrong = (
        made[:position] + other + made[position + 1 :]
        for position in range(12)
        for other in CROCKFORD
        if other != made[position]
    )
    assert all(map(is_refused, wrong))


def test_nearly_every_swap_of_neighbours_is_found() -> None:
    pairs = [(one, other) for one in CROCKFORD for other in CROCKFORD if one != other]
    missed = 0
    for one, other in pairs:
        made = reference(bytes([CROCKFORD.index(one), CROCKFORD.index(other), *range(9)]))
        missed += not is_refused(made[1] + made[0] + made[2:])
    assert missed <= 2


@given(BODIES, st.lists(st.integers(0, 12), max_size=6), st.sampled_from([" ", "-"]))
def test_spaces_and_hyphens_do_not_matter(body: bytes, places: list[int], between: str) -> None:
    made = typed = reference(body)
    for place in places:
        typed = typed[:place] + between + typed[place:]
    assert parse_reference(typed) == made


@given(BODIES, st.data())
def test_case_and_lookalikes_do_not_matter(body: bytes, data: st.DataObject) -> None:
    made = reference(body)
    spellings = {"0": "0oO", "1": "1iIlL", "V": "vVuU"}
    typed = "".join(
        data.draw(st.sampled_from(spellings.get(char, char + char.lower()))) for char in made
    )
    assert parse_reference(typed) == made


@pytest.mark.parametrize(
    "text", ["", "0", "0" * 11, "0" * 13, "00000000000!", "\u0660" * 12, "ß" * 6]
)
def test_a_wrong_length_or_a_foreign_character_is_refused(text: str) -> None:
    assert is_refused(text)


def test_every_random_byte_counts() -> None:
    assert len({reference(bytes([byte] + [0] * 10)) for byte in range(32)}) == 32

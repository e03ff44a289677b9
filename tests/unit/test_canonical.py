"""Canonical JSON: byte for byte RFC 8785 inside its domain, refused outside of it."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.canonical import MAX_INTEGER, canonical_json, parse_strict, sha256_hex

KEYS = st.text(st.characters(max_codepoint=127))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20
)


@given(VALUES)
def test_inside_the_domain_it_is_rfc_8785(value: Any) -> None:
    assert canonical_json(value).encode() == rfc8785.dumps(value)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse_strict(canonical_json(value)) == value


def test_the_order_of_members_does_not_matter() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'


def test_a_tuple_is_an_array() -> None:
    assert canonical_json(("a", (1,))) == '["a",[1]]'


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        float("nan"),
        float("inf"),
        2**53,
        -(2**53),
        b"bytes",
        {1, 2},
        {1: "a"},
        {None: "a"},
        {"ä": 1},
        {"\ufb33": 1},
        "\ud800",
        "fine \udfff not",
        {"key\udc00": 1},
    ],
)
def test_outside_the_domain_it_is_refused_at_any_depth(value: Any) -> None:
    for nested in (value, [value], {"a": value}, [{"a": [True, value]}]):
        with pytest.raises(ValueError, match=r"."):
            canonical_json(nested)


def test_the_largest_integers_that_every_parser_keeps_are_inside() -> None:
    assert canonical_json([MAX_INTEGER, -MAX_INTEGER]) == "[9007199254740991,-9007199254740991]"


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"b":{"c":1,"c":2}}',
        '[{"a":1,"\\u0061":2}]',
        "NaN",
        "[Infinity]",
        '{"a":-Infinity}',
        "",
        "{",
        "{'a':1}",
        '{"a":1,}',
        '{"a":1} x',
        '"\n"',
        "01",
        "9" * 5000,
    ],
)
def test_json_that_parsers_read_differently_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_strict(text)


def test_a_key_may_stand_in_two_objects() -> None:
    assert parse_strict('[{"a":1},{"a":{"a":2}}]') == [{"a": 1}, {"a": {"a": 2}}]


@given(VALUES)
def test_other_spellings_of_the_same_value_become_one(value: Any) -> None:
    spelt = json.dumps(value, indent=2, ensure_ascii=True)
    assert canonical_json(parse_strict(spelt)) == canonical_json(value)


@given(TEXTS)
def test_a_texts_hash_is_that_of_its_utf_8(text: str) -> None:
    assert sha256_hex(text) == hashlib.sha256(text.encode("utf-8")).hexdigest()


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\uDFFF": 1}', '["\\udc00\\ud800"]'])
def test_half_of_a_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="half of a character"):
        parse_strict(text)


def test_a_character_in_two_halves_is_read() -> None:
    assert parse_strict('"\\ud83d\\ude00"') == "😀"

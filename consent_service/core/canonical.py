"""Canonical JSON (RFC 8785) in a restricted domain, in which Python's own encoder produces it.

The domain: objects whose keys are ASCII, strings without lone surrogates, arrays, booleans,
integers up to 2^53 - 1. No floats and no null: an absent part is left out.
"""

import hashlib
import json
from typing import Any

MAX_INTEGER = 2**53 - 1
_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> str:
    """Return the canonical JSON text of `value`.

    Raises:
        ValueError: the value lies outside the domain.
    """
    _check_domain(value)
    return _encoder.encode(value)


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, 64 hexadecimal characters."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_strict(text: str) -> Any:
    """Read JSON as other parties' parsers must all read it (RFC 7493).

    No repeated keys, no NaN, no half of a character.

    Raises:
        ValueError: it is not such JSON.
    """
    value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    if "\\u" in text:
        _refuse_halves(value)
    return value


def _check_domain(value: Any) -> None:
    if isinstance(value, bool):
        return
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"the integer {value} is beyond 2^53 - 1")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError(f"the key {key!r} is not an ASCII string")
            _check_domain(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _check_domain(member)
    else:
        raise ValueError(f"{type(value).__name__} has no place in canonical JSON")


def _refuse_halves(value: Any) -> None:
    try:
        _encoder.encode(value).encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half of a character (a lone surrogate)") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

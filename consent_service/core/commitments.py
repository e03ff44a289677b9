"""Salted commitments to personal values, in the disclosure encoding of RFC 9901.

A leaf holds only the commitment; the opening stands beside it and can be erased,
after which the commitment says nothing.
"""

import hashlib
import json
from collections.abc import Mapping

from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.ids import Ids

SALT_SIZE = 16


def commit(values: Mapping[str, str], ids: Ids) -> tuple[dict[str, str], list[str]]:
    """Return `{name: commitment}` and the openings, one salt for each name."""
    openings = {
        name: _opening(ids.random(SALT_SIZE), name, value) for name, value in values.items()
    }
    return {name: commitment(text) for name, text in openings.items()}, list(openings.values())


def commitment(opening: str) -> str:
    """Return the commitment that an opening opens: base64url(SHA-256(ASCII(opening)))."""
    return b64url(hashlib.sha256(opening.encode("ascii")).digest())


def opened(openings: list[str]) -> dict[str, str]:
    """Return `{name: value}` of openings that this service made."""
    triples = (json.loads(b64url_decode(opening)) for opening in openings)
    return {name: value for _salt, name, value in triples}


def _opening(salt: bytes, name: str, value: str) -> str:
    return b64url(json.dumps([b64url(salt), name, value], ensure_ascii=False).encode())

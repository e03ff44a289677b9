"""Openings of commitments: base64url of JSON `[salt, field, value]` (RFC 9901)."""

import binascii
import hashlib
import json
import re

_LINE = re.compile(
    rb'\{"d":\[("[A-Za-z0-9_-]+"(?:,"[A-Za-z0-9_-]+")*)\],"i":(0|[1-9][0-9]{0,15})\}', re.ASCII
)
_PLAIN = re.compile(
    rb'\["([A-Za-z0-9_-]{22,88})", ?"([a-z][a-z0-9_-]{0,31})", ?"([^"\\\x00-\x1f]*)"\]', re.ASCII
)
_STANDARD = bytes.maketrans(b"-_", b"+/")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_LAST = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048"), 0: frozenset(range(256))}
_LEAST_SALT = 22


class OpeningError(ValueError):
    """A text that is no opening, or a line that holds none."""


def read_line(line: bytes) -> tuple[int, list[bytes]]:
    """Return index and openings of a line of openings.jsonl.

    Raises:
        OpeningError: it is none.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        raise OpeningError('not {"d":[OPENING, …],"i":INDEX}')
    return int(found[2]), found[1][1:-1].split(b'","')


def commitment_of(opening: bytes) -> bytes:
    """Return the commitment that an opening opens, in base64url."""
    digest = binascii.b2a_base64(hashlib.sha256(opening).digest(), newline=False)
    return digest.translate(_URL_SAFE, b"=")


def read_opening(opening: bytes) -> tuple[bytes, bytes]:
    """Return field and value of an opening, both UTF-8.

    Raises:
        OpeningError: it is none.
    """
    last = _LAST.get(len(opening) % 4)
    if last is None or opening[-1] not in last:
        raise OpeningError("an opening is not canonical base64url")
    try:
        text = binascii.a2b_base64(opening.translate(_STANDARD) + b"==")
        plain = _PLAIN.fullmatch(text)
        if plain:
            if not text.isascii():
                text.decode()
            return plain[2], plain[3]
        parts = json.loads(text)
        if not (
            isinstance(parts, list)
            and len(parts) == 3
            and all(isinstance(part, str) for part in parts)
            and len(parts[0]) >= _LEAST_SALT
        ):
            raise OpeningError("an opening is not a salt of 128 bits, a field and a value")
        return parts[1].encode(), parts[2].encode()
    except OpeningError:
        raise
    except (ValueError, RecursionError):
        raise OpeningError("an opening is not base64url of JSON") from None

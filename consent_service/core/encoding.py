"""base64url without padding, in its one canonical spelling."""

import base64
import binascii
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def b64url(data: bytes) -> str:
    """Return `data` as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64url_decode(text: str) -> bytes:
    """Read unpadded base64url.

    Raises:
        ValueError: foreign characters, or not the canonical spelling of its bytes.
    """
    try:
        if not _ALPHABET.fullmatch(text):
            raise ValueError("not base64url")
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if b64url(data) != text:
        raise ValueError("not canonical base64url")
    return data

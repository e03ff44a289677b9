"""Signed values: `base64url(JSON).kid.signature`, made with itsdangerous.

Each use and each site signs with keys of its own, so a value of one site or use is nothing
in another.
"""

import hashlib
from typing import Any

from itsdangerous import BadSignature, Signer

from consent_service.core.canonical import canonical_json, parse_strict
from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.keyring import Key, Keyring

_MAX_LENGTH = 4096


class InvalidTokenError(ValueError):
    """The text is no value that this service signed for this site and use."""


class TokenSigner:
    """Signs and reads the values of one use, by default that of the keyring.

    All uses of a keyring share the key of a site and differ in their salt, so that who holds the
    site's key can make and check them with itsdangerous alone.
    """

    def __init__(self, keyring: Keyring, use: str | None = None) -> None:
        self._keyring = keyring
        self._use = use or keyring.use

    def sign(self, site_id: str, payload: dict[str, Any]) -> str:
        """Return the signed value of a JSON object."""
        key = self._keyring.signing_key()
        body = f"{b64url(canonical_json(payload).encode())}.{key.kid}"
        return self._signer(key, site_id).sign(body).decode()

    def read(self, site_id: str, token: str) -> dict[str, Any]:
        """Return the object that was signed.

        Raises:
            InvalidTokenError: tampered, truncated, of another site or use, or of a revoked key.
        """
        parts = token.split(".") if len(token) <= _MAX_LENGTH and token.isascii() else []
        if len(parts) != 3:
            raise InvalidTokenError("not a signed value")
        key = self._keyring.find(parts[1])
        if key is None:
            raise InvalidTokenError("signed by an unknown key")
        return self._verified(key, site_id, token, parts)

    def _verified(self, key: Key, site_id: str, token: str, parts: list[str]) -> dict[str, Any]:
        try:
            self._signer(key, site_id).unsign(token)
            b64url_decode(parts[2])  # itsdangerous accepts other spellings of the same bytes
            payload = parse_strict(b64url_decode(parts[0]).decode())
        except RecursionError as error:
            raise InvalidTokenError("nested too deeply") from error
        except (BadSignature, ValueError) as error:
            raise InvalidTokenError("the signature does not fit") from error
        if not isinstance(payload, dict):
            raise InvalidTokenError("not a JSON object")
        return payload

    def _signer(self, key: Key, site_id: str) -> Signer:
        return Signer(
            site_secret(key, self._keyring.use, site_id),
            salt=f"consent-service.{self._use}",
            sep=".",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )


def site_secret(key: Key, use: str, site_id: str) -> bytes:
    """Return the 32 bytes with which a key of a keyring signs for one site."""
    return key.derive(f"{use}:{site_id}")

"""Receipts: the signed proof (JWS, RFC 7515, Ed25519) that a visitor takes home."""

import json
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from consent_service.consents.model import ConsentEvent
from consent_service.core.clock import epoch_seconds
from consent_service.core.encoding import b64url
from consent_service.core.keyring import Key, Keyring, public_jwk
from consent_service.core.merkle import EMPTY_ROOT
from consent_service.ledger.sealing import MAX_MERGE_DELAY_SECONDS
from consent_service.sites.model import Site

TYPE = "consent-receipt+jwt"
SCHEMA_VERSION = "27560:2023"


class Receipts:
    """Signs receipts and publishes the keys that verify them."""

    def __init__(self, keyring: Keyring, issuer: str) -> None:
        self._keyring = keyring
        self._issuer = issuer

    def issue(self, site: Site, event: ConsentEvent) -> str:
        """Return the receipt of an event as a compact JWS.

        It holds the whole leaf, its hash, and the size and root of the newest published
        checkpoint (the empty tree while there is none).
        """
        key = self._keyring.signing_key()
        header = {"alg": "Ed25519", "kid": key.kid, "typ": TYPE}
        claims = {
            "iss": self._issuer,
            "jti": event.event_id,
            "iat": epoch_seconds(event.ts),
            "log": site.log_origin,
            "leaf": b64url(event.leaf_hash),
            "mmd": MAX_MERGE_DELAY_SECONDS,
            "cp": {"size": 0, "root": b64url(EMPTY_ROOT)},
            "sv": SCHEMA_VERSION,
        }
        payload = _with_leaf(claims, event.leaf)
        return jws.serialize_compact(header, payload, _signing_jwk(key), algorithms=["Ed25519"])

    def jwks(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517) of all receipt keys that are not revoked."""
        keys = [
            {**public_jwk(key), "kid": key.kid, "alg": "Ed25519", "use": "sig"}
            for key in self._keyring.accepted()
        ]
        return {"keys": keys}


def _with_leaf(claims: dict[str, Any], leaf: str) -> bytes:
    """Join the claims with the leaf exactly as it is stored."""
    return (json.dumps(claims)[:-1] + f', "evt": {leaf}}}').encode()


@lru_cache(maxsize=16)
def _signing_jwk(key: Key) -> OKPKey:
    return OKPKey.import_key({**public_jwk(key), "d": b64url(key.secret)})

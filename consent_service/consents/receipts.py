"""Receipts: the signed proof (JWS, RFC 7515, Ed25519) that a visitor takes home."""

import json
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from consent_service.consents.model import ConsentEvent
from consent_service.core.clock import epoch_seconds
from consent_service.core.encoding import b64url
from consent_service.core.errors import InvalidRequestError
from consent_service.core.keyring import Key, Keyring, public_jwk
from consent_service.core.merkle import EMPTY_ROOT
from consent_service.ledger.model import MAX_MERGE_DELAY_SECONDS
from consent_service.ledger.published import PublishedLogs
from consent_service.sites.model import Site

TYPE = "consent-receipt+jwt"
SCHEMA_VERSION = "27560:2023"


class Receipts:
    """Signs receipts and publishes the keys that verify them."""

    def __init__(self, keyring: Keyring, issuer: str, logs: PublishedLogs) -> None:
        self._keyring = keyring
        self._issuer = issuer
        self._logs = logs

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
            "cp": self._checkpoint(site),
            "sv": SCHEMA_VERSION,
        }
        payload = _with_leaf(claims, event.leaf)
        return jws.serialize_compact(header, payload, _signing_jwk(key), algorithms=["Ed25519"])

    def _checkpoint(self, site: Site) -> dict[str, Any]:
        newest = self._logs.newest(site.site_id)
        if newest is None:
            return {"size": 0, "root": b64url(EMPTY_ROOT)}
        checkpoint = newest.checkpoint
        return {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": b64url(checkpoint.root),
        }

    def jwks(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517) of all receipt keys that are not revoked."""
        keys = [
            {**public_jwk(key), "kid": key.kid, "alg": "Ed25519", "use": "sig"}
            for key in self._keyring.accepted()
        ]
        return {"keys": keys}


def read_receipt(keyring: Keyring, site: Site, text: str) -> str:
    """Return the event's id of a receipt that one of the keyring's keys signed for a site.

    `text` is the receipt itself, or the file around it that the preference page offers.

    Raises:
        InvalidRequestError: it is no such receipt.
    """
    try:
        keys = KeySet([OKPKey.import_key(_public(key)) for key in keyring.accepted()])
        signed = jws.deserialize_compact(_compact(text), keys, algorithms=["Ed25519"])
        claims = json.loads(signed.payload)
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise InvalidRequestError.of("receipt", "is no receipt of this service") from error
    if signed.headers().get("typ") != TYPE or claims.get("log") != site.log_origin:
        raise InvalidRequestError.of("receipt", f"is no receipt of the site {site.key}")
    return str(claims["jti"])


def _compact(text: str) -> str:
    stripped = text.strip()
    return str(json.loads(stripped)["receipt"]) if stripped.startswith("{") else stripped


def _public(key: Key) -> dict[str, Any]:
    return {**public_jwk(key), "kid": key.kid}


def _with_leaf(claims: dict[str, Any], leaf: str) -> bytes:
    """Join the claims with the leaf exactly as it is stored."""
    return (json.dumps(claims)[:-1] + f', "evt": {leaf}}}').encode()


@lru_cache(maxsize=16)
def _signing_jwk(key: Key) -> OKPKey:
    return OKPKey.import_key({**public_jwk(key), "d": b64url(key.secret)})

"""Receipts: JSON Web Signatures (RFC 7515) by Ed25519 (RFC 9864) over an event and its promise."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent_service.core.canonical import MAX_INTEGER, canonical_json, parse_strict
from consent_service.core.encoding import b64url_decode
from consent_service.core.merkle import leaf_hash
from consent_service.evidence.forms import integer, record, text, words
from consent_service.evidence.leaves import DIGEST, EVENT, MAX_LEAF, MAX_SECONDS, TREE, UUID7

TYPE = "consent-receipt+jwt"
FILE_FORMAT = "consent-receipt/1"
MAX_RECEIPT = 64 * 1024
MAX_FILE = 256 * 1024
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_DIGEST = text(DIGEST, "a SHA-256 in base64url")
_CLAIMS = record(
    {
        "iss": words(1, 2000),
        "jti": text(UUID7, "a UUID of version 7"),
        "iat": integer(0, MAX_SECONDS),
        "log": words(1, 255),
        "leaf": _DIGEST,
        "mmd": integer(0, 86_400),
        "evt": EVENT,
        "cp": record({"root": _DIGEST, "size": integer(0, MAX_INTEGER)}, {"origin": TREE}),
        "sv": words(1, 64),
    }
)


class ReceiptError(ValueError):
    """A text that is no receipt; `code` says in which way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt that contradicts itself nowhere; its signature is not checked yet.

    `root` and `size` are those of the newest checkpoint when it was signed, `origin` is its tree
    as far as the receipt says so.
    """

    kid: str
    id: str
    issued_at: int
    log: str
    mmd: int
    leaf: bytes
    event: Mapping[str, Any]
    root: bytes
    size: int
    origin: str | None
    signed: bytes
    signature: bytes

    def check(self, keys: Mapping[str, bytes]) -> None:
        """Check the signature.

        Raises:
            ReceiptError: it is by none of the keys, or does not hold.
        """
        public = keys.get(self.kid)
        if public is None:
            raise ReceiptError("RECEIPT_SIGNATURE", f"no accepted key has the id {self.kid}")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(self.signature, self.signed)
        except (InvalidSignature, ValueError):
            message = "the signature of the receipt does not fit"
            raise ReceiptError("RECEIPT_SIGNATURE", message) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFile:
    """What the preference page hands out: a receipt, its openings, and a proof if there is one."""

    receipt: str
    openings: tuple[str, ...]
    proof: str | None


def read_file(content: str) -> ReceiptFile:
    """Read a file `consent-receipt/1`, or a bare receipt.

    Raises:
        ReceiptError: it is neither.
    """
    content = content.strip()
    if not content.startswith("{"):
        return ReceiptFile(receipt=content, openings=(), proof=None)
    if len(content) > MAX_FILE:
        raise ReceiptError("RECEIPT", "the file is larger than 256 KiB")
    try:
        value = parse_strict(content)
    except (ValueError, RecursionError):
        raise ReceiptError("RECEIPT", "the file is not JSON") from None
    openings, proof = value.get("openings", []), value.get("proof")
    fits = (
        value.get("format") == FILE_FORMAT
        and isinstance(value.get("receipt"), str)
        and isinstance(openings, list)
        and all(isinstance(each, str) for each in openings)
        and (proof is None or isinstance(proof, str))
        and set(value) <= {"format", "receipt", "openings", "proof"}
    )
    if not fits:
        raise ReceiptError("RECEIPT", f"the file is no {FILE_FORMAT}")
    return ReceiptFile(receipt=value["receipt"], openings=tuple(openings), proof=proof)


def read_receipt(compact: str) -> Receipt:
    """Read a receipt without checking its signature.

    Raises:
        ReceiptError: it is none, is signed in another way, or contradicts itself.
    """
    found = _COMPACT.fullmatch(compact.strip()) if len(compact) <= MAX_RECEIPT else None
    if found is None:
        raise ReceiptError("RECEIPT", "not a JSON Web Signature in compact form")
    header = _object(found[1], "header")
    if header.get("alg") != "Ed25519":
        raise ReceiptError("RECEIPT_ALG", f"signed by {str(header.get('alg'))[:40]}, not Ed25519")
    if header.get("typ") != TYPE or set(header) != {"alg", "kid", "typ"}:
        raise ReceiptError("RECEIPT_ALG", f"the header is not that of a {TYPE}")
    kid = header["kid"]
    if not isinstance(kid, str):
        raise ReceiptError("RECEIPT_ALG", "the header names no key")
    claims = _object(found[2], "claims")
    problem = _CLAIMS(claims, "")
    if problem:
        raise ReceiptError("RECEIPT", problem)
    receipt = Receipt(
        kid=kid,
        id=claims["jti"],
        issued_at=claims["iat"],
        log=claims["log"],
        mmd=claims["mmd"],
        leaf=b64url_decode(claims["leaf"]),
        event=claims["evt"],
        root=b64url_decode(claims["cp"]["root"]),
        size=claims["cp"]["size"],
        origin=claims["cp"].get("origin"),
        signed=f"{found[1]}.{found[2]}".encode(),
        signature=_decoded(found[3], "signature"),
    )
    _check_event(receipt)
    return receipt


def _check_event(receipt: Receipt) -> None:
    event = canonical_json(dict(receipt.event)).encode()
    if len(event) > MAX_LEAF or leaf_hash(event) != receipt.leaf:
        raise ReceiptError("RECEIPT", "leaf is not the hash of the event in the receipt")
    if receipt.event["log"] != receipt.log:
        raise ReceiptError("RECEIPT", "the event in the receipt is of another log")
    if receipt.origin and receipt.origin.rpartition("/")[0] != receipt.log:
        raise ReceiptError("RECEIPT", "cp.origin of the receipt is of another log")
    if receipt.event["id"] != receipt.id:
        raise ReceiptError("RECEIPT", "jti is not the id of the event in the receipt")


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        value = parse_strict(_decoded(part, name).decode())
    except (ValueError, RecursionError) as error:
        if isinstance(error, ReceiptError):
            raise
        raise ReceiptError("RECEIPT", f"the {name} of the receipt is not JSON") from None
    if not isinstance(value, dict):
        raise ReceiptError("RECEIPT", f"the {name} of the receipt is not an object")
    return value


def _decoded(part: str, name: str) -> bytes:
    try:
        return b64url_decode(part)
    except ValueError:
        message = f"the {name} of the receipt is not canonical base64url"
        raise ReceiptError("RECEIPT", message) from None


def read_jwks(content: str) -> dict[str, bytes]:
    """Return the Ed25519 keys of a JSON Web Key Set by their ids.

    Raises:
        ValueError: it is none.
    """
    keys = {}
    value = json.loads(content)
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise ValueError("not a JSON Web Key Set")
    for key in value["keys"]:
        if isinstance(key, dict) and key.get("crv") == "Ed25519":
            public = b64url_decode(str(key.get("x", "")))
            if len(public) != 32 or not isinstance(key.get("kid"), str):
                raise ValueError("a key of the set is no Ed25519 key with an id")
            keys[key["kid"]] = public
    return keys

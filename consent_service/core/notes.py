"""Signed notes (C2SP signed-note) with plain and timestamped Ed25519 signatures (tlog-cosignature).

A note is a text and, behind a blank line, signatures by keys that have names.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
KINDS = (ED25519, COSIGNATURE)
MAX_SIGNATURES = 64
_KEY_SIZE = 32
_TIME_SIZE = 8
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """A text that is no signed note, or no verifier key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key by which notes are checked; `text` is its spelling as a verifier key."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @property
    def text(self) -> str:
        """The key as `NAME+ID+base64(type || public)`."""
        return verifier_key(self.name, self.public, self.kind)

    def under(self, name: str) -> "Verifier":
        """Return the same key under another name."""
        return replace(self, name=name, key_id=_key_id(name, self.public, self.kind))

    def check(self, text: str, signature: bytes) -> int | None:
        """Return the time that a signature states, in seconds since 1970; None if it has none.

        Raises:
            NoteError: the signature is not this key's over this text.
        """
        time, message = None, text.encode()
        if self.kind == COSIGNATURE:
            time = int.from_bytes(signature[:_TIME_SIZE], "big")
            signature, message = signature[_TIME_SIZE:], _timestamped(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise NoteError(f"the signature of {self.name} does not fit the text") from None
        return time


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A signed note: its text with the final newline, and its signatures, not checked yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature that holds: whose it is, and when it was made as far as it says so."""

    verifier: Verifier
    time: int | None


def verifier_key(name: str, public: bytes, kind: int = ED25519) -> str:
    """Return a verifier key: `NAME+ID+base64(type || public)`, where ID is the key id in hex."""
    return f"{name}+{_key_id(name, public, kind).hex()}+{encode_base64(bytes([kind]) + public)}"


def parse_verifier_key(text: str) -> Verifier:
    """Read a verifier key.

    Raises:
        NoteError: it is none, its id is not that of its key, or its kind is unknown.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteError("a verifier key has three parts with + between them")
    name, key_id, encoded = parts
    typed = decode_base64(encoded)
    kind, public = typed[:1], typed[1:]
    if kind not in (bytes([each]) for each in KINDS) or len(public) != _KEY_SIZE:
        raise NoteError("a verifier key holds an Ed25519 key of 32 bytes")
    _check_name(name)
    verifier = Verifier(
        name=name, key_id=_key_id(name, public, kind[0]), kind=kind[0], public=public
    )
    if verifier.key_id.hex() != key_id:
        raise NoteError(f"the key id {key_id} is not that of the key")
    return verifier


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return the signature line of a note's text."""
    return _line(name, key, ED25519, key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, time: int) -> str:
    """Return the timestamped signature line of a checkpoint; `time` is seconds since 1970."""
    value = time.to_bytes(_TIME_SIZE, "big") + key.sign(_timestamped(text, time))
    return _line(name, key, COSIGNATURE, value)


def join(text: str, lines: Iterable[str]) -> str:
    """Return the note of a text, which ends with a newline, and its signature lines."""
    return f"{text}\n{''.join(lines)}"


def parse(note: str) -> Note:
    """Read a signed note without checking its signatures.

    Raises:
        NoteError: it is none.
    """
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or _CONTROL.search(note):
        raise NoteError("no signed note: a text, a blank line, and signature lines")
    signatures = tuple(_parse_line(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"more than {MAX_SIGNATURES} signatures")
    return Note(text=f"{text}\n", signatures=signatures)


def check(note: Note, verifiers: Sequence[Verifier]) -> list[Signed]:
    """Return the signatures that hold, of those whose keys are given; others are passed over.

    Raises:
        NoteError: a signature of a given key does not hold.
    """
    known = {(each.name, each.key_id): each for each in verifiers}
    found = []
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier:
            time = verifier.check(note.text, signature.value)
            found.append(Signed(verifier=verifier, time=time))
    return found


def decode_base64(text: str) -> bytes:
    """Read standard base64 with padding.

    Raises:
        NoteError: it is none, or not the one canonical spelling of its bytes.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if encode_base64(data) != text:
        raise NoteError("not canonical base64")
    return data


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteError("a signature line is a dash, a name and base64")
    _check_name(name)
    value = decode_base64(encoded)
    if len(value) <= 4:
        raise NoteError("a signature line holds a key id and a signature")
    return Signature(name=name, key_id=value[:4], value=value[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(each.isspace() for each in name):
        raise NoteError("a key's name has no space and no +")


def _line(name: str, key: Ed25519PrivateKey, kind: int, value: bytes) -> str:
    public = key.public_key().public_bytes_raw()
    return f"{_DASH}{name} {encode_base64(_key_id(name, public, kind) + value)}\n"


def _timestamped(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _key_id(name: str, public: bytes, kind: int) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def encode_base64(data: bytes) -> str:
    """Return `data` as standard base64 with padding."""
    return base64.b64encode(data).decode()

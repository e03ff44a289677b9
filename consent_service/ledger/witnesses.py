"""Witnesses (C2SP tlog-witness): others who sign that a checkpoint extends what they saw before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from consent_service.core.errors import SettingsError
from consent_service.core.notes import (
    COSIGNATURE,
    NoteError,
    Verifier,
    check,
    encode_base64,
    parse,
    parse_verifier_key,
)
from consent_service.ledger.outgoing import CallFailedError, Post, Reply

_MEDIA = "text/plain; charset=utf-8"
_CONFLICT = 409

Consistency = Callable[[int], Sequence[bytes]]
"""Answers the proof that the checkpoint extends its first so many leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness: how it is known to us, its key, and where it listens."""

    name: str
    verifier: Verifier
    url: str


class WitnessError(Exception):
    """A witness that did not sign, and what it said."""


def read_witnesses(path: Path) -> tuple[Witness, ...]:
    """Read the `witness NAME VKEY URL` lines of a policy file.

    Raises:
        SettingsError: a line is wrong; says which.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CONSENT_WITNESSES: {path} cannot be read: {error}") from error
    named = ((number, line.split()) for number, line in enumerate(lines, 1))
    return tuple(
        _witness(path, number, words) for number, words in named if words[:1] == ["witness"]
    )


def _witness(path: Path, number: int, words: list[str]) -> Witness:
    try:
        _, name, key, url = words
        verifier = parse_verifier_key(key)
        if verifier.kind != COSIGNATURE or not url.startswith(("https://", "http://")):
            raise NoteError("a witness has a cosignature key (type 0x04) and an address")
    except ValueError as error:
        raise SettingsError(
            f"CONSENT_WITNESSES: line {number} of {path} is not `witness NAME VKEY URL`: {error}"
        ) from error
    return Witness(name=name, verifier=verifier, url=url.rstrip("/"))


def cosign(witness: Witness, note: str, known: int, consistency: Consistency, post: Post) -> str:
    """Return a witness's signature line of a checkpoint.

    `known` is the size that it signed last as far as we know; it corrects us where it holds
    another.

    Raises:
        WitnessError: it does not sign.
    """
    reply = _add(witness, note, known, consistency, post)
    if reply.status == _CONFLICT:
        reply = _add(witness, note, _size_of(witness, reply), consistency, post)
    if reply.status != 200:
        raise WitnessError(f"{witness.name} answered {reply.status}")
    lines = reply.body.decode("utf-8", "replace")
    try:
        signed = parse(f"{parse(note).text}\n{lines}")
        held = check(signed, [witness.verifier])
    except NoteError as error:
        raise WitnessError(f"{witness.name} signed something else: {error}") from error
    if not held:
        raise WitnessError(f"{witness.name} did not sign by its key")
    key_id = encode_base64(witness.verifier.key_id)[:4]
    return next(line for line in lines.splitlines(keepends=True) if f" {key_id}" in line)


def _add(witness: Witness, note: str, known: int, consistency: Consistency, post: Post) -> Reply:
    proof = "".join(f"{encode_base64(each)}\n" for each in consistency(known))
    body = f"old {known}\n{proof}\n{note}".encode()
    try:
        return post(f"{witness.url}/add-checkpoint", body, _MEDIA)
    except CallFailedError as error:
        raise WitnessError(str(error)) from error


def _size_of(witness: Witness, reply: Reply) -> int:
    text = reply.body.decode("ascii", "replace").strip()
    if not text.isdecimal() or len(text) > 18:
        raise WitnessError(f"{witness.name} does not say which size it holds")
    return int(text)

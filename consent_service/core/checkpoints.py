"""Checkpoints (C2SP tlog-checkpoint) and the proofs that are handed out with one (tlog-proof)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from consent_service.core.merkle import HASH_SIZE
from consent_service.core.notes import NoteError, decode_base64, encode_base64, parse

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)
MAX_PATH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its origin, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """A leaf's index and path, with the signed checkpoint that they lead to, verbatim."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, without its signatures; further lines are passed over.

    Raises:
        NoteError: it is none.
    """
    origin, _, rest = text.partition("\n")
    size, _, rest = rest.partition("\n")
    root, newline, rest = rest.partition("\n")
    if not origin or not newline or not text.endswith("\n") or "\n\n" in text:
        raise NoteError("no checkpoint: an origin, a size and a root, a line each")
    return Checkpoint(origin=origin, size=_number(size), root=_hash(root))


def read_checkpoint(note: str) -> Checkpoint:
    """Read a signed checkpoint without checking its signatures.

    Raises:
        NoteError: it is none.
    """
    return parse_checkpoint(parse(note).text)


def format_proof(proof: InclusionProof) -> str:
    """Return a proof as `c2sp.org/tlog-proof@v1`."""
    lines = [PROOF_HEADER, f"index {proof.index}", *map(encode_base64, proof.path)]
    return "".join(f"{line}\n" for line in lines) + f"\n{proof.checkpoint}"


def parse_proof(text: str) -> InclusionProof:
    """Read a proof; its `extra` line is passed over.

    Raises:
        NoteError: it is none.
    """
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise NoteError(f"no proof: it begins with {PROOF_HEADER}")
    if lines and lines[0].startswith("extra "):
        decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NoteError("a proof names the index of its leaf")
    if len(lines) - 1 > MAX_PATH:
        raise NoteError("the path of a proof is longer than any tree is high")
    read_checkpoint(checkpoint)
    index = _number(lines[0].removeprefix("index "))
    return InclusionProof(index=index, path=parse_hashes(lines[1:]), checkpoint=checkpoint)


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Read hashes in base64, one a line.

    Raises:
        NoteError: one is none.
    """
    return tuple(_hash(line) for line in lines)


def _hash(text: str) -> bytes:
    digest = decode_base64(text)
    if len(digest) != HASH_SIZE:
        raise NoteError("a hash has 32 bytes")
    return digest


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise NoteError(f"not a number without leading zeros: {text[:24]!r}")
    return int(text)

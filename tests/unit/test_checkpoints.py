"""Checkpoints and proofs of C2SP, against the log that another implementation wrote."""

import base64
import json
from pathlib import Path

import pytest

from consent_service.core import notes
from consent_service.core.checkpoints import (
    Checkpoint,
    InclusionProof,
    format_proof,
    parse_checkpoint,
    parse_hashes,
    parse_proof,
    read_checkpoint,
)
from consent_service.core.merkle import (
    EMPTY_ROOT,
    consistency_path,
    extends,
    includes,
    inclusion_path,
    leaf_hash,
    root_of,
)
from consent_service.core.notes import NoteError, parse_verifier_key

TESSERA = json.loads((Path(__file__).parent / "vectors" / "tessera.json").read_text())
ORIGIN = "example.com/log/testdata"
LEAVES = [leaf_hash(leaf.encode()) for leaf in TESSERA["leaves"]]
CHECKPOINT = Checkpoint(origin=ORIGIN, size=15, root=root_of(LEAVES))


def note_of(size: int) -> str:
    root, signature = TESSERA["checkpoints"][size]
    return f"{ORIGIN}\n{size}\n{root}\n\n— {ORIGIN} {signature}\n"


@pytest.mark.parametrize("size", range(16))
def test_the_checkpoints_of_another_log_hold(size: int) -> None:
    note = note_of(size)
    assert notes.check(notes.parse(note), [parse_verifier_key(TESSERA["vkey"])])
    found = read_checkpoint(note)
    assert found == Checkpoint(origin=ORIGIN, size=size, root=root_of(LEAVES[:size]))
    assert found.text == notes.parse(note).text


@pytest.mark.parametrize("size", range(1, 16))
def test_each_of_them_extends_the_one_before(size: int) -> None:
    def subtree(first: int, end: int) -> bytes:
        return root_of(LEAVES[first:end])

    roots = [base64.b64decode(root) for root, _ in TESSERA["checkpoints"]]
    path = consistency_path(size, 15, subtree)
    assert extends(size, 15, path, roots[size], roots[15])
    leaf_path = inclusion_path(size - 1, 15, subtree)
    assert includes(LEAVES[size - 1], size - 1, 15, leaf_path, roots[15])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        f"\n1\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        "origin\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n\u0661\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
        "origin\n1\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


def test_further_lines_of_a_checkpoint_are_passed_over() -> None:
    assert parse_checkpoint(CHECKPOINT.text + "extension\n") == CHECKPOINT


def test_a_proof_is_written_and_read() -> None:
    proof = InclusionProof(index=2, path=(LEAVES[3], LEAVES[4]), checkpoint=note_of(15))
    text = format_proof(proof)
    head = f"c2sp.org/tlog-proof@v1\nindex 2\n{base64.b64encode(LEAVES[3]).decode()}\n"
    assert text.startswith(head)
    assert text.endswith(f"\n\n{note_of(15)}")
    assert parse_proof(text) == proof
    with_extra = text.replace("\nindex", "\nextra AAAA\nindex")
    assert parse_proof(with_extra) == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 2\n", ""),
        ("index 2", "index 02"),
        ("index 2", "index"),
        ("index 2\n", "index 2\nAAAA\n"),
        ("index 2\n", "index 2\n" + "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n" * 64),
        ("\nindex", "\nextra A\nindex"),
        ("\n\nexample", "\nexample"),
        ("\n15\n", "\n015\n"),
    ],
)
def test_what_is_no_proof_is_refused(old: str, new: str) -> None:
    text = format_proof(InclusionProof(index=2, path=(LEAVES[3],), checkpoint=note_of(15)))
    assert old in text
    with pytest.raises(NoteError):
        parse_proof(text.replace(old, new, 1))


def test_a_hash_has_thirty_two_bytes() -> None:
    assert parse_hashes([base64.b64encode(EMPTY_ROOT).decode()]) == (EMPTY_ROOT,)
    with pytest.raises(NoteError, match="32"):
        parse_hashes(["AAAA"])

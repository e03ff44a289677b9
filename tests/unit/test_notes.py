"""Signed notes: the examples of C2SP and of Go's sumdb/note, and every wrong byte refused."""

import base64
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.core import notes
from consent_service.core.notes import COSIGNATURE, NoteError, Verifier, parse_verifier_key
from tests.counts import LONG

# The example of the C2SP specification.
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def verifier_of(name: str, kind: int = notes.ED25519) -> Verifier:
    public = SEED.public_key().public_bytes_raw()
    return parse_verifier_key(notes.verifier_key(name, public, kind))


def checked(note: str, *keys: str) -> list[notes.Signed]:
    return notes.check(notes.parse(note), [parse_verifier_key(key) for key in keys])


def test_the_published_example_holds() -> None:
    (signed,) = checked(NOTE, KEY)
    assert signed.verifier.name == "example.com/foo"
    assert signed.time is None
    assert notes.parse(NOTE).text == "This is an example message.\n"


@pytest.mark.parametrize("key", [KEY, PETER])
def test_a_verifier_key_is_spelled_as_it_was_read(key: str) -> None:
    assert parse_verifier_key(key).text == key


@pytest.mark.parametrize(
    "key",
    [
        # Those of Go's note_test: wrong length, unknown algorithm, id of another key.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW",
        "PeterNeumann+c74f20a3+",
        "",
    ],
)
def test_a_bad_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier_key(key)


def test_every_wrong_byte_of_a_note_is_noticed() -> None:
    original = NOTE.encode()
    chance = random.Random(1)
    for position in range(len(original)):
        masks = range(1, 256) if LONG else [1 << chance.randrange(8)]
        for mask in masks:
            mangled = bytearray(original)
            mangled[position] ^= mask
            assert not holds(bytes(mangled)), f"byte {position} changed by {mask}"


def holds(note: bytes) -> bool:
    try:
        return bool(checked(note.decode(), KEY))
    except (NoteError, UnicodeDecodeError):
        return False


def test_the_last_blank_line_ends_the_text() -> None:
    text = "one\n\ntwo\n"
    note = notes.join(text, [notes.sign(text, "a.example/log", SEED)])
    assert notes.parse(note).text == text
    assert notes.check(notes.parse(note), [verifier_of("a.example/log")])


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    text = "text\n"
    lines = [notes.sign(text, name, SEED) for name in ("known", "unknown")]
    (signed,) = notes.check(notes.parse(notes.join(text, lines)), [verifier_of("known")])
    assert signed.verifier.name == "known"
    assert notes.check(notes.parse(notes.join(text, lines)), [verifier_of("third")]) == []


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    lines = [notes.sign("text\n", "right", SEED), notes.sign("other\n", "wrong", SEED)]
    note = notes.parse(notes.join("text\n", lines))
    with pytest.raises(NoteError, match="wrong"):
        notes.check(note, [verifier_of("right"), verifier_of("wrong")])


def test_a_key_of_the_same_name_is_no_other_key() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    note = notes.parse(notes.join("text\n", [notes.sign("text\n", "name", other)]))
    assert notes.check(note, [verifier_of("name")]) == []


def test_a_cosignature_says_when() -> None:
    text = "a.example/log/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    line = notes.cosign(text, "a.example/clock", SEED, 1_763_900_000)
    clock = verifier_of("a.example/clock", COSIGNATURE)
    (signed,) = notes.check(notes.parse(notes.join(text, [line])), [clock])
    assert signed.time == 1_763_900_000
    value = base64.b64decode(line.split(" ")[2])
    later = value[:4] + (1_763_900_001).to_bytes(8, "big") + value[12:]
    moved = f"— a.example/clock {base64.b64encode(later).decode()}\n"
    with pytest.raises(NoteError):
        notes.check(notes.parse(notes.join(text, [moved])), [clock])


def test_a_cosignature_is_no_plain_signature() -> None:
    text = "text\n"
    plain = notes.sign(text, "name", SEED)
    value = base64.b64decode(plain.split(" ")[2])
    clock = verifier_of("name", COSIGNATURE)
    posed = base64.b64encode(clock.key_id + bytes(8) + value[4:]).decode()
    with pytest.raises(NoteError):
        notes.check(notes.parse(notes.join(text, [f"— name {posed}\n"])), [clock])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text",
        "text\n",
        "text\n\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n—a AAAAAAA=\n",
        "text\n\n— a\n",
        "text\n\n— a AAAAAA==\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a\u00a0b AAAAAAA=\n",
        "text\r\n\n— a AAAAAAA=\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * 65,
    ],
)
def test_what_is_no_signed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        notes.parse(note)


def test_many_signatures_are_read() -> None:
    assert len(notes.parse("text\n\n" + "— a AAAAAAA=\n" * 64).signatures) == 64

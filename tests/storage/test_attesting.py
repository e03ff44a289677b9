"""Witnesses and time stamps: what others say of a checkpoint, and when they do not."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.core.checkpoints import Checkpoint, parse_checkpoint, parse_proof
from consent_service.core.errors import SettingsError
from consent_service.core.merkle import extends
from consent_service.core.notes import (
    COSIGNATURE,
    check,
    cosign,
    decode_base64,
    parse,
    parse_verifier_key,
    verifier_key,
)
from consent_service.ledger.attesting import AttestingService
from consent_service.ledger.outgoing import CallFailedError, Reply
from consent_service.ledger.witnesses import Witness, read_witnesses
from tests.storage.logs import published, site_id
from tests.support.world import World

TIME = 1_795_000_000


@dataclass
class HonestWitness:
    """A witness as C2SP tlog-witness describes one: signs only what extends what it holds."""

    name: str = "witness.example/w1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    held: dict[str, Checkpoint] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    @property
    def known_as(self) -> Witness:
        public = self.key.public_key().public_bytes_raw()
        vkey = verifier_key(self.name, public, COSIGNATURE)
        return Witness(name="w1", verifier=parse_verifier_key(vkey), url="https://witness.example")

    def post(self, url: str, body: bytes, media: str) -> Reply:
        assert url == "https://witness.example/add-checkpoint"
        assert media.startswith("text/plain")
        head, _, note = body.decode().partition("\n\n")
        old, *proof = head.split("\n")
        self.calls.append(old)
        new = parse_checkpoint(parse(note).text)
        held = self.held.get(new.origin)
        size = held.size if held else 0
        if int(old.removeprefix("old ")) != size:
            return Reply(status=409, body=f"{size}\n".encode())
        path = [decode_base64(each) for each in proof]
        if held and not extends(size, new.size, path, held.root, new.root):
            return Reply(status=422, body=b"the proof does not hold")
        self.held[new.origin] = new
        return Reply(status=200, body=cosign(parse(note).text, self.name, self.key, TIME).encode())


@pytest.fixture
def witness() -> HonestWitness:
    return HonestWitness()


def attesting(world: World, witness: HonestWitness, post: object = None) -> AttestingService:
    return AttestingService(
        world.services.db,
        world.clock,
        post or witness.post,  # type: ignore[arg-type]
        witnesses=[witness.known_as],
    )


def seal(world: World) -> None:
    world.answer("shop", "accept")
    world.services.ledger.seal_all()


def note(world: World) -> str:
    return world.client.get("/v1/sites/shop/log/checkpoint").text


def test_a_witness_signs_each_checkpoint_that_extends_the_one_before(
    world: World, witness: HonestWitness
) -> None:
    service = attesting(world, witness)
    for _ in range(3):
        seal(world)
        assert service.attest(site_id(world)) == 1
        (signed,) = check(parse(note(world)), [witness.known_as.verifier])
        assert signed.time == TIME
    assert witness.calls[0] == "old 0"
    assert len(witness.calls) == 3


def test_a_checkpoint_is_attested_once(world: World, witness: HonestWitness) -> None:
    seal(world)
    service = attesting(world, witness)
    assert service.attest(site_id(world)) == 1
    assert service.attest(site_id(world)) == 0
    assert len(witness.calls) == 1


def test_a_witness_that_holds_another_size_is_given_the_proof_from_there(
    world: World, witness: HonestWitness
) -> None:
    seal(world)
    attesting(world, witness).attest(site_id(world))
    seal(world)
    # What it signed meanwhile was lost on the way back to us.
    current = parse_checkpoint(parse(note(world)).text)
    witness.held[current.origin] = current
    seal(world)
    assert attesting(world, witness).attest(site_id(world)) == 1
    assert witness.calls[-2:] == [f"old {published(world)[0][0]}", f"old {current.size}"]


def test_a_proof_carries_the_witnesses_signature(world: World, witness: HonestWitness) -> None:
    answer = world.answer("shop", "accept")
    world.services.ledger.seal_all()
    attesting(world, witness).attest(site_id(world))
    proof = parse_proof(world.client.get(answer["proof_url"]).text)
    assert check(parse(proof.checkpoint), [witness.known_as.verifier])


def test_every_log_is_attested_in_one_turn(world: World, witness: HonestWitness) -> None:
    seal(world)
    assert attesting(world, witness).run() == 2
    assert {origin.split("/")[1] for origin in witness.held} == {"shop", "news"}


def wrong_key(url: str, body: bytes, media: str) -> Reply:
    other = HonestWitness()
    return other.post(url, body, media)


def silent(url: str, body: bytes, media: str) -> Reply:
    raise CallFailedError("nobody answers")


def refusing(url: str, body: bytes, media: str) -> Reply:
    return Reply(status=403, body=b"")


def confused(url: str, body: bytes, media: str) -> Reply:
    return Reply(status=409, body=b"many")


def rubbish(url: str, body: bytes, media: str) -> Reply:
    return Reply(status=200, body=b"\xff\xfe rubbish")


@pytest.mark.parametrize("post", [wrong_key, silent, refusing, confused, rubbish])
def test_a_witness_that_does_not_sign_changes_nothing(
    world: World, witness: HonestWitness, post: object
) -> None:
    seal(world)
    before = note(world)
    assert attesting(world, witness, post).attest(site_id(world)) == 0
    assert note(world) == before
    assert attesting(world, witness).attest(site_id(world)) == 1


def test_without_witnesses_nobody_is_called(world: World) -> None:
    seal(world)
    assert AttestingService(world.services.db, world.clock, silent).run() == 0


def test_witnesses_are_read_from_a_policy(tmp_path: Path, witness: HonestWitness) -> None:
    known = witness.known_as
    policy = tmp_path / "policy"
    line = f"witness w1 {known.verifier.text} {known.url}/"
    policy.write_text(f"log x y\n# a note\n{line}\nquorum w1\n")
    assert read_witnesses(policy) == (known,)


@pytest.mark.parametrize(
    "line", ["witness w1", "witness w1 x https://w", "witness w1 {log} https://w"]
)
def test_a_line_of_a_policy_that_is_wrong_is_named(
    tmp_path: Path, witness: HonestWitness, line: str
) -> None:
    log = verifier_key("log", witness.key.public_key().public_bytes_raw())
    policy = tmp_path / "policy"
    policy.write_text(f"\n{line.format(log=log)}\n")
    with pytest.raises(SettingsError, match=r"CONSENT_WITNESSES: line 2"):
        read_witnesses(policy)

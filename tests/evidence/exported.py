"""Bundles as the service exports them, and a check of them that shares nothing with the verifier.

It follows docs/bundle.md with the rules of RFC 9162 and stops at the first thing that is wrong.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import text

from consent_service.core import merkle
from consent_service.core.checkpoints import Checkpoint, parse_checkpoint, parse_hashes
from consent_service.core.clock import format_time
from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids
from consent_service.core.keyring import Keyring
from consent_service.core.notes import check, parse, parse_verifier_key, verifier_key
from consent_service.evidence.bundle import verify_bundle
from consent_service.evidence.options import Options
from consent_service.evidence.report import Verdict
from consent_service.exports.model import Filter, Format
from consent_service.exports.service import Export, Wanted
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import control_leaf
from tests.fixtures_world import migrate
from tests.storage.rows import owner
from tests.support.world import World, open_world

ALL_DERIVED = ("csv", "27560", "kantara")


@dataclass(frozen=True)
class Exported:
    """An exported bundle: its bytes, and its files by name in their order."""

    data: bytes

    @cached_property
    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            assert archive.testzip() is None
            return {info.filename: archive.read(info) for info in archive.infolist()}

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads(self.files["manifest.json"]))

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files.get(name, b"").splitlines()]

    @property
    def leaves(self) -> dict[int, bytes | dict[str, Any]]:
        """The leaves of the range or of the visitor by index; a redacted one as it stands."""
        wanted = self.manifest["range"]
        if "indexes" not in wanted:
            numbered = enumerate(self.files["events.jsonl"].splitlines(), wanted["first"])
            return {index: _leaf(line) for index, line in numbered}
        proved = {each["i"]: each for each in self.lines("leaves.jsonl")}
        return {index: _proved(proved[index]) for index in wanted["indexes"]}

    @property
    def openings(self) -> dict[int, list[str]]:
        return {each["i"]: each["d"] for each in self.lines("openings.jsonl")}


@contextmanager
def sealed_world(folder: Path) -> Iterator[tuple[World, list[dict[str, Any]]]]:
    """Lend a filled world on SQLite to tests that only read it, with the answers it gave."""
    url = f"sqlite:///{folder / 'consent.db'}"
    migrate(url, folder)
    world = open_world(url, folder)
    yield world, filled(world)
    world.services.db.dispose()


def export(world: World, site: str = "shop", **wanted: Any) -> Exported:
    """Export a bundle; `since` to `consent` make its filter."""
    return Exported(b"".join(chunk for chunk, _ in stream(world, site, **wanted)))


def begin(world: World, site: str = "shop", **wanted: Any) -> Export:
    chosen = {
        name: wanted.pop(name)
        for name in ("since", "until", "visitor", "consent", "type")
        if name in wanted
    }
    form = wanted.pop("form", Format.BUNDLE)
    asked = Wanted(form=form, filter=Filter(**chosen), **wanted)
    return world.services.exports.begin(world.services.sites.get(site), asked)


def stream(world: World, site: str = "shop", **wanted: Any) -> Any:
    return world.services.exports.stream(begin(world, site, **wanted))


def filled(world: World) -> list[dict[str, Any]]:
    """Record acts of three visitors, a minute apart, sealing in between."""
    first = world.answer("shop", "accept", locale="de")
    world.services.ledger.seal_all()
    answers = [first]
    for action, credential in (
        ("withdraw", first["credential"]),
        ("reject", None),
        ("choose", None),
        ("accept", None),
    ):
        world.clock.move(minutes=1)
        members: dict[str, Any] = {"credential": credential} if credential else {}
        if action == "choose":
            members["decisions"] = {"analytics": True}
        answers.append(world.answer("shop", action, **members))
        world.services.ledger.seal_all()
    return answers


def erase(world: World, answer: dict[str, Any]) -> None:
    done = world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {answer['credential']}"}
    )
    assert done.status_code in (200, 204), done.text


def controlled(world: World, kind: str, hashes: list[bytes], **members: Any) -> None:
    """Store a control leaf about some leaves."""
    site = world.services.sites.get("shop")
    with world.services.db.write() as tx:
        leaf = control_leaf(kind, site.log_origin, world.clock.now(), Ids(world.clock), **members)
        ledger_store.insert_entry(tx, site.site_id, leaf, hashes)


def redact(world: World, answer: dict[str, Any], *, told: bool = True) -> bytes:
    """Take the text of an event away, as retention does; return its leaf hash."""
    query = "SELECT leaf_hash FROM consent_event WHERE event_id = :id"
    gone = (
        "UPDATE consent_event SET visitor = NULL, openings = NULL, reference = NULL, "
        "leaf = NULL, state = NULL WHERE event_id = :id"
    )
    with owner(world) as connection:
        digest = bytes(
            connection.execute(text(query), {"id": answer["consent"]["id"]}).scalar_one()
        )
        connection.execute(text(gone), {"id": answer["consent"]["id"]})
    if told:
        controlled(world, "log.redaction", [digest], leaves=[digest.hex()], reason="retention")
    return digest


def index_of(bundle: Exported, answer: dict[str, Any]) -> int:
    """Return the index of an answer's event."""
    return next(
        index
        for index, leaf in bundle.leaves.items()
        if isinstance(leaf, bytes) and json.loads(leaf)["id"] == answer["consent"]["id"]
    )


def verify(bundle: Exported, vkey: str) -> None:
    """Check everything that a bundle says of itself, and have the verifier check it too."""
    _have_verified(bundle, vkey)
    manifest = bundle.manifest
    head = _signed(bundle.files["checkpoint"], vkey)
    assert (head.origin, head.size) == (manifest["log"]["origin"], manifest["tree_size"])
    assert vkey in manifest["log"]["vkeys"]
    _check_manifest(bundle)
    _check_chain(bundle, vkey, head)
    hashes = {index: _hash(leaf) for index, leaf in bundle.leaves.items()}
    if "events.jsonl" in bundle.files:
        _check_range(bundle, head, hashes)
    proved: dict[int, dict[str, Any]] = {}
    for each in bundle.lines("leaves.jsonl"):
        path = parse_hashes(each["proof"])
        assert merkle.includes(_hash(_proved(each)), each["i"], head.size, path, head.root)
        assert each["i"] > max(proved, default=-1)
        proved[each["i"]] = each
    _check_keys(bundle, proved)
    _check_openings(bundle, proved)
    _check_documents(bundle)


def _have_verified(bundle: Exported, vkey: str) -> None:
    with NamedTemporaryFile(suffix=".zip") as file:
        file.write(bundle.data)
        file.flush()
        report = verify_bundle(Path(file.name), Options(verifiers=[parse_verifier_key(vkey)]))
    assert report.verdict in (Verdict.OK, Verdict.WEAK), report.to_json()


def vkey_of(world: World, site: str = "shop", epoch: int = 1) -> str:
    """Return the log's verifier key, from its keyring and not from any export."""
    ring = Keyring(world.settings.keys_dir, "checkpoint", world.clock)
    name = f"{world.services.log_name}/{site}/{epoch}"
    return verifier_key(name, ring.accepted()[-1].public_bytes())


def _signed(note: bytes, vkey: str) -> Checkpoint:
    parsed = parse(note.decode())
    assert len(check(parsed, [parse_verifier_key(vkey)])) == 1
    return parse_checkpoint(parsed.text)


def _check_manifest(bundle: Exported) -> None:
    manifest, files = bundle.manifest, bundle.files
    assert list(files)[-2:] == ["manifest.json", "manifest.note"]
    listed = [(each["path"], each["sha256"], each["size"]) for each in manifest["files"]]
    assert (
        listed
        == [(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()][
            :-2
        ]
    )
    note = parse(files["manifest.note"].decode())
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    assert note.text == f"consent-bundle/1\n{digest}\n{manifest['created']}\n"
    keys = [parse_verifier_key(key) for key in manifest["log"]["vkeys"]]
    (signer,) = check(note, keys)
    assert signer.verifier.name == manifest["log"]["origin"].rpartition("/")[0] + "/export"
    (clock,) = [each for each in check(parse(files["checkpoint"].decode()), keys) if each.time]
    assert format_time(datetime.fromtimestamp(clock.time or 0, UTC)) == manifest["created"]


def _check_chain(bundle: Exported, vkey: str, head: Checkpoint) -> None:
    named = [name for name in bundle.files if name.startswith("checkpoints/")]
    chain = [*(_signed(bundle.files[name], vkey) for name in named), head]
    assert [f"checkpoints/{each.size}" for each in chain[:-1]] == named
    for old, new in pairwise(chain):
        lines = bundle.files[f"consistency/{old.size}-{new.size}"].decode().splitlines()
        assert merkle.extends(old.size, new.size, parse_hashes(lines), old.root, new.root)
    assert sum(name.startswith("consistency/") for name in bundle.files) == len(chain) - 1


def _check_range(bundle: Exported, head: Checkpoint, hashes: dict[int, bytes]) -> None:
    span = bundle.manifest["range"]
    assert list(hashes) == list(range(span["first"], span["first"] + span["count"]))
    sides = json.loads(bundle.files.get("range.json", b'{"left":[],"right":[]}'))
    assert ("range.json" in bundle.files) == (span["count"] < head.size)
    grown = merkle.CompactRange()
    for (level, index), digest in zip(
        merkle.cover(0, span["first"]), parse_hashes(sides["left"]), strict=True
    ):
        grown.push(level, index, digest)
    for index, digest in hashes.items():
        grown.push(0, index, digest)
    for (level, index), digest in zip(
        merkle.cover(span["first"] + span["count"], head.size),
        parse_hashes(sides["right"]),
        strict=True,
    ):
        grown.push(level, index, digest)
    assert grown.root() == head.root


def _check_keys(bundle: Exported, proved: dict[int, dict[str, Any]]) -> None:
    genesis = bundle.leaves.get(0) or _proved(proved[0])
    assert isinstance(genesis, bytes)
    leaf = json.loads(genesis)
    assert leaf["type"] == "log.genesis"


def _check_openings(bundle: Exported, proved: dict[int, dict[str, Any]]) -> None:
    controls = [
        json.loads(leaf)
        for leaf in [*bundle.leaves.values(), *map(_proved, proved.values())]
        if isinstance(leaf, bytes) and b'"nonce"' in leaf
    ]
    excused = {each["leaf"] for each in controls if "leaf" in each}
    redacted = {digest for each in controls for digest in each.get("leaves", ())}
    erased = 0
    for index, leaf in bundle.leaves.items():
        digest = _hash(leaf).hex()
        if not isinstance(leaf, bytes):
            assert digest in redacted
            continue
        committed = set(json.loads(leaf).get("priv", {}).values())
        opened = {
            b64url(hashlib.sha256(each.encode()).digest())
            for each in bundle.openings.get(index, ())
        }
        assert opened <= committed
        if bundle.manifest["openings"] == "included" and opened != committed:
            assert digest in excused | redacted
            erased += len(committed - opened)
    assert bundle.manifest["counts"]["erased_fields"] == erased
    assert ("openings.jsonl" in bundle.files) == (bundle.manifest["openings"] == "included")


def _check_documents(bundle: Exported) -> None:
    named: set[str] = set()
    for leaf in bundle.leaves.values():
        members = json.loads(leaf) if isinstance(leaf, bytes) else {}
        each: dict[str, Any]
        for each in (
            members.get("notice", {}),
            members.get("document", {}),
            *members.get("documents", {}).values(),
        ):
            named |= {each[key] for key in ("sha256", "variant") if key in each}
    expected = set()
    for digest in named:
        expected.add(f"documents/{digest}.json")
        content = json.loads(bundle.files[f"documents/{digest}.json"])
        for told in content.get("texts", {}).values() if "kind" in content else ():
            expected |= {
                f"documents/{told['html_sha256']}.html",
                f"documents/{told['source_sha256']}.md",
            }
    found = {name for name in bundle.files if name.startswith("documents/")}
    assert found == expected
    for name in found:
        assert hashlib.sha256(bundle.files[name]).hexdigest() in name


def _leaf(line: bytes) -> bytes | dict[str, Any]:
    return dict(json.loads(line)) if line.startswith(b'{"$redacted"') else line


def _proved(each: dict[str, Any]) -> bytes | dict[str, Any]:
    return base64.b64decode(each["leaf"]) if "leaf" in each else each


def _hash(leaf: bytes | dict[str, Any]) -> bytes:
    if isinstance(leaf, bytes):
        return hashlib.sha256(b"\0" + leaf).digest()
    return base64.b64decode(leaf["$redacted"])

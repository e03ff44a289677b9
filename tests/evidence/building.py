"""Builds small bundles by docs/bundle.md alone: a second reading of it, beside the exporter's.

Trees are the naive ones of `tests.unit.trees`; nothing here uses the service's own code.
"""

import base64
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit import trees

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
Files = dict[str, bytes]


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def standard(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


@dataclass(frozen=True)
class Signer:
    """A key that signs notes: `kind` is 1 for plain signatures, 4 for those with a time."""

    name: str
    seed: str
    kind: int = 1

    @property
    def public(self) -> bytes:
        return key(self.seed).public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        typed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(typed).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{standard(bytes([self.kind]) + self.public)}"

    @property
    def kid(self) -> str:
        jwk = canonical({"crv": "Ed25519", "kty": "OKP", "x": urlsafe(self.public)})
        return urlsafe(hashlib.sha256(jwk.encode()).digest())

    def line(self, text: str, at: int = 0) -> str:
        if self.kind == 4:
            signed = key(self.seed).sign(f"cosignature/v1\ntime {at}\n{text}".encode())
            value = struct.pack(">Q", at) + signed
        else:
            value = key(self.seed).sign(text.encode())
        return f"— {self.name} {standard(self.key_id + value)}\n"


@dataclass
class Log:
    """A log that grows leaf by leaf; `leaves` holds texts, or hashes of what was redacted."""

    name: str = "log-test"
    site: str = "shop"
    epoch: int = 1
    seed: str = ""
    leaves: list[bytes | tuple[bytes]] = field(default_factory=list)
    openings: dict[int, list[str]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    banners: dict[str, bytes] = field(default_factory=dict)
    now: datetime = START
    serial: int = 0

    def __post_init__(self) -> None:
        seed = f"{self.name}/{self.seed}"
        self.origin = f"{self.name}/{self.site}"
        self.tree = f"{self.origin}/{self.epoch}"
        self.checkpoint_keys = [Signer(self.tree, f"{seed} checkpoint")]
        self.clock = Signer(f"{self.name}/clock", f"{seed} clock", 4)
        self.export = Signer(f"{self.origin}/export", f"{seed} export")
        self.receipt_key = Signer("receipt", f"{seed} receipt")
        self.witnesses: list[Signer] = []

    def random(self, size: int) -> bytes:
        self.serial += 1
        return hashlib.sha256(f"{self.seed}/{self.origin}/{self.serial}".encode()).digest()[:size]

    def uuid7(self) -> str:
        milliseconds = int(self.now.timestamp() * 1000)
        digits = f"{milliseconds:012x}{self.random(10).hex()}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
        )

    def keys(self) -> list[dict[str, str]]:
        named = [("checkpoint", each) for each in self.checkpoint_keys]
        named += [("clock", self.clock), ("export", self.export)]
        entries = [{"use": use, "kid": each.kid, "key": each.vkey} for use, each in named]
        public = urlsafe(self.receipt_key.public)
        return [*entries, {"use": "receipt", "kid": self.receipt_key.kid, "key": public}]

    def append(self, leaf: Mapping[str, Any]) -> int:
        self.leaves.append(canonical(leaf).encode())
        self.now += timedelta(seconds=7)
        return len(self.leaves) - 1

    def control(self, kind: str, /, **members: Any) -> int:
        head = {"v": 1, "log": self.origin, "id": self.uuid7(), "type": kind, "ts": time(self.now)}
        return self.append({**head, "nonce": urlsafe(self.random(16)), **members})

    def genesis(self, **members: Any) -> int:
        members = {"epoch": self.epoch, "mmd": 60, "keys": self.keys(), **members}
        return self.control("log.genesis", **members)

    def commit(self, **values: str) -> tuple[dict[str, str], list[str]]:
        openings = {
            name: urlsafe(json.dumps([urlsafe(self.random(16)), name, value]).encode())
            for name, value in values.items()
        }
        digests = {
            name: urlsafe(hashlib.sha256(opening.encode()).digest())
            for name, opening in openings.items()
        }
        return digests, list(openings.values())

    def publish_notice(self, number: int = 1) -> dict[str, Any]:
        variant = canonical({"number": number, "purposes": [], "texts": {"title": "Ihre Wahl"}})
        digest = sha256(variant.encode())
        notice = canonical({"number": number, "variants": {"eu-opt-in": {"de": digest}}})
        for text in (variant, notice):
            self.documents[f"{sha256(text.encode())}.json"] = text.encode()
        digest = sha256(notice.encode())
        self.control("notice.published", notice={"n": number, "sha256": digest})
        return {"n": number, "sha256": digest, "variant": sha256(variant.encode())}

    def publish_document(self, number: int = 1, kind: str = "terms") -> dict[str, Any]:
        source, html = f"# Terms {number}\n".encode(), f"<h1>Terms {number}</h1>".encode()
        texts = {"de": {"source_sha256": sha256(source), "html_sha256": sha256(html)}}
        manifest = canonical({"kind": kind, "number": number, "texts": texts}).encode()
        self.documents |= {
            f"{sha256(source)}.md": source,
            f"{sha256(html)}.html": html,
            f"{sha256(manifest)}.json": manifest,
        }
        named = {"n": number, "sha256": sha256(manifest)}
        self.control("document.published", document={"kind": kind, **named})
        return named

    def add_banner(self) -> str:
        code = b'"use strict";const digest="%s";'
        digest = sha256(code % (b"0" * 64))
        self.banners[f"{digest}.js"] = code % digest.encode()
        return digest

    def event(self, kind: str = "consent.given", **members: Any) -> int:
        prev = urlsafe(self.random(32))
        priv, openings = self.commit(visitor=self.uuid7(), prev=prev, claimed_at=time(self.now))
        body = {
            "v": 1,
            "log": self.origin,
            "id": self.uuid7(),
            "type": kind,
            "ts": time(self.now),
            "decisions": {"analytics": "granted" if kind.endswith("given") else "denied"},
            "locale": "de",
            "method": "banner",
            "layer": 1,
            "profile": "eu-opt-in",
            "why": "country:DE",
            "signals": {"gpc": False},
            "priv": priv,
        }
        index = self.append({**body, **members})
        self.openings[index] = openings
        return index

    def hash(self, index: int) -> bytes:
        leaf = self.leaves[index]
        return leaf[0] if isinstance(leaf, tuple) else leaf_hash(leaf)

    def erase(self, index: int, reason: str = "visitor", kind: str = "log.erasure") -> int:
        fields = sorted(self.leaf(index)["priv"])
        self.openings.pop(index, None)
        return self.control(kind, leaf=self.hash(index).hex(), fields=fields, reason=reason)

    def redact(self, *indexes: int, reason: str = "retention") -> int:
        hashes = [self.hash(index) for index in indexes]
        for index, digest in zip(indexes, hashes, strict=True):
            self.leaves[index] = (digest,)
            self.openings.pop(index, None)
        return self.control("log.redaction", leaves=[each.hex() for each in hashes], reason=reason)

    def leaf(self, index: int) -> dict[str, Any]:
        text = self.leaves[index]
        assert isinstance(text, bytes)
        return dict(json.loads(text))

    def hashes(self, size: int | None = None) -> list[bytes]:
        return [self.hash(index) for index in range(len(self.leaves) if size is None else size)]

    def root(self, size: int | None = None) -> bytes:
        return trees.hash_of(self.hashes(size))

    def checkpoint(self, size: int | None = None, at: datetime | None = None) -> str:
        size = len(self.leaves) if size is None else size
        text = f"{self.tree}\n{size}\n{standard(self.root(size))}\n"
        seconds = int((at or self.now).timestamp())
        signers = [*self.checkpoint_keys, self.clock, *self.witnesses]
        return text + "\n" + "".join(signer.line(text, seconds) for signer in signers)

    def proof(self, index: int, size: int | None = None) -> str:
        hashes = self.hashes(size)
        path = "".join(f"{standard(each)}\n" for each in trees.path_of(index, hashes))
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{self.checkpoint(size)}"

    def receipt(self, index: int, size: int = 0, **changes: Any) -> str:
        event = self.leaf(index)
        claims = {
            "iss": "https://consent.example.com",
            "jti": event["id"],
            "iat": int(datetime.fromisoformat(event["ts"]).timestamp()),
            "log": self.origin,
            "leaf": urlsafe(self.hash(index)),
            "mmd": 60,
            "evt": event,
            "cp": {"root": urlsafe(self.root(size)), "size": size},
            "sv": "27560:2023",
        } | changes
        header = {"alg": "Ed25519", "kid": self.receipt_key.kid, "typ": "consent-receipt+jwt"}
        return jws(header, claims, self.receipt_key.seed)

    def receipt_file(self, index: int, *, with_proof: bool = True, size: int = 0) -> str:
        value = {
            "format": "consent-receipt/1",
            "receipt": self.receipt(index, size),
            "openings": self.openings.get(index, []),
        }
        return canonical(value | ({"proof": self.proof(index)} if with_proof else {}))

    def bundle(
        self,
        *,
        earlier: Sequence[int] = (),
        first: int = 0,
        count: int | None = None,
        indexes: Sequence[int] | None = None,
        openings: str = "included",
        derived: Mapping[str, bytes] | None = None,
        at: datetime | None = None,
    ) -> Files:
        """Return the files of a bundle, signed."""
        size = len(self.leaves)
        count = size - first if count is None else count
        files: Files = {"checkpoint": self.checkpoint(at=at).encode()}
        sizes = [*earlier, size]
        for each in earlier:
            files[f"checkpoints/{each}"] = self.checkpoint(each).encode()
        for old, new in pairwise(sizes):
            path = trees.proof_of(old, self.hashes(new))
            files[f"consistency/{old}-{new}"] = lines(map(standard, path))
        files["policy"] = f"log {self.checkpoint_keys[-1].vkey}\nquorum none\n".encode()
        members = range(first, first + count) if indexes is None else indexes
        if indexes is None:
            files["events.jsonl"] = lines(self._line(index) for index in members)
        opened = [index for index in members if index in self.openings]
        if openings == "included":
            files["openings.jsonl"] = lines(
                canonical({"d": self.openings[index], "i": index}) for index in opened
            )
        if indexes is None and count < size:
            files["range.json"] = canonical(self._range(first, first + count)).encode()
        outside = self._outside(set(members))
        beside = sorted({*outside, *(indexes or ())})
        if beside:
            files["leaves.jsonl"] = lines(map(self._proved, beside))
        files |= {f"documents/{name}": self.documents[name] for name in sorted(self.documents)}
        files |= {f"banners/{name}": self.banners[name] for name in sorted(self.banners)}
        files |= derived or {}
        files["VERIFY.md"] = b"# How to check this\n"
        bare = [self.leaves[index] for index in members]
        texts = [json.loads(leaf) for leaf in bare if isinstance(leaf, bytes)]
        committed = sum(len(leaf.get("priv", {})) for leaf in texts)
        manifest = {
            "counts": {
                "control": sum("nonce" in leaf for leaf in texts),
                "events": sum("nonce" not in leaf for leaf in texts),
                "redacted": len(bare) - len(texts),
                "erased_fields": committed - sum(len(self.openings[index]) for index in opened)
                if openings == "included"
                else 0,
            },
            "created": time((at or self.now).replace(microsecond=0)),
            "format": "consent-audit-bundle/1",
            "log": {"origin": self.tree, "vkeys": self.vkeys()},
            "openings": openings,
            "range": {"count": count, "first": first}
            if indexes is None
            else {"indexes": list(indexes)},
            "software": "tests",
            "tree_size": size,
        }
        return self.seal(files, manifest)

    def vkeys(self) -> list[str]:
        return [each.vkey for each in (*self.checkpoint_keys, self.clock, self.export)]

    def seal(self, files: Files, manifest: Mapping[str, Any] | None = None) -> Files:
        """Return files with a manifest that names them as they are, signed."""
        if manifest is None:
            manifest = json.loads(files["manifest.json"])
        files = {name: each for name, each in files.items() if not name.startswith("manifest.")}
        listed = [
            {"path": name, "sha256": sha256(content), "size": len(content)}
            for name, content in files.items()
        ]
        text = canonical({**manifest, "files": listed})
        note = f"consent-bundle/1\n{sha256(text.encode())}\n{manifest['created']}\n"
        files["manifest.json"] = text.encode()
        files["manifest.note"] = f"{note}\n{self.export.line(note)}".encode()
        return files

    def _line(self, index: int) -> str:
        leaf = self.leaves[index]
        if isinstance(leaf, tuple):
            return canonical({"$redacted": standard(leaf[0])})
        return leaf.decode()

    def _proved(self, index: int) -> str:
        leaf = self.leaves[index]
        proof = [standard(each) for each in trees.path_of(index, self.hashes())]
        if isinstance(leaf, tuple):
            return canonical({"$redacted": standard(leaf[0]), "i": index, "proof": proof})
        return canonical({"i": index, "leaf": standard(leaf), "proof": proof})

    def _outside(self, members: set[int]) -> list[int]:
        own = {self.hash(index).hex() for index in members}
        found = []
        for index, leaf in enumerate(self.leaves):
            if index in members or isinstance(leaf, tuple):
                continue
            body = json.loads(leaf)
            named = {body.get("leaf"), *body.get("leaves", ())}
            if body["type"] in ("log.genesis", "log.key_rotation") or named & own:
                found.append(index)
        return found

    def _range(self, first: int, end: int) -> dict[str, list[str]]:
        hashes = self.hashes()
        return {
            "left": [standard(each) for each in cover(hashes, 0, first)],
            "right": [standard(each) for each in cover(hashes, end, len(hashes))],
        }


def cover(hashes: list[bytes], first: int, end: int) -> list[bytes]:
    """Return the fewest roots of aligned full trees over the leaves of a range."""
    found = []
    while first < end:
        width = 1
        while first % (width * 2) == 0 and first + width * 2 <= end:
            width *= 2
        found.append(trees.hash_of(hashes[first : first + width]))
        first += width
    return found


def jws(header: Mapping[str, Any], claims: Mapping[str, Any], seed: str) -> str:
    signed = ".".join(urlsafe(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{urlsafe(key(seed).sign(signed.encode()))}"


def lines(each: Any) -> bytes:
    return "".join(f"{line}\n" for line in each).encode()


def pack(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def shop(events: int = 6) -> Log:
    """Return a log with a bit of everything: 4 leaves, some events, erasure, redaction."""
    log = Log()
    log.genesis()
    notice, terms = log.publish_notice(), log.publish_document()
    banner = log.add_banner()
    log.control("retention.held", reason="audit")
    given = [
        log.event(
            "consent.given" if number % 2 else "consent.refused",
            notice=notice,
            documents={"terms": terms},
            banner=banner,
        )
        for number in range(events)
    ]
    log.erase(given[0])
    log.erase(given[1], "dispute", "log.restriction")
    log.redact(given[2])
    return log


__all__ = ["Files", "Log", "Signer", "pack", "shop"]

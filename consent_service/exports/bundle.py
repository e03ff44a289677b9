"""Writes a bundle: the files of docs/bundle.md, in their order, with constant memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sqlalchemy import Connection

from consent_service import __version__
from consent_service.core.canonical import canonical_json
from consent_service.core.keyring import Key
from consent_service.core.merkle import consistency_path, cover, inclusion_path
from consent_service.core.notes import encode_base64, join, sign, verifier_key
from consent_service.db.engine import Database
from consent_service.evidence.derived import FILES
from consent_service.exports import guide, store_bundle, store_documents
from consent_service.exports.archive import Archive, Entry, joined
from consent_service.exports.leaves import Held, Scope, Terms
from consent_service.exports.reading import LeafReader
from consent_service.exports.tally import Tally
from consent_service.ledger import store_attestations, store_tree
from consent_service.ledger.keys import export_name
from consent_service.ledger.model import Log, SignedCheckpoint
from consent_service.ledger.proofs import tiled_tree

FORMAT = "consent-audit-bundle/1"
EARLIER = 64
_PROOFS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that can be written: the same content gives the same bytes.

    `note` is the checkpoint with the signatures of witnesses, `stamp` its time stamp in DER, and
    `authority` the certificates in PEM of who made that. `created` is when the clock key signed the
    checkpoint, `vkeys` are the verifier keys that the tree names by their use, `vkey` is the newest
    of them that signed the checkpoint, `key_leaves` the indexes of the leaves that name keys,
    `derived` the paths of the derived files, `key` signs the manifest.
    """

    log: Log
    signed: SignedCheckpoint
    note: str
    stamp: bytes | None
    authority: bytes | None
    created: str
    vkeys: Sequence[tuple[str, str]]
    vkey: str
    key_leaves: Sequence[int]
    key: Key
    scope: Scope
    terms: Terms
    derived: Sequence[str]

    @property
    def size(self) -> int:
        """The size of its tree."""
        return self.signed.checkpoint.size

    @property
    def export_vkey(self) -> str:
        """The verifier key of the manifest's signature."""
        return verifier_key(export_name(self.log.origin), self.key.public_bytes())

    @property
    def steps(self) -> int:
        """How many leaves are read while it is written, some of them more than once."""
        return self.scope.count * (1 + self.terms.openings + len(self.derived))


class BundleWriter:
    """Writes one bundle; `read` tells how many leaves were read so far."""

    def __init__(self, db: Database, bundle: Bundle) -> None:
        self._db = db
        self._bundle = bundle
        self._leaves = LeafReader(db, bundle.log, bundle.scope, bundle.terms)
        self._archive = Archive()
        self.tally = Tally()

    @property
    def read(self) -> int:
        """How many leaves were read so far."""
        return self._leaves.read

    def stream(self) -> Iterator[bytes]:
        """Yield the archive in chunks.

        Raises:
            OvertakenError: something was erased meanwhile that it still had to hold.
        """
        for path, content in self._files():
            yield from self._archive.add(path, content)
        entries = tuple(self._archive.entries)
        manifest = self._manifest(entries)
        yield from self._archive.add("manifest.json", [manifest])
        (written,) = self._archive.entries[len(entries) :]
        yield from self._archive.add("manifest.note", [self._note(written.sha256)])
        yield from self._archive.close()

    def _files(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        bundle = self._bundle
        yield "checkpoint", [bundle.note.encode()]
        yield from self._earlier()
        if bundle.stamp:
            yield "checkpoint.tsr", [bundle.stamp]
            if bundle.authority:
                yield "tsa.pem", [bundle.authority]
        yield "policy", [policy(bundle.vkeys).encode()]
        if bundle.scope.indexes is None:
            yield "events.jsonl", self._event_lines()
        else:
            for held in self._leaves.every():
                self._count(held)
        if bundle.terms.openings:
            yield "openings.jsonl", self._opening_lines()
        if bundle.scope.indexes is None and bundle.scope.count < bundle.size:
            yield "range.json", [self._range().encode()]
        if extra := self._extra():
            yield "leaves.jsonl", self._leaf_lines(extra)
        yield from self._documents()
        for path in bundle.derived:
            yield path, joined(FILES[path](self._recorded(), self._document))
        told = guide.text(bundle.log, bundle.vkeys, vkey=bundle.vkey, export=bundle.export_vkey)
        yield "VERIFY.md", [told.encode()]

    def _earlier(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield earlier checkpoints, then the proofs from each to the next."""
        bundle = self._bundle
        with self._db.read() as connection:
            sizes = store_bundle.list_earlier(connection, bundle.log, bundle.size, EARLIER)
            notes = [self._note_of(connection, size) for size in sizes]
        for size, note in zip(sizes, notes, strict=True):
            yield f"checkpoints/{size}", [note.encode()]
        for old, new in pairwise([*sizes, bundle.size]):
            yield f"consistency/{old}-{new}", [self._consistency(old, new).encode()]

    def _note_of(self, connection: Connection, size: int) -> str:
        log = self._bundle.log
        signed = store_tree.find_checkpoint(connection, log, size)
        return store_attestations.full_note(connection, log, signed) if signed else ""

    def _consistency(self, old: int, new: int) -> str:
        log = self._bundle.log
        with self._db.read() as connection:
            tree = tiled_tree(connection, log.site_id, log.epoch, new)
            path = consistency_path(old, new, tree.subtree)
        return "".join(f"{encode_base64(digest)}\n" for digest in path)

    def _count(self, held: Held) -> None:
        self.tally.add(held, self._bundle.scope, openings=self._bundle.terms.openings)

    def _event_lines(self) -> Iterator[bytes]:
        for page in self._leaves.pages():
            lines = []
            for held in page:
                self._count(held)
                lines.append(f"{_line(held)}\n")
            yield "".join(lines).encode()

    def _opening_lines(self) -> Iterator[bytes]:
        for page in self._leaves.pages():
            lines = (
                canonical_json({"d": held.openings, "i": held.index}) + "\n"
                for held in page
                if held.openings
            )
            yield "".join(lines).encode()

    def _range(self) -> str:
        """Return the nodes over the leaves before and behind the range."""
        bundle = self._bundle
        log, scope = bundle.log, bundle.scope
        with self._db.read() as connection:
            tree = tiled_tree(connection, log.site_id, log.epoch, bundle.size)
            sides = {"left": (0, scope.first), "right": (scope.end, bundle.size)}
            return canonical_json(
                {
                    side: [encode_base64(tree.node(*node)) for node in cover(*span)]
                    for side, span in sides.items()
                }
            )

    def _extra(self) -> Sequence[int]:
        """Return the indexes of the leaves that go with the bundle by a proof of their own."""
        scope = self._bundle.scope
        keys = [index for index in self._bundle.key_leaves if not scope.holds(index)]
        return sorted({*self.tally.controls, *keys, *(scope.indexes or ())})

    def _leaf_lines(self, indexes: Sequence[int]) -> Iterator[bytes]:
        reader = LeafReader(
            self._db,
            self._bundle.log,
            Scope(first=0, end=0, indexes=tuple(indexes)),
            replace(self._bundle.terms, openings=False),
            page=_PROOFS_AT_ONCE,
        )
        for page in reader.pages():
            yield "".join(self._proved(page)).encode()

    def _proved(self, page: Sequence[Held]) -> Iterator[str]:
        """Yield leaves with their proofs; a tree remembers tiles, so there is one for each page."""
        log, size = self._bundle.log, self._bundle.size
        with self._db.read() as connection:
            tree = tiled_tree(connection, log.site_id, log.epoch, size)
            for held in page:
                path = inclusion_path(held.index, size, tree.subtree)
                told = (
                    {"$redacted": encode_base64(held.hash)}
                    if held.leaf is None
                    else {"leaf": encode_base64(held.leaf.encode())}
                )
                proof = [encode_base64(digest) for digest in path]
                yield canonical_json({**told, "i": held.index, "proof": proof}) + "\n"

    def _documents(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield what the leaves name, each once, by path."""
        site_id = self._bundle.log.site_id
        with self._db.read() as connection:
            names = store_documents.list_names(connection, site_id, self.tally.documents)
        for name in names:
            with self._db.read() as connection:
                text = store_documents.find_named(connection, site_id, name)
            yield f"documents/{name}", [(text or "").encode()]
        for digest in sorted(self.tally.banners):
            with self._db.read() as connection:
                code = store_documents.find_build(connection, site_id, digest)
            if code is not None:
                yield f"banners/{digest}.js", [code.encode()]

    def _recorded(self) -> Iterator[tuple[int, str | bytes, Mapping[str, str]]]:
        return (held.recorded() for held in self._leaves.every())

    def _document(self, sha256: str) -> bytes | None:
        if sha256 not in self.tally.documents:
            return None
        with self._db.read() as connection:
            text = store_documents.find_document(connection, self._bundle.log.site_id, sha256)
        return text.encode() if text is not None else None

    def _manifest(self, entries: Sequence[Entry]) -> bytes:
        bundle, scope = self._bundle, self._bundle.scope
        span = {"count": scope.count, "first": scope.first}
        return canonical_json(
            {
                "counts": self.tally.counts,
                "created": bundle.created,
                "files": [
                    {"path": each.path, "sha256": each.sha256, "size": each.size}
                    for each in entries
                ],
                "format": FORMAT,
                "log": {"origin": bundle.log.tree, "vkeys": [key for _, key in bundle.vkeys]},
                "openings": "included" if bundle.terms.openings else "withheld",
                "range": span if scope.indexes is None else {"indexes": scope.indexes},
                "software": f"consent-service {__version__}",
                "tree_size": bundle.size,
            }
        ).encode()

    def _note(self, sha256: str) -> bytes:
        text = f"consent-bundle/1\n{sha256}\n{self._bundle.created}\n"
        name = export_name(self._bundle.log.origin)
        return join(text, [sign(text, name, self._bundle.key.private_key())]).encode()


def policy(vkeys: Sequence[tuple[str, str]]) -> str:
    """Return a C2SP policy: a key of the log, and the time of a clock."""
    lines = [f"log {key}" for use, key in vkeys if use == "checkpoint"]
    clocks = [key for use, key in vkeys if use == "clock"]
    names = [f"clock-{number}" for number in range(1, len(clocks) + 1)]
    lines += [f"witness {name} {key}" for name, key in zip(names, clocks, strict=True)]
    if names:
        lines += [f"group clocks any {' '.join(names)}", "quorum clocks"]
    return "".join(f"{line}\n" for line in lines)


def _line(held: Held) -> str:
    return held.leaf or canonical_json({"$redacted": encode_base64(held.hash)})

"""What manifest.json says, and whether the files of the bundle are those that it names."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consent_service.core.canonical import MAX_INTEGER, canonical_json, parse_strict
from consent_service.evidence.archive import Archive, ArchiveError
from consent_service.evidence.findings import Findings
from consent_service.evidence.forms import integer, list_of, one_of, record, text, words
from consent_service.evidence.leaves import TREE, check_time

FORMAT = "consent-audit-bundle/1"
PATH = "manifest.json"
NOTE = "manifest.note"
MAX_SMALL = 64 * 1024
MAX_DOCUMENT = 32 * 2**20
_MAX_MANIFEST = 32 * 2**20
_SIZE = integer(0, MAX_INTEGER)
_RANGE = record({"count": _SIZE, "first": _SIZE})
_INDEXES = record({"indexes": list_of(_SIZE, 1, 200_000)})
_PLACES = re.compile(
    r"checkpoint|checkpoints/[1-9]\d{0,15}|consistency/[1-9]\d{0,15}-[1-9]\d{0,15}|checkpoint\.tsr"
    r"|tsa\.pem|policy|events\.jsonl|openings\.jsonl|range\.json|leaves\.jsonl"
    r"|documents/[0-9a-f]{64}\.(json|html|md)|banners/[0-9a-f]{64}\.js"
    r"|events\.csv|receipts27560\.jsonl|kantara\.jsonl|VERIFY\.md",
    re.ASCII,
)
_FORM = record(
    {
        "counts": record(
            {"control": _SIZE, "erased_fields": _SIZE, "events": _SIZE, "redacted": _SIZE}
        ),
        "created": check_time,
        "files": list_of(
            record(
                {
                    "path": words(1, 200),
                    "sha256": text("[0-9a-f]{64}", "a SHA-256 in hexadecimal"),
                    "size": _SIZE,
                }
            ),
            1,
            65_000,
        ),
        "format": one_of(FORMAT),
        "log": record({"origin": TREE, "vkeys": list_of(words(1, 512), 1, 300)}),
        "openings": one_of("included", "withheld"),
        "range": lambda value, path: (
            _INDEXES if isinstance(value, dict) and "indexes" in value else _RANGE
        )(value, path),
        "software": words(1, 200),
        "tree_size": _SIZE,
    }
)


class ManifestError(ValueError):
    """manifest.json is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file as the manifest names it."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What manifest.json says. `indexes` are given in a bundle of single leaves only."""

    sha256: str
    origin: str
    vkeys: tuple[str, ...]
    created: str
    software: str
    tree_size: int
    first: int
    count: int
    indexes: tuple[int, ...] | None
    are_openings_included: bool
    counts: dict[str, int]
    files: dict[str, Listed]

    @property
    def log(self) -> str:
        """The name of the log without the epoch, as leaves have it."""
        return self.origin.rpartition("/")[0]

    @property
    def epoch(self) -> int:
        """The epoch of the log, from 1 on."""
        return int(self.origin.rpartition("/")[2])

    @property
    def is_whole(self) -> bool:
        """True where the bundle has every leaf of the tree."""
        return self.indexes is None and self.first == 0 and self.count == self.tree_size


def read_manifest(archive: Archive) -> Manifest:
    """Read manifest.json.

    Raises:
        ManifestError: it is absent, or none.
    """
    if PATH not in archive:
        raise ManifestError("the bundle has no manifest.json")
    try:
        data = archive.read(PATH, _MAX_MANIFEST)
        spelled = data.decode()
        value = parse_strict(spelled)
        if canonical_json(value) != spelled:
            raise ManifestError("manifest.json is not spelled as RFC 8785 says")
    except ArchiveError as error:
        raise ManifestError(str(error)) from error
    except UnicodeDecodeError:
        raise ManifestError("manifest.json is not UTF-8") from None
    except RecursionError:
        raise ManifestError("manifest.json is nested too deep") from None
    except ManifestError:
        raise
    except ValueError as error:
        raise ManifestError(f"manifest.json is not canonical JSON: {error}"[:200]) from error
    problem = check_form(value) or _contradiction(value)
    if problem:
        raise ManifestError(f"manifest.json: {problem}")
    return _manifest(value, hashlib.sha256(data).hexdigest())


def check_form(value: Any) -> str | None:
    """Return what is wrong with a parsed manifest by itself; None where it is one."""
    return _FORM(value, "")


def check_files(archive: Archive, manifest: Manifest, findings: Findings) -> None:
    """Hold the names and sizes of a bundle's files against its manifest."""
    listed = {PATH, NOTE, *manifest.files}
    for name in archive.names:
        if name not in listed:
            findings.add("EXTRA_FILE", "the manifest does not name this file", file=name[:200])
    for name, said in manifest.files.items():
        if name not in archive:
            findings.add("FILE_MISSING", "the manifest names this file", file=name)
        elif not _PLACES.fullmatch(name):
            findings.add("EXTRA_FILE", "a bundle has no such file", file=name)
        elif archive.size(name) != said.size:
            message = f"the file has {archive.size(name)} bytes, the manifest says {said.size}"
            findings.add("FILE_HASH", message, file=name)
    for name in _needed(manifest):
        if name not in manifest.files or name not in archive:
            findings.add("FILE_MISSING", "every such bundle has this file", file=name)


def hashed_chunks(
    archive: Archive, manifest: Manifest, name: str, findings: Findings
) -> Iterator[bytes]:
    """Yield a file's bytes; at its end, hold its hash against the manifest.

    A file that is absent has none, and a damaged one ends where it is damaged.
    """
    if name not in archive or name not in manifest.files:
        return
    digest = hashlib.sha256()
    try:
        yield from archive.chunks(name, digest)
    except ArchiveError as error:
        findings.add("FILE_HASH", str(error)[:200], file=name)
        return
    if digest.hexdigest() != manifest.files[name].sha256:
        findings.add("FILE_HASH", "the SHA-256 is not what the manifest says", file=name)


def _needed(manifest: Manifest) -> Iterator[str]:
    yield "checkpoint"
    if manifest.indexes is not None:
        yield "leaves.jsonl"
        return
    yield "events.jsonl"
    if not manifest.is_whole:
        yield "range.json"


def _contradiction(value: dict[str, Any]) -> str | None:
    paths = [each["path"] for each in value["files"]]
    if len(set(paths)) != len(paths):
        return "files names a file twice"
    if PATH in paths or NOTE in paths:
        return "files names the manifest itself"
    within = value["range"]
    if "indexes" in within:
        indexes = within["indexes"]
        if sorted(set(indexes)) != indexes:
            return "range.indexes are not in order"
        return None if indexes[-1] < value["tree_size"] else "range lies beyond tree_size"
    end = within["first"] + within["count"]
    return None if end <= value["tree_size"] else "range lies beyond tree_size"


def _manifest(value: dict[str, Any], sha256: str) -> Manifest:
    within = value["range"]
    indexes = within.get("indexes")
    return Manifest(
        sha256=sha256,
        origin=value["log"]["origin"],
        vkeys=tuple(value["log"]["vkeys"]),
        created=value["created"],
        software=value["software"],
        tree_size=value["tree_size"],
        first=within.get("first", 0),
        count=within.get("count", len(indexes or ())),
        indexes=None if indexes is None else tuple(indexes),
        are_openings_included=value["openings"] == "included",
        counts=value["counts"],
        files={
            each["path"]: Listed(size=each["size"], sha256=each["sha256"])
            for each in value["files"]
        },
    )

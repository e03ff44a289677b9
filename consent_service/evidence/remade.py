"""Makes derived files again from the leaves, and compares them byte for byte."""

from collections.abc import Iterator

from consent_service.evidence.archive import ArchiveError
from consent_service.evidence.batches import redacted_hash
from consent_service.evidence.context import Context
from consent_service.evidence.derived import FILES, Recorded
from consent_service.evidence.lines import Lines
from consent_service.evidence.manifest import MAX_DOCUMENT, hashed_chunks
from consent_service.evidence.openings import read_line, read_opening
from consent_service.evidence.outside import FILE, read_outside

_LINES = 1024


def check_derived(context: Context) -> None:
    """Compare the derived files of a bundle, of which nothing else is wrong, with their source."""
    for name, make in FILES.items():
        if name not in context.manifest.files or name not in context.archive:
            continue
        found = hashed_chunks(context.archive, context.manifest, name, context.findings)
        if context.findings.are_bad:
            for _ in found:
                pass
            continue
        try:
            made = make(_recorded(context), lambda digest: _document(context, digest))
            is_same = _are_same(found, made)
        except (ArchiveError, ValueError, KeyError, TypeError, AttributeError, LookupError):
            is_same = False
        if not is_same:
            message = "the file is not what follows from the leaves and their openings"
            context.findings.add("CSV_MISMATCH", message, file=name)


def _are_same(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    left = right = b""
    while True:
        left = left or next((piece for piece in one if piece), b"")
        right = right or next((piece for piece in other if piece), b"")
        length = min(len(left), len(right))
        if not length:
            return left == right
        if left[:length] != right[:length]:
            return False
        left, right = left[length:], right[length:]


def _document(context: Context, digest: str) -> bytes | None:
    name = f"documents/{digest}.json"
    return context.archive.read(name, MAX_DOCUMENT) if name in context.archive else None


def _recorded(context: Context) -> Iterator[Recorded]:
    """Yield the leaves of the bundle in the order of their indexes."""
    openings = _openings(context)
    waiting = next(openings, None)
    for index, leaf, digest in _leaves(context):
        while waiting and waiting[0] < index:
            waiting = next(openings, None)
        opened = waiting[1] if waiting and waiting[0] == index else {}
        yield index, digest if leaf is None else leaf.decode(), opened


def _leaves(context: Context) -> Iterator[tuple[int, bytes | None, bytes]]:
    indexes = context.manifest.indexes
    if indexes is not None:
        members = frozenset(indexes)
        for line in _each(context, FILE):
            read = read_outside(line)
            if read and read.index in members:
                yield read.index, read.leaf, read.digest
        return
    for index, line in enumerate(_each(context, "events.jsonl"), context.manifest.first):
        digest = redacted_hash(line)
        yield index, line if digest is None else None, digest or b""


def _openings(context: Context) -> Iterator[tuple[int, dict[str, str]]]:
    for line in _each(context, "openings.jsonl"):
        index, texts = read_line(line)
        opened = map(read_opening, texts)
        yield index, {name.decode(): value.decode() for name, value in opened}


def _each(context: Context, name: str) -> Iterator[bytes]:
    if name not in context.archive:
        return
    lines = Lines(context.archive.chunks(name))
    while taken := lines.take(_LINES):
        yield from taken.split(b"\n")[:-1]

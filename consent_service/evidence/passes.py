"""Goes through the leaves of a bundle, batch by batch, and holds their root to the checkpoint."""

import secrets
from collections.abc import Iterable, Iterator
from sys import byteorder

from consent_service.core.canonical import parse_strict
from consent_service.core.checkpoints import Checkpoint, parse_hashes
from consent_service.core.merkle import cover, leaf_hash
from consent_service.core.notes import NoteError
from consent_service.evidence.batches import EVENTS, Batch, Rules, redacted_hash
from consent_service.evidence.context import Context
from consent_service.evidence.lines import Lines, LineTooLongError
from consent_service.evidence.manifest import MAX_SMALL, hashed_chunks
from consent_service.evidence.outside import FILE, OutsideBatch, index_of, read_outside
from consent_service.evidence.shapes import Wrong, parse_leaf
from consent_service.evidence.tree import Seen
from consent_service.evidence.workers import Workers

OPENINGS = "openings.jsonl"
_BATCH = 2048
_OUTSIDE_BATCH = 1024
_SMALL = 8 * 2**20


def look(
    context: Context, head: Checkpoint, wanted: frozenset[bytes], sizes: frozenset[int]
) -> Seen:
    """Go through all leaves once; `sizes` are those at which the root is needed."""
    manifest, options = context.manifest, context.options
    seen = Seen(context.findings)
    rules = Rules(
        log=manifest.log,
        are_openings_included=manifest.are_openings_included,
        secret=secrets.token_bytes(16),
        wanted=wanted,
    )
    large = sum(context.archive.size(name) for name in (EVENTS, FILE) if name in context.archive)
    processes = options.processes if large > _SMALL else 1
    with Workers(rules, processes) as workers:
        # Leaves beside the range first: the genesis among them tells the promised delay.
        _look_outside(context, head, seen, workers)
        if manifest.indexes is None:
            _look_at_range(context, head, sizes, seen, workers)
    _check_duplicates(context, seen)
    return seen


def _look_at_range(
    context: Context, head: Checkpoint, sizes: frozenset[int], seen: Seen, workers: Workers
) -> None:
    manifest = context.manifest
    left, right = _borders(context)
    first, end = manifest.first, manifest.first + manifest.count
    seen.push([(*node, digest) for node, digest in zip(cover(0, first), left, strict=False)])
    done = 0
    cuts = sorted(size for size in sizes if first <= size <= end)
    if first in cuts and first:
        seen.roots[first] = seen.range.root()
    batches = _batches(context, first, cuts)
    for facts in workers.check(batches):
        seen.add(facts)
        seen.check_times(facts.times, facts.first, EVENTS)
        done = facts.first - first + facts.count
        if first + done in cuts:
            seen.roots[first + done] = seen.range.root()
        context.options.tell(done, manifest.count)
    context.facts["leaves"] = done
    rest = cover(end, manifest.tree_size)
    seen.push([(*node, digest) for node, digest in zip(rest, right, strict=False)])
    _check_count(context, head, done)
    if context.findings.has("LEAF_COUNT") or seen.range.root() != head.root:
        message = "the leaves of the bundle do not give the root that the checkpoint states"
        context.findings.add("ROOT_MISMATCH", message, file=EVENTS)
    seen.roots[manifest.tree_size] = seen.range.root()


def _check_count(context: Context, head: Checkpoint, done: int) -> None:
    manifest = context.manifest
    expected = manifest.count
    if manifest.is_whole:
        expected = head.size
    if done != expected or done != manifest.count:
        message = f"{EVENTS} has {done} leaves, not {expected}"
        context.findings.add("LEAF_COUNT", message, file=EVENTS)


def _borders(context: Context) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Return the nodes before and behind the range."""
    manifest = context.manifest
    end = manifest.first + manifest.count
    expected = (
        len(list(cover(0, manifest.first))),
        len(list(cover(end, manifest.tree_size))),
    )
    if expected == (0, 0):
        if "range.json" in manifest.files:
            context.check_hash("range.json")
        return (), ()
    try:
        value = parse_strict(context.read_text("range.json", MAX_SMALL) or "")
        left, right = parse_hashes(value["left"]), parse_hashes(value["right"])
        if set(value) == {"left", "right"} and (len(left), len(right)) == expected:
            return left, right
        message = f"range.json does not hold {expected[0]} nodes before and {expected[1]} behind"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NoteError):
        message = 'range.json is not {"left":[HASH, …],"right":[HASH, …]}'
    context.findings.add("PROOF", message, file="range.json")
    return (), ()


def _batches(context: Context, first: int, cuts: list[int]) -> Iterator[Batch]:
    lines, openings = _lines(context, EVENTS), _lines(context, OPENINGS)
    position = first
    try:
        while True:
            end = (position // _BATCH + 1) * _BATCH
            end = min([end, *(cut for cut in cuts if cut > position)])
            line, opening_line = lines.taken, openings.taken
            leaves = lines.take(end - position)
            taken = lines.taken - line
            if not taken:
                break
            position += taken
            yield Batch(
                first=position - taken,
                line=line,
                leaves=leaves,
                openings=openings.take_below(position, taken),
                opening_line=opening_line,
            )
        if openings.skip_rest():
            message = "there are openings of leaves that are not in the bundle"
            context.findings.add("OPENING_SYNTAX", message, file=OPENINGS)
    except LineTooLongError as error:
        message = "the line is longer than 64 KiB; what follows was not checked"
        context.findings.add("LINE_TOO_LONG", message, file=error.file, line=error.line)
    _check_end(context, lines, EVENTS)
    _check_end(context, openings, OPENINGS)


def _look_outside(context: Context, head: Checkpoint, seen: Seen, workers: Workers) -> None:
    indexes = context.manifest.indexes
    total = len(indexes or ())
    for facts in workers.check(_outside_batches(context, head)):
        last = max(seen.indexes, default=-1)
        if facts.indexes and facts.indexes[0] <= last:
            context.findings.add("PROOF", "the lines are out of order", file=FILE)
        seen.indexes.update(facts.indexes)
        seen.add(facts)
        context.options.tell(min(len(seen.indexes), total), total)
    if indexes is not None:
        context.facts["leaves"] = len(seen.indexes.intersection(indexes))
        missing = sorted(set(indexes) - seen.indexes)
        if missing:
            message = f"{len(missing)} leaves are absent, the first of them {missing[0]}"
            context.findings.add("LEAF_COUNT", message, file=FILE, index=missing[0])


def _outside_batches(context: Context, head: Checkpoint) -> Iterator[OutsideBatch]:
    indexes = context.manifest.indexes
    lines = _lines(context, FILE)
    openings = _lines(context, OPENINGS) if indexes is not None else Lines(iter(()))
    members = None if indexes is None else frozenset(indexes)
    try:
        while True:
            line, opening_line = lines.taken, openings.taken
            leaves = lines.take(_OUTSIDE_BATCH)
            if not leaves:
                break
            taken = lines.taken - line
            last = index_of(leaves[leaves.rfind(b"\n", 0, len(leaves) - 1) + 1 :])
            yield OutsideBatch(
                size=head.size,
                root=head.root,
                line=line,
                leaves=leaves,
                openings=openings.take_below(last + 1, taken),
                opening_line=opening_line,
                members=members,
            )
        if openings.skip_rest():
            message = "there are openings of leaves that are not in the bundle"
            context.findings.add("OPENING_SYNTAX", message, file=OPENINGS)
    except LineTooLongError as error:
        message = "the line is longer than 64 KiB; what follows was not checked"
        context.findings.add("LINE_TOO_LONG", message, file=error.file, line=error.line)
    _check_end(context, lines, FILE)
    _check_end(context, openings, OPENINGS)


def _lines(context: Context, name: str) -> Lines:
    chunks = hashed_chunks(context.archive, context.manifest, name, context.findings)
    return Lines(chunks, name)


def _check_end(context: Context, lines: Lines, name: str) -> None:
    if lines.lacks_newline:
        context.findings.add("LINE_END", "the last line does not end with a newline", file=name)


def _check_duplicates(context: Context, seen: Seen) -> None:
    """Name what seems to stand twice: go through the leaves again, where something does."""
    hashes, ids = seen.suspects()
    if not hashes and not ids:
        return
    places: dict[tuple[str, bytes], str] = {}
    for place, digest, leaf_id in _identities(context):
        for code, value, is_suspect in (
            ("LEAF_DUPLICATE", digest, int.from_bytes(digest[:8], byteorder) in hashes),
            ("EVENT_ID_DUPLICATE", leaf_id, _tail(leaf_id) in ids),
        ):
            if not is_suspect or value is None:
                continue
            before = places.setdefault((code, value), place)
            if before != place:
                same = "the leaf" if code == "LEAF_DUPLICATE" else f"the id {value.decode()}"
                context.findings.add(code, f"{same} of {before} stands at {place} again")


def _tail(leaf_id: bytes | None) -> int | None:
    if leaf_id is None:
        return None
    return int.from_bytes(bytes.fromhex((leaf_id[19:23] + leaf_id[24:]).decode()), byteorder)


def _identities(context: Context) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Yield place, hash and id of each leaf."""
    for name in (EVENTS, FILE):
        if name not in context.archive:
            continue
        lines = Lines(context.archive.chunks(name))
        for number, line in enumerate(_each(lines), 1):
            data: bytes | None = line
            digest = redacted_hash(line) or leaf_hash(line)
            if name == FILE:
                read = read_outside(line)
                if read is None:
                    continue
                data, digest = read.leaf, read.digest
            leaf = parse_leaf(data or b"")
            leaf_id = None if isinstance(leaf, Wrong) else leaf["id"].encode()
            yield f"line {number} of {name}", digest, leaf_id


def _each(lines: Lines) -> Iterable[bytes]:
    try:
        while taken := lines.take(_BATCH):
            yield from taken.split(b"\n")[:-1]
    except LineTooLongError:
        return

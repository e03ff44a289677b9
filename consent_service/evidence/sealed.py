"""The checkpoints of a bundle: who signed them, when, and whether each extends the one before."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from consent_service.core.checkpoints import parse_checkpoint, parse_hashes
from consent_service.core.clock import format_time
from consent_service.core.merkle import extends
from consent_service.core.notes import Note, NoteError, Verifier, check, parse, parse_verifier_key
from consent_service.evidence.context import Context, SignedCheckpoint
from consent_service.evidence.keys import Keys
from consent_service.evidence.manifest import MAX_DOCUMENT, MAX_SMALL, NOTE
from consent_service.evidence.named import check_named
from consent_service.evidence.timestamps import TimestampError, check_timestamp
from consent_service.evidence.tree import Seen

HEAD = "checkpoint"
_EARLIER = re.compile(r"checkpoints/([1-9]\d{0,15})", re.ASCII)
_MOST_EARLIER = 64


def read_head(context: Context) -> SignedCheckpoint | None:
    """Read the checkpoint that the bundle stands on."""
    head = _read(context, HEAD)
    if head and head.checkpoint.size != context.manifest.tree_size:
        message = (
            f"the checkpoint is of size {head.checkpoint.size}, "
            f"the manifest says {context.manifest.tree_size}"
        )
        context.findings.add("MANIFEST", message, file=HEAD)
    return head


def read_earlier(context: Context, head: SignedCheckpoint) -> list[SignedCheckpoint]:
    """Read the earlier checkpoints, by size."""
    matches = filter(None, map(_EARLIER.fullmatch, context.manifest.files))
    sizes = {int(match[1]): match[0] for match in matches}
    if len(sizes) > _MOST_EARLIER:
        message = f"a bundle has at most {_MOST_EARLIER} earlier checkpoints"
        context.findings.add("EXTRA_FILE", message, file="checkpoints")
    earlier_ones: list[SignedCheckpoint] = []
    for size in sorted(sizes)[:_MOST_EARLIER]:
        earlier = _read(context, sizes[size])
        if earlier is None:
            continue
        if earlier.checkpoint.size != size:
            message = f"the checkpoint is of size {earlier.checkpoint.size}"
            context.findings.add("CHECKPOINT", message, file=sizes[size])
        elif size >= head.checkpoint.size:
            message = f"it is no earlier one than that of size {head.checkpoint.size}"
            context.findings.add("CHECKPOINT", message, file=sizes[size])
        else:
            earlier_ones.append(earlier)
    return earlier_ones


def _read(context: Context, name: str) -> SignedCheckpoint | None:
    content = context.read(name, MAX_SMALL)
    if content is None:
        return None
    try:
        note = parse(content.decode())
        checkpoint = parse_checkpoint(note.text)
    except (NoteError, UnicodeDecodeError) as error:
        context.findings.add("CHECKPOINT", f"no signed checkpoint: {error}"[:200], file=name)
        return None
    if checkpoint.origin != context.manifest.origin:
        message = (
            f"the checkpoint is of the log {checkpoint.origin[:200]}, "
            f"the bundle of {context.manifest.origin}"
        )
        context.findings.add("CHECKPOINT_SIGNATURE", message, file=name)
    return SignedCheckpoint(file=name, checkpoint=checkpoint, note=note, content=content)


def check_consistency(context: Context, checkpoints: Sequence[SignedCheckpoint]) -> None:
    """Check that each checkpoint extends the one before."""
    named = {name for name in context.manifest.files if name.startswith("consistency/")}
    for old, new in pairwise(checkpoints):
        name = f"consistency/{old.checkpoint.size}-{new.checkpoint.size}"
        named.discard(name)
        text = context.read_text(name, MAX_SMALL)
        try:
            path = parse_hashes((text or "").split("\n")[:-1])
        except NoteError:
            path = ()
        sizes = old.checkpoint.size, new.checkpoint.size
        roots = old.checkpoint.root, new.checkpoint.root
        ends_well = text is None or not text or text.endswith("\n")
        if text is None or not ends_well or not extends(*sizes, path, *roots):
            message = f"no proof that the tree of {sizes[1]} extends that of {sizes[0]}"
            context.findings.add("CONSISTENCY", message, file=name)
    for name in named:
        context.check_hash(name)
        context.findings.add("EXTRA_FILE", "it joins no two checkpoints of the bundle", file=name)


def trusted_keys(context: Context, checkpoints: Sequence[SignedCheckpoint], seen: Seen) -> Keys:
    """Return the accepted keys: the trusted ones, and those named below a checkpoint of theirs."""
    keys = Keys(context.manifest.origin)
    keys.trust(context.options.trusted)
    keys.given = frozenset(keys.checkpoint)
    if not context.options.trusted:
        keys.trust(_own_keys(context))
        message = "no trusted key was given (--vkey or --policy); the bundle's own were taken"
        context.findings.add("NO_TRUSTED_KEY", message)
    elif not keys.given:
        message = f"none of the given keys is a checkpoint key of {context.manifest.origin}"
        context.findings.add("CHECKPOINT_SIGNATURE", message, file=HEAD)
    leaves = sorted(seen.key_leaves, key=lambda leaf: leaf[0])
    check_named(context, leaves)
    taken, reach = 0, _reach(checkpoints, keys)
    while reach > taken:
        keys.take([leaf for leaf in leaves if taken <= leaf[0] < reach], context.findings)
        taken, reach = reach, _reach(checkpoints, keys)
    context.facts["trusted"] = bool(keys.given)
    _check_vouched(context, checkpoints[-1], keys)
    return keys


def _reach(checkpoints: Sequence[SignedCheckpoint], keys: Keys) -> int:
    """Return how many leaves an accepted key vouches for."""
    return max((c.checkpoint.size for c in checkpoints if _is_signed(c.note, keys)), default=0)


def _check_vouched(context: Context, head: SignedCheckpoint, keys: Keys) -> None:
    """Check that the log names a given key, and that such a key signed a part of the log.

    A part may leave out the leaf that revoked a key, so there no key leads to another.
    """
    if not keys.given:
        return
    if not keys.vouched:
        message = "no leaf of the bundle that a given checkpoint key vouches for names that key"
        context.findings.add("KEYS", message)
    if context.manifest.is_whole:
        return
    try:
        signed = keys.signers(head.note, "checkpoint", keys.time_of(head.note))
    except NoteError:
        return  # check_signatures says so.
    if not keys.vouched.intersection(each.verifier.public for each in signed):
        message = (
            "no given key signed the checkpoint; a bundle of a part of the log needs one that did"
        )
        context.findings.add("CHECKPOINT_SIGNATURE", message, file=head.file)


def _own_keys(context: Context) -> Iterator[Verifier]:
    for text in context.manifest.vkeys:
        try:
            yield parse_verifier_key(text)
        except NoteError as error:
            context.findings.add("MANIFEST", f"log.vkeys: {error}"[:200], file="manifest.json")


def _is_signed(note: Note, keys: Keys) -> bool:
    try:
        return bool(keys.signers(note, "checkpoint", keys.time_of(note)))
    except NoteError:
        return False


def check_signatures(
    context: Context, checkpoints: Sequence[SignedCheckpoint], keys: Keys
) -> int | None:
    """Check who signed the checkpoints; return the time of the last, in seconds."""
    time = None
    for each in checkpoints:
        time = None
        try:
            time = keys.time_of(each.note)
            signed = keys.signers(each.note, "checkpoint", time)
        except NoteError as error:
            context.findings.add("CHECKPOINT_SIGNATURE", str(error)[:300], file=each.file)
            continue
        if each.file == HEAD:
            context.facts["signed_by"] = [one.verifier.text for one in signed]
    if time is None:
        message = "no clock key of the log signed the checkpoint"
        context.findings.add("NO_TIME", message, file=HEAD)
    else:
        context.facts["time"] = format_time(datetime.fromtimestamp(time, UTC))
    return time


def check_manifest_note(context: Context, keys: Keys, time: int | None) -> None:
    """Check the signature over the manifest."""
    created = context.manifest.created
    if time is not None and created != format_time(datetime.fromtimestamp(time, UTC)):
        message = "created is not the time that the clock key gave the checkpoint"
        context.findings.add("MANIFEST", message, file="manifest.json")
    expected = f"consent-bundle/1\n{context.manifest.sha256}\n{created}\n"
    try:
        if NOTE not in context.archive:
            raise NoteError("the bundle has no manifest.note")
        note = parse(context.archive.read(NOTE, MAX_SMALL).decode())
        if note.text != expected:
            raise NoteError("it is not about this manifest")
        signed = keys.signers(note, "export", time)
        context.facts["exported_by"] = [one.verifier.text for one in signed]
    except (NoteError, ValueError) as error:
        context.findings.add("MANIFEST_SIGNATURE", str(error)[:300], file=NOTE)


def check_witnesses(context: Context, head: SignedCheckpoint, time: int | None) -> None:
    """Check the quorum of the policy, and the time stamp."""
    policy = context.options.policy
    if policy:
        try:
            signed = check(head.note, tuple(policy.witnesses.values()))
        except NoteError as error:
            context.findings.add("COSIGNATURE_QUORUM", str(error)[:300], file=HEAD)
            signed = []
        context.facts["witnesses"] = [one.verifier.name for one in signed]
        if not policy.is_reached(one.verifier for one in signed):
            message = f"the quorum {policy.quorum!r} of the policy is not reached"
            context.findings.add("COSIGNATURE_QUORUM", message, file=HEAD)
    _check_timestamp(context, head, time)


def _check_timestamp(context: Context, head: SignedCheckpoint, time: int | None) -> None:
    response = context.read("checkpoint.tsr", MAX_DOCUMENT)
    chain = context.read("tsa.pem", MAX_DOCUMENT) or b""
    authority = context.options.authority
    if authority is None:
        if response is not None:
            message = "name the authority's certificate with --tsa-ca to check the time stamp"
            context.findings.add("TIMESTAMP_UNCHECKED", message, file="checkpoint.tsr")
        return
    try:
        if response is None:
            raise TimestampError("the bundle has no time stamp")
        stamped = check_timestamp(response, head.content, authority, chain)
        context.facts["timestamp"] = format_time(stamped)
        if time is not None and stamped.timestamp() + 1 < time:
            raise TimestampError("the checkpoint claims to be later than its time stamp")
    except TimestampError as error:
        context.findings.add("TIMESTAMP", str(error), file="checkpoint.tsr")

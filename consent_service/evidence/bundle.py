"""Checks a bundle: every file, every leaf, every signature, and what was kept from earlier."""

from pathlib import Path

from consent_service.evidence.archive import Archive, ArchiveError
from consent_service.evidence.batches import EVENTS
from consent_service.evidence.compared import Comparison, check_demands
from consent_service.evidence.context import Context
from consent_service.evidence.documents import check_documents
from consent_service.evidence.findings import Findings
from consent_service.evidence.manifest import Manifest, ManifestError, check_files, read_manifest
from consent_service.evidence.options import Options
from consent_service.evidence.outside import FILE
from consent_service.evidence.passes import look
from consent_service.evidence.remade import check_derived
from consent_service.evidence.report import Report
from consent_service.evidence.sealed import (
    check_consistency,
    check_manifest_note,
    check_signatures,
    check_witnesses,
    read_earlier,
    read_head,
    trusted_keys,
)
from consent_service.evidence.tree import Seen

_FOLLOWING_FROM_INDEXES = (
    "OPENING_MISMATCH",
    "OPENING_FIELD",
    "OPENING_MISSING_WITHOUT_ERASURE",
    "TIME_OUT_OF_ORDER",
)
_UNREAD = ("policy", "VERIFY.md")


def verify_bundle(path: Path, options: Options | None = None) -> Report:
    """Check a bundle and report everything that is wrong with it.

    Raises:
        OSError: the file cannot be opened.
    """
    findings = Findings()
    try:
        with Archive(path) as archive:
            try:
                manifest = read_manifest(archive)
            except ManifestError as error:
                findings.add("MANIFEST", str(error), file="manifest.json")
                return Report(findings=findings)
            context = Context(
                archive=archive,
                manifest=manifest,
                options=options or Options(),
                findings=findings,
                facts=_facts(manifest),
            )
            try:
                _check(context)
            except (OverflowError, ValueError, RecursionError, OSError) as error:
                # Nothing is known that comes here; what does is no reason to pass.
                findings.add("ZIP", f"the check of the bundle stopped: {error!r}"[:300])
            return Report(findings=findings, facts=context.facts)
    except ArchiveError as error:
        findings.add("ZIP", str(error)[:300])
        return Report(findings=findings, is_unreadable=True)


def _facts(manifest: Manifest) -> dict[str, object]:
    first, end = manifest.first, manifest.first + manifest.count
    return {
        "log": manifest.origin,
        "size": manifest.tree_size,
        "range": {"indexes": len(manifest.indexes)}
        if manifest.indexes is not None
        else {"first": first, "end": end, "whole": manifest.is_whole},
        "openings": "included" if manifest.are_openings_included else "withheld",
        "software": manifest.software,
    }


def _check(context: Context) -> None:
    check_files(context.archive, context.manifest, context.findings)
    head = read_head(context)
    if head is None:
        for name in context.manifest.files:
            context.check_hash(name)
        return
    checkpoints = [*read_earlier(context, head), head]
    context.facts["root"] = head.checkpoint.root.hex()
    seen = look(context, head.checkpoint, _wanted(context), _sizes(context))
    _check_leaves(context, seen)
    for each in checkpoints:
        seen.roots.setdefault(each.checkpoint.size, each.checkpoint.root)
    check_consistency(context, checkpoints)
    keys = trusted_keys(context, checkpoints, seen)
    time = check_signatures(context, checkpoints, keys)
    check_manifest_note(context, keys, time)
    check_witnesses(context, head, time)
    check_demands(context, head, time)
    Comparison(context=context, head=head, seen=seen, keys=keys).check_anchors()
    check_documents(context, seen)
    for name in _UNREAD:
        context.check_hash(name)
    check_derived(context)


def _wanted(context: Context) -> frozenset[bytes]:
    return frozenset(each.receipt.leaf for each in context.options.anchors if each.receipt)


def _sizes(context: Context) -> frozenset[int]:
    """Return the sizes of the tree at which an anchor knows its root."""
    sizes = set()
    for anchor in context.options.anchors:
        if anchor.checkpoint:
            sizes.add(anchor.checkpoint.size)
        if anchor.receipt:
            sizes.add(anchor.receipt.size)
    return frozenset(sizes)


def _check_leaves(context: Context, seen: Seen) -> None:
    file = EVENTS if context.manifest.indexes is None else FILE
    gone = seen.check_absences(file)
    if context.findings.has("LEAF_COUNT"):
        # Behind a leaf that was dropped or added nothing stands where its index says.
        context.findings.drop(_FOLLOWING_FROM_INDEXES)
    said = context.manifest.counts
    counts = {name: seen.counts[name] for name in said}
    for name, count in counts.items():
        if said[name] != count:
            message = f"counts.{name} is {said[name]}, the bundle has {count}"
            context.findings.add("MANIFEST", message, file="manifest.json")
    context.facts["counts"] = counts
    context.facts["types"] = dict(sorted(seen.types.items()))
    context.facts["gone"] = gone

"""Holds a bundle against what somebody kept: anchors, a least size, a greatest age."""

from dataclasses import dataclass
from datetime import UTC, datetime

from consent_service.core.checkpoints import Checkpoint, parse_hashes
from consent_service.core.notes import ED25519, Note, NoteError, check
from consent_service.evidence.context import Context, SignedCheckpoint
from consent_service.evidence.keys import Keys, seconds
from consent_service.evidence.leaves import TREE
from consent_service.evidence.receipts import Receipt, ReceiptError
from consent_service.evidence.tree import Seen

_NEAR = 300
"""Seconds. So long after an epoch began, a receipt may still tell of the one before."""


def check_demands(context: Context, head: SignedCheckpoint, time: int | None) -> None:
    """Check size and age against what was asked for."""
    options, size = context.options, head.checkpoint.size
    if size < options.min_size:
        message = f"the log has {size} leaves, and {options.min_size} were known (--min-size)"
        context.findings.add("ROLLBACK", message, file=head.file)
    if options.max_age is None or time is None:
        return
    age = (options.now or datetime.now(UTC)).timestamp() - time
    if age > options.max_age:
        message = f"the checkpoint is {round(age)} seconds old (--max-age {options.max_age}s)"
        context.findings.add("STALE", message, file=head.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Holds the log against what was kept from earlier."""

    context: Context
    head: SignedCheckpoint
    seen: Seen
    keys: Keys

    def check_anchors(self) -> None:
        """Hold it against each anchor."""
        anchors = self.context.options.anchors
        if not anchors:
            message = "nothing kept from earlier was given (--anchor, a checkpoint or receipt)"
            self._add("NO_ANCHOR", message)
        for anchor in anchors:
            if anchor.receipt:
                self._check_receipt(anchor.name, anchor.receipt)
            elif anchor.checkpoint and anchor.note:
                self._check_checkpoint(anchor.name, anchor.checkpoint, anchor.note)

    def _add(self, code: str, message: str, name: str | None = None) -> None:
        self.context.findings.add(code, message, file=name)

    def _check_checkpoint(self, name: str, checkpoint: Checkpoint, note: Note) -> None:
        manifest, origin = self.context.manifest, checkpoint.origin
        if TREE(origin, "") is not None or origin.rpartition("/")[0] != manifest.log:
            message = f"the anchor is of the log {origin[:200]}, not of this one"
            self._add("ANCHOR", message, name)
            return
        if origin != manifest.origin:
            self._check_other_epoch(name, checkpoint, note)
            return
        try:
            self.keys.signers(note, "checkpoint", self.keys.time_of(note))
        except NoteError as error:
            self._add("CHECKPOINT_SIGNATURE", str(error)[:300], name)
            return
        self._compare(name, checkpoint.size, checkpoint.root)

    def _check_other_epoch(self, name: str, checkpoint: Checkpoint, note: Note) -> None:
        origin = checkpoint.origin
        given = [
            each
            for each in self.context.options.trusted
            if (each.name, each.kind) == (origin, ED25519)
        ]
        own = [each.under(origin) for each in self.keys.checkpoint.values()]
        try:
            signed = check(note, [*given, *own])
        except NoteError as error:
            self._add("CHECKPOINT_SIGNATURE", str(error)[:300], name)
            return
        if signed:
            self._compare_epoch(name, origin, checkpoint.size, checkpoint.root)
        else:
            message = f"the anchor is of {origin}; give the key that signed it to compare it"
            self._add("ANCHOR_NOT_COVERED", message, name)

    def _compare_epoch(self, name: str, origin: str, size: int, root: bytes) -> None:
        """Hold what was kept of another epoch against how the genesis says that it ended."""
        previous = (self.seen.genesis or {}).get("previous")
        if previous is None or previous["origin"] != origin or size < previous["size"]:
            message = f"the anchor is of {origin}, of which this bundle does not show so much"
            self._add("ANCHOR_NOT_COVERED", message, name)
        elif size > previous["size"]:
            message = f"the anchor saw {size} leaves of {origin}, which ended at {previous['size']}"
            self._add("ROLLBACK", message, name)
        elif (root,) != parse_hashes([previous["root"]]):
            message = f"at the end of {origin} the anchor saw another log than that of this bundle"
            self._add("FORK", message, name)

    def _compare(self, name: str, size: int, root: bytes) -> None:
        head = self.head.checkpoint
        if size == 0:
            return
        if size > head.size:
            message = f"the anchor saw {size} leaves, the log of this bundle has {head.size}"
            self._add("ROLLBACK", message, name)
            return
        known = head.root if size == head.size else self.seen.roots.get(size)
        if known is None:
            message = f"this bundle does not show the log as it was at {size} leaves"
            self._add("ANCHOR_NOT_COVERED", message, name)
        elif known != root:
            message = f"at {size} leaves the anchor saw another log than that of this bundle"
            self._add("FORK", message, name)

    def _check_receipt(self, name: str, receipt: Receipt) -> None:
        if receipt.log != self.context.manifest.log:
            message = f"the receipt is of the log {receipt.log[:200]}, not of this one"
            self._add("ANCHOR", message, name)
            return
        origin = self.context.manifest.origin
        is_of_other = receipt.origin not in (None, origin) or self._is_of_earlier_epoch(receipt)
        if is_of_other and receipt.kid not in self.keys.receipt:
            message = "the receipt is of another epoch of the log, and signed by a key of that one"
            self._add("ANCHOR_NOT_COVERED", message, name)
            return
        try:
            receipt.check(self.keys.receipt)
            if self.keys.is_revoked("receipt", receipt.kid, receipt.issued_at):
                raise ReceiptError("RECEIPT_SIGNATURE", "signed by a key that was revoked before")
        except ReceiptError as error:
            self._add(error.code, str(error), name)
            return
        if receipt.origin and receipt.origin != origin:
            self._compare_epoch(name, receipt.origin, receipt.size, receipt.root)
            if receipt.leaf not in self.seen.found:
                message = "the event of the receipt may stand in the other epoch of the log"
                self._add("RECEIPT_NOT_COVERED", message, name)
        elif is_of_other:
            message = "the receipt was signed before this epoch of the log began"
            self._add("ANCHOR_NOT_COVERED", message, name)
        elif self._may_be_of_earlier_epoch(receipt) and not self._shows(receipt):
            message = "the receipt is so near the beginning of this epoch that it may be of another"
            self._add("ANCHOR_NOT_COVERED", message, name)
        else:
            self._compare(name, receipt.size, receipt.root)
            self._check_included(name, receipt)

    def _check_included(self, name: str, receipt: Receipt) -> None:
        if receipt.leaf in self.seen.found:
            return
        if not self.context.manifest.is_whole:
            message = "the event of the receipt is not among the leaves of this bundle"
            self._add("RECEIPT_NOT_COVERED", message, name)
            return
        time = self.context.facts.get("time")
        if time is None or seconds(time) >= receipt.issued_at + receipt.mmd:
            message = f"the event {receipt.id} is absent; the log had promised to hold it by now"
            self._add("RECEIPT_NOT_INCLUDED", message, name)
        else:
            message = "the receipt is so new that its event need not be in this checkpoint yet"
            self._add("NOT_SEALED_YET", message, name)

    def _is_of_earlier_epoch(self, receipt: Receipt) -> bool:
        """Tell whether a receipt that names no tree was signed before this epoch began."""
        began = self._began
        return receipt.origin is None and began is not None and receipt.issued_at < began

    def _may_be_of_earlier_epoch(self, receipt: Receipt) -> bool:
        genesis, began = self.seen.genesis, self._began
        if genesis is None or began is None or receipt.origin:
            return False
        return receipt.issued_at <= began + int(genesis["mmd"]) + _NEAR

    def _shows(self, receipt: Receipt) -> bool:
        return receipt.size == 0 or self.seen.roots.get(receipt.size) == receipt.root

    @property
    def _began(self) -> int | None:
        """When a later epoch than the first began, in seconds."""
        genesis = self.seen.genesis
        if genesis is None or self.context.manifest.epoch == 1:
            return None
        return seconds(genesis["ts"])

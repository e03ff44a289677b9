"""Holds a bundle against what somebody kept: anchors, a least size, a greatest age."""

from dataclasses import dataclass
from datetime import UTC, datetime

from consent_service.core.checkpoints import Checkpoint
from consent_service.core.notes import Note, NoteError
from consent_service.evidence.context import Context, SignedCheckpoint
from consent_service.evidence.keys import Keys, seconds
from consent_service.evidence.receipts import Receipt, ReceiptError
from consent_service.evidence.tree import Seen


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
        if checkpoint.origin != self.context.manifest.origin:
            message = f"the anchor is of the log {checkpoint.origin[:200]}, not of this one"
            self._add("ANCHOR", message, name)
            return
        try:
            self.keys.signers(note, "checkpoint", self.keys.time_of(note))
        except NoteError as error:
            self._add("CHECKPOINT_SIGNATURE", str(error)[:300], name)
            return
        self._compare(name, checkpoint.size, checkpoint.root)

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
        try:
            receipt.check(self.keys.receipt)
            if self.keys.is_revoked("receipt", receipt.kid, receipt.issued_at):
                raise ReceiptError("RECEIPT_SIGNATURE", "signed by a key that was revoked before")
        except ReceiptError as error:
            self._add(error.code, str(error), name)
            return
        if self._is_of_earlier_epoch(receipt):
            message = "the receipt was signed before this epoch of the log began"
            self._add("ANCHOR_NOT_COVERED", message, name)
            return
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
        genesis = [leaf for _, leaf in self.seen.key_leaves if leaf["type"] == "log.genesis"]
        is_first = any(leaf["epoch"] == 1 for leaf in genesis)
        return bool(genesis) and not is_first and receipt.issued_at < seconds(genesis[0]["ts"])

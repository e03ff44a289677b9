"""What somebody kept from an earlier time: a checkpoint, or a receipt, which names one."""

import re
from dataclasses import dataclass

from consent_service.core.checkpoints import PROOF_HEADER, Checkpoint, parse_checkpoint, parse_proof
from consent_service.core.notes import Note, NoteError, parse
from consent_service.evidence.receipts import Receipt, ReceiptError, read_file, read_receipt

MAX_ANCHOR = 256 * 1024
BYTE_ORDER_MARK = "\ufeff"
WINDOWS_LINE_ENDS = (
    "it has Windows line ends (CR LF); what is signed has LF, keep it as it was made"
)
_RECEIPT = re.compile(r"\s*(\{|[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\s*$)", re.ASCII)


class AnchorError(ValueError):
    """A text that is neither a checkpoint nor a receipt; `code` says in which way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Something to compare a log with. `name` says to people which one it is."""

    name: str
    checkpoint: Checkpoint | None = None
    note: Note | None = None
    receipt: Receipt | None = None


def read_anchors(name: str, content: str) -> list[Anchor]:
    """Read a checkpoint, a proof, a receipt, or the file of a receipt, which may hold a proof.

    Raises:
        AnchorError: it is none of them.
    """
    if content.startswith(BYTE_ORDER_MARK):
        raise AnchorError("ANCHOR", "it begins with a byte order mark; keep it as it was made")
    if "\r\n" in content and not _RECEIPT.match(content):
        raise AnchorError("ANCHOR", WINDOWS_LINE_ENDS)
    try:
        if content.startswith(PROOF_HEADER):
            return [_of_checkpoint(name, parse_proof(content).checkpoint)]
        if not _RECEIPT.match(content):
            return [_of_checkpoint(name, content)]
        file = read_file(content)
        found = [Anchor(name=name, receipt=read_receipt(file.receipt))]
        if file.proof:
            found.append(_of_checkpoint(name, parse_proof(file.proof).checkpoint))
    except NoteError as error:
        raise AnchorError("ANCHOR", f"neither a checkpoint nor a receipt: {error}") from error
    except ReceiptError as error:
        raise AnchorError(error.code, str(error)) from error
    return found


def _of_checkpoint(name: str, note: str) -> Anchor:
    parsed = parse(note)
    return Anchor(name=name, checkpoint=parse_checkpoint(parsed.text), note=parsed)

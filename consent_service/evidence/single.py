"""Checks one receipt, and says what it proves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from consent_service.core.checkpoints import parse_checkpoint, parse_proof
from consent_service.core.clock import format_time
from consent_service.core.merkle import includes
from consent_service.core.notes import COSIGNATURE, ED25519, NoteError, Verifier, check, parse
from consent_service.evidence.findings import Findings
from consent_service.evidence.keys import latest
from consent_service.evidence.openings import OpeningError, commitment_of, read_opening
from consent_service.evidence.policy import Policy
from consent_service.evidence.receipts import (
    Receipt,
    ReceiptError,
    ReceiptFile,
    read_file,
    read_receipt,
)
from consent_service.evidence.report import ReceiptReport

_TOLD = (
    "type",
    "ts",
    "decisions",
    "services",
    "documents",
    "notice",
    "locale",
    "method",
    "profile",
)
_MOST_OPENINGS = 64


def verify_receipt(
    content: str,
    proof: str | None = None,
    *,
    receipt_keys: Mapping[str, bytes] | None = None,
    verifiers: Sequence[Verifier] = (),
    policy: Policy | None = None,
    revoked: Mapping[str, int] | None = None,
) -> ReceiptReport:
    """Check a receipt, or the file that holds one, with its proof of inclusion.

    `receipt_keys` are the log's, 32 bytes each by their ids; `revoked` gives for some of them
    from when on they count no more, in seconds since 1970. `verifiers` are trusted checkpoint
    and clock keys. A key that is not given is not trusted, whatever the receipt says.
    """
    report = ReceiptReport(findings=Findings())
    try:
        file = read_file(content)
        file = replace(file, proof=proof or file.proof)
        receipt = read_receipt(file.receipt)
        report.facts = _told(receipt)
        _check_signature(receipt, receipt_keys or {}, revoked or {}, report.findings)
        _check_rest(report, receipt, file, verifiers, policy)
    except ReceiptError as error:
        report.findings.add(error.code, str(error))
    except (OverflowError, ValueError, RecursionError) as error:
        # Nothing is known that comes here; what does is no reason to pass.
        report.findings.add("RECEIPT", f"the check of the receipt stopped: {error!r}"[:300])
    return report


def _check_rest(
    report: ReceiptReport,
    receipt: Receipt,
    file: ReceiptFile,
    verifiers: Sequence[Verifier],
    policy: Policy | None,
) -> None:
    """Check the openings and the proof."""
    findings = report.findings
    report.facts["opened"] = _opened(receipt, file.openings, findings)
    if file.proof is None:
        findings.add("NOT_SEALED_YET", "there is no proof that the log holds the event")
        return
    logs = policy.logs if policy else []
    witnesses = policy.witnesses.values() if policy else ()
    trusted = [*verifiers, *logs, *witnesses]
    try:
        report.facts |= _included(receipt, file.proof, trusted, findings)
        _check_quorum(file.proof, policy, findings)
    except NoteError as error:
        findings.add("PROOF", f"the proof cannot be read: {error}"[:300])


def _told(receipt: Receipt) -> dict[str, Any]:
    event = receipt.event
    return {
        "log": receipt.log,
        "id": receipt.id,
        "issued_at": format_time(datetime.fromtimestamp(receipt.issued_at, UTC)),
        "key": receipt.kid,
        "leaf": receipt.leaf.hex(),
        **{name: event[name] for name in _TOLD if name in event},
    }


def _check_signature(
    receipt: Receipt, keys: Mapping[str, bytes], revoked: Mapping[str, int], findings: Findings
) -> None:
    if not keys:
        message = "no key of receipts was given, so who signed it is not known"
        findings.add("NO_TRUSTED_KEY", message)
        return
    try:
        receipt.check(keys)
        if receipt.issued_at > revoked.get(receipt.kid, receipt.issued_at):
            raise ReceiptError("RECEIPT_SIGNATURE", "signed by a key that was revoked before")
    except ReceiptError as error:
        findings.add(error.code, str(error))


def _opened(receipt: Receipt, openings: Sequence[str], findings: Findings) -> dict[str, str]:
    """Return the personal values that openings show."""
    commitments = {value: name for name, value in receipt.event.get("priv", {}).items()}
    found = {}
    for text in openings[:_MOST_OPENINGS]:
        try:
            opening = text.encode("ascii")
            name, value = (part.decode() for part in read_opening(opening))
        except (OpeningError, UnicodeEncodeError) as error:
            findings.add("OPENING_UNKNOWN", f"an opening cannot be read: {error}"[:200])
            continue
        expected = commitments.get(commitment_of(opening).decode())
        if expected is None:
            message = f"the opening of {name[:40]!r} opens no commitment of the event"
            findings.add("OPENING_MISMATCH", message)
        elif expected != name:
            message = f"the opening of {expected} names the field {name[:40]!r}"
            findings.add("OPENING_FIELD", message)
        else:
            found[name] = value
    return found


def _included(
    receipt: Receipt, text: str, trusted: Sequence[Verifier], findings: Findings
) -> dict[str, Any]:
    """Check that the log holds the event; return where and by when it did."""
    proof = parse_proof(text)
    note = parse(proof.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    log, _, epoch = checkpoint.origin.rpartition("/")
    if log != receipt.log or not epoch.isdecimal():
        message = f"the proof is of the log {checkpoint.origin[:200]}, not of {receipt.log}"
        findings.add("RECEIPT_NOT_INCLUDED", message)
    elif not includes(receipt.leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        message = "the proof does not lead from the receipt's event to the checkpoint"
        findings.add("RECEIPT_NOT_INCLUDED", message)
    facts: dict[str, Any] = {
        "index": proof.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "origin": checkpoint.origin,
    }
    log_keys = [v for v in trusted if (v.name, v.kind) == (checkpoint.origin, ED25519)]
    clocks = [
        v for v in trusted if (v.name, v.kind) == (f"{log.partition('/')[0]}/clock", COSIGNATURE)
    ]
    if not trusted:
        message = "no checkpoint key was given, so the proof vouches for itself"
        findings.add("NO_TRUSTED_KEY", message)
        return facts
    try:
        signed = check(note, log_keys)
        time = latest(check(note, clocks))
    except NoteError as error:
        findings.add("CHECKPOINT_SIGNATURE", str(error)[:300])
        return facts
    if not signed:
        findings.add("CHECKPOINT_SIGNATURE", "the checkpoint of the proof is by no accepted key")
    facts["signed_by"] = [each.verifier.text for each in signed]
    if time is not None:
        facts["time"] = format_time(datetime.fromtimestamp(time, UTC))
    return facts


def _check_quorum(text: str, policy: Policy | None, findings: Findings) -> None:
    if policy is None:
        return
    note = parse(parse_proof(text).checkpoint)
    try:
        signed = check(note, tuple(policy.witnesses.values()))
    except NoteError as error:
        findings.add("COSIGNATURE_QUORUM", str(error)[:300])
        return
    if not policy.is_reached(each.verifier for each in signed):
        message = f"the quorum {policy.quorum!r} of the policy is not reached"
        findings.add("COSIGNATURE_QUORUM", message)

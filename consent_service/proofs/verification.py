"""Checks receipts that somebody shows to the service, by the keys and logs that it has."""

from collections.abc import Mapping
from dataclasses import dataclass

from consent_service.core.checkpoints import parse_proof, read_checkpoint
from consent_service.core.clock import Clock, epoch_seconds
from consent_service.core.keyring import Keyring
from consent_service.core.notes import NoteError, Verifier, parse_verifier_key
from consent_service.evidence import ReceiptReport, Verdict, verify_receipt
from consent_service.evidence.receipts import ReceiptError, read_file, read_receipt
from consent_service.ledger.published import EntryUnknownError, ProofPendingError, PublishedLogs
from consent_service.sites.model import Site
from consent_service.sites.service import SiteService, SiteUnknownError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a receipt. `site` is whose log it names, None where it is not one of ours."""

    report: ReceiptReport
    site: Site | None


class VerificationService:
    """Checks receipts and their proofs; trusts its own keys and no others."""

    def __init__(
        self,
        receipts: Keyring,
        logs: PublishedLogs,
        sites: SiteService,
        *,
        log_name: str,
        clock: Clock,
    ) -> None:
        self._receipts = receipts
        self._logs = logs
        self._sites = sites
        self._log_name = log_name
        self._clock = clock

    def check(self, content: str, proof: str | None = None) -> Checked:
        """Check a receipt, or the file that holds one; without a proof it is looked up here."""
        site = self._site_of(content)
        if site is None:
            return Checked(report=verify_receipt(content, proof), site=None)
        proof = proof or _enclosed(content)
        is_lost = False
        if proof is None:
            proof, is_lost = self._look_up(site, content)
        report = verify_receipt(
            content,
            proof,
            receipt_keys={key.kid: key.public_bytes() for key in self._receipts.all_keys()},
            verifiers=self._verifiers(site, proof),
            revoked=self._revoked(),
        )
        if is_lost and report.verdict is not Verdict.BAD:
            report.findings.drop(["NOT_SEALED_YET"])
            message = "the log does not hold the event, though it was promised by then"
            report.findings.add("RECEIPT_NOT_INCLUDED", message)
        return Checked(report=report, site=site)

    def _site_of(self, content: str) -> Site | None:
        try:
            log = read_receipt(read_file(content).receipt).log
            name, _, key = log.partition("/")
            return self._sites.get(key) if name == self._log_name else None
        except (ReceiptError, SiteUnknownError):
            return None

    def _look_up(self, site: Site, content: str) -> tuple[str | None, bool]:
        """Return the proof of a receipt's event, and whether there should be one and is none."""
        receipt = read_receipt(read_file(content).receipt)
        try:
            return self._logs.proof(site.site_id, receipt.id), False
        except ProofPendingError:
            return None, False
        except EntryUnknownError:
            promised_by = receipt.issued_at + receipt.mmd
            return None, promised_by < epoch_seconds(self._clock.now())

    def _verifiers(self, site: Site, proof: str | None) -> list[Verifier]:
        """Return the keys of a log for the epoch that a proof is of: keys outlive epochs."""
        origin = _origin(proof)
        is_of_log = origin.rpartition("/")[0] == site.log_origin
        keys = self._logs.keys(site.site_id)
        clocks = [parse_verifier_key(key["key"]) for key in keys if key["use"] == "clock"]
        own = [parse_verifier_key(key["key"]) for key in keys if key["use"] == "checkpoint"]
        return clocks + [key.under(origin) if is_of_log else key for key in own]

    def _revoked(self) -> Mapping[str, int]:
        return {
            key.kid: epoch_seconds(key.revoked_at)
            for key in self._receipts.all_keys()
            if key.revoked_at
        }


def _origin(proof: str | None) -> str:
    try:
        return read_checkpoint(parse_proof(proof).checkpoint).origin if proof else ""
    except NoteError:
        return ""


def _enclosed(content: str) -> str | None:
    return read_file(content).proof

"""Evidence that is checked without the service: bundles, receipts, proofs.

It needs Python's standard library and the package cryptography, no network and no database.

    from consent_service.evidence import Options, verify_bundle, verify_receipt

`verify_bundle` checks a bundle, `verify_receipt` a receipt; each answers a report with a verdict,
what was found (a stable code and a message each) and facts for people to read.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consent_service.evidence.anchors import Anchor, AnchorError, read_anchors
    from consent_service.evidence.bundle import verify_bundle
    from consent_service.evidence.codes import CODES, Weight
    from consent_service.evidence.findings import Finding
    from consent_service.evidence.options import Options
    from consent_service.evidence.policy import Policy, PolicyError, parse_policy
    from consent_service.evidence.report import ReceiptReport, Report, Verdict
    from consent_service.evidence.single import verify_receipt

__all__ = [
    "CODES",
    "Anchor",
    "AnchorError",
    "Finding",
    "Options",
    "Policy",
    "PolicyError",
    "ReceiptReport",
    "Report",
    "Verdict",
    "Weight",
    "parse_policy",
    "read_anchors",
    "verify_bundle",
    "verify_receipt",
]

_HOMES = {
    "anchors": ("Anchor", "AnchorError", "read_anchors"),
    "bundle": ("verify_bundle",),
    "codes": ("CODES", "Weight"),
    "findings": ("Finding",),
    "options": ("Options",),
    "policy": ("Policy", "PolicyError", "parse_policy"),
    "report": ("ReceiptReport", "Report", "Verdict"),
    "single": ("verify_receipt",),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that the processes that share the work stay small."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Files of a bundle that follow from its other files, so that anyone can make them again.

A maker gets the leaves of the bundle by index and answers the bytes of its file in pieces. The
exporter writes what a maker yields, and a verifier compares it with what it finds.
"""

from collections.abc import Mapping

from consent_service.evidence.derived import kantara, record27560, table
from consent_service.evidence.derived.leaves import Lookup, Maker, Recorded

FILES: Mapping[str, Maker] = {
    "events.csv": table.make,
    "receipts27560.jsonl": record27560.make,
    "kantara.jsonl": kantara.make,
}
"""By path in the bundle, in their order there."""

__all__ = ["FILES", "Lookup", "Maker", "Recorded"]

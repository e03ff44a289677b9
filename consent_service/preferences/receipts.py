"""The file that a visitor takes home: a receipt and all that is needed to check it."""

import json
from contextlib import suppress

from consent_service.consents.model import ConsentEvent
from consent_service.consents.receipts import Receipts
from consent_service.ledger.published import ProofPendingError, PublishedLogs
from consent_service.sites.model import Site

RECEIPT_MEDIA = "application/json"
_FORMAT = "consent-receipt/1"


class Takeaways:
    """Makes receipt files, `consent-receipt/1`."""

    def __init__(self, receipts: Receipts, logs: PublishedLogs) -> None:
        self._receipts = receipts
        self._logs = logs

    def file(self, site: Site, event: ConsentEvent) -> str:
        """Return the file of an event; it has no `proof` until the event is sealed."""
        content = {
            "format": _FORMAT,
            "receipt": self._receipts.issue(site, event),
            "openings": list(event.openings),
        }
        with suppress(ProofPendingError):
            content["proof"] = self._logs.proof(site.site_id, event.event_id)
        return json.dumps(content, indent=2) + "\n"

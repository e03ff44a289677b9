"""What calls answer about events."""

from typing import Any

from consent_service.consents.exchange import TokenExchange
from consent_service.consents.model import ConsentEvent
from consent_service.consents.receipts import Receipts
from consent_service.consents.service import Recorded
from consent_service.consents.tokens import Credential
from consent_service.sites.model import Site

_OPTIONAL = ("locale", "method")


class Answers:
    """Builds the answer to a recorded act."""

    def __init__(self, exchange: TokenExchange, receipts: Receipts) -> None:
        self._exchange = exchange
        self._receipts = receipts

    def of(
        self, site: Site, recorded: Recorded, presented: Credential | None = None
    ) -> dict[str, Any]:
        """Return the event, the visitor's state and values, the receipt and its openings.

        `presented` is the credential that came with the act.
        """
        event = recorded.event
        return {
            "consent": event_json(event),
            **self._exchange.members(site, recorded.latest, presented),
            "receipt": self._receipts.issue(site, event),
            "openings": list(event.openings),
            "proof_url": f"/v1/sites/{site.key}/consents/{event.event_id}/proof",
        }


def event_json(event: ConsentEvent) -> dict[str, Any]:
    """Return an event as its visitor sees it, from the leaf that is on record."""
    leaf = event.body()
    notice = leaf["notice"]
    variant = {"variant": notice["variant"]} if "variant" in notice else {}
    return {
        "id": event.event_id,
        "reference": event.reference,
        "visitor": event.visitor,
        "type": event.type.value,
        "decisions": leaf.get("decisions", {}),
        "services": leaf.get("services", {}),
        "documents": leaf.get("documents", {}),
        "notice": {"number": notice["n"], "sha256": notice["sha256"], **variant},
        **{name: leaf[name] for name in _OPTIONAL if name in leaf},
        "profile": leaf["profile"],
        "received_at": leaf["ts"],
    }

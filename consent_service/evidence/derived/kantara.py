"""`kantara.jsonl`: receipts with the fields of the Kantara consent receipt 1.1.

Such a receipt describes what was granted, so there is one line for each event that granted a
purpose, and none where the notice named no telephone of the controller, which the form requires.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from consent_service.evidence.derived.leaves import UNKNOWN, Event, Lookup, Recorded, events
from consent_service.evidence.derived.lines import Lines

VERSION = "KI-CR-v1.1.0"
GRANTING = ("consent.given", "consent.updated", "consent.imported")
_POLICY = "privacy-policy"


def make(leaves: Iterable[Recorded], documents: Lookup) -> Iterator[bytes]:
    """Yield the file, a receipt at a time."""
    lines = Lines()
    for event in events(leaves, documents):
        if event.leaf["type"] in GRANTING and event.variant.get("controller", {}).get("phone"):
            services = list(_services(event))
            if services:
                key = (event.shown_as, *_answers(event))
                yield lines.line(key, partial(_said, event, services), _own(event))


def _answers(event: Event) -> Iterator[tuple[tuple[str, str], ...]]:
    for part in ("decisions", "services"):
        yield tuple(sorted(event.leaf.get(part, {}).items()))


def _own(event: Event) -> dict[str, Any]:
    """Return what no other event has."""
    return {
        "consentReceiptID": event.leaf["id"],
        "consentTimestamp": int(datetime.fromisoformat(event.leaf["ts"]).timestamp()),
        "piiPrincipalId": event.visitor,
    }


def _said(event: Event, services: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what was granted, as the notice says it."""
    leaf, shown = event.leaf, event.variant
    special = {
        category
        for _, _, told in event.purposes("granted")
        for category in told.get("special_categories", ())
    }
    return {
        "version": VERSION,
        "jurisdiction": shown.get("jurisdiction", UNKNOWN),
        "collectionMethod": leaf.get("method", UNKNOWN),
        "language": leaf.get("locale", UNKNOWN),
        "piiControllers": [_controller(shown["controller"])],
        "policyUrl": _policy_url(shown),
        "services": services,
        "sensitive": bool(special),
        "spiCat": sorted(special),
    }


def _controller(controller: Mapping[str, str]) -> dict[str, Any]:
    named = {
        "piiController": controller["name"],
        "contact": controller["name"],
        "address": {"streetAddress": controller["address"]},
        "email": controller["email"],
        "phone": controller["phone"],
    }
    return named | ({"piiControllerUrl": controller["url"]} if controller.get("url") else {})


def _policy_url(shown: Mapping[str, Any]) -> str:
    """Return the address of the privacy policy that was in force, below the service's own."""
    policies = [each["url"] for each in shown.get("documents", ()) if each["kind"] == _POLICY]
    return str(policies[0] if policies else shown["controller"].get("url", UNKNOWN))


def _services(event: Event) -> Iterator[dict[str, Any]]:
    """Yield what was granted, service by service; exceptions go by the service."""
    decisions, exceptions = event.leaf.get("decisions", {}), event.leaf.get("services", {})
    listed = event.variant.get("services", ())
    for key, _, told in event.purposes("granted", "denied"):
        of_purpose = [each for each in listed if each["purpose"] == key]
        names = [
            each["name"]
            for each in of_purpose
            if exceptions.get(each["key"], decisions[key]) == "granted"
        ]
        if not of_purpose and decisions[key] == "granted":
            names = [event.variant.get("name", key)]
        yield from ({"service": name, "purposes": [_purpose(key, told)]} for name in names)


def _purpose(key: str, told: Mapping[str, Any]) -> dict[str, Any]:
    recipients = told.get("recipients", ())
    purpose = {
        "purpose": told.get("name", key),
        "consentType": "EXPLICIT",
        "purposeCategory": [key],
        "piiCategory": told.get("data_categories", []),
        "primaryPurpose": False,
        "termination": told.get("retention", UNKNOWN),
        "thirdPartyDisclosure": bool(recipients),
    }
    return purpose | ({"thirdPartyName": "; ".join(recipients)} if recipients else {})

"""`receipts27560.jsonl`: records with the fields of ISO/IEC TS 27560:2023.

Names and meaning follow the mapping in the W3C DPV guide on that standard; no body has certified
them. One line for each event that granted or denied a purpose, refusals and withdrawals too.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from consent_service.evidence.derived.leaves import UNKNOWN, Event, Lookup, Recorded, events
from consent_service.evidence.derived.lines import Lines

SCHEMA_VERSION = "ISO/IEC TS 27560:2023"
_CONTROLLER = "controller"
_AUTHORITY = "authority"
_STATES = {
    "consent.withdrawn": "ConsentWithdrawn",
    "consent.expired": "ConsentExpired",
}
_BASES = {"consent": "eu-gdpr:A6-1-a"}

Decided = tuple[str, str, Mapping[str, Any]]
"""Purpose, decision, and the purpose as the notice describes it."""


def make(leaves: Iterable[Recorded], documents: Lookup) -> Iterator[bytes]:
    """Yield the file, a record at a time."""
    lines = Lines()
    for event in events(leaves, documents):
        decided = list(event.purposes("granted", "denied"))
        if decided:
            key = (event.shown_as, *(each[0] for each in decided))
            yield lines.line(key, partial(_said, event, decided), _own(event, decided))


def _own(event: Event, decided: Iterable[Decided]) -> dict[str, Any]:
    """Return what no other event has."""
    return {
        "event": [_state(event, key, value) for key, value, _ in decided],
        "record": {
            "schema_version": SCHEMA_VERSION,
            "record_id": event.leaf["id"],
            "pii_principal_id": event.visitor,
        },
    }


def _said(event: Event, decided: Iterable[Decided]) -> dict[str, Any]:
    """Return what the notice says."""
    return {
        "party_identification": _parties(event.variant),
        "pii_processing": _processing(event, decided),
    }


def _processing(event: Event, decided: Iterable[Decided]) -> dict[str, Any]:
    return {
        "privacy_notice": f"sha256:{event.leaf.get('notice', {}).get('variant', UNKNOWN)}",
        "language": event.leaf.get("locale", UNKNOWN),
        "purposes": [_purpose(event, key, told) for key, _, told in decided],
    }


def _purpose(event: Event, key: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a purpose as the notice described it."""
    basis = told.get("legal_basis", UNKNOWN)
    shown: Mapping[str, Any] = event.variant
    special = bool(told.get("special_categories"))
    return {
        "purpose": told.get("name", key),
        "purpose_type": key,
        "lawful_basis": _BASES.get(basis, basis),
        "pii_information": [
            {"pii_type": category, "pii_optional": True, "special_pii_category": special}
            for category in told.get("data_categories", ())
        ],
        "pii_controllers": [_CONTROLLER],
        "collection_method": event.leaf.get("method", UNKNOWN),
        "storage_locations": told.get("storage_locations", []),
        "retention_period": told.get("retention", UNKNOWN),
        "service": [each["name"] for each in shown.get("services", ()) if each["purpose"] == key],
        "jurisdiction": shown.get("jurisdiction", UNKNOWN),
        "recipient_third_parties": told.get("recipients", []),
        "withdrawal_method": shown.get("withdrawal", UNKNOWN),
        "authority_party": _AUTHORITY,
    }


def _parties(shown: Mapping[str, Any]) -> list[dict[str, str]]:
    controller, authority = shown.get("controller", {}), shown.get("authority", {})
    return [
        {
            "party_id": _CONTROLLER,
            "party_name": controller.get("name", UNKNOWN),
            "party_address": controller.get("address", UNKNOWN),
            "party_contact": controller.get("email", UNKNOWN),
            "party_type": "PII controller",
            **_given(controller, party_email="email", party_phone="phone", party_url="url"),
        },
        {
            "party_id": _AUTHORITY,
            "party_name": authority.get("name", UNKNOWN),
            "party_address": UNKNOWN,
            "party_contact": authority.get("url", UNKNOWN),
            "party_type": "data protection authority",
            **_given(authority, party_url="url"),
        },
    ]


def _given(party: Mapping[str, str], **names: str) -> dict[str, str]:
    return {name: party[source] for name, source in names.items() if party.get(source)}


def _state(event: Event, purpose: str, value: str) -> dict[str, str]:
    decided = "ConsentGiven" if value == "granted" else "ConsentRefused"
    days = event.variant.get("lifetime", {}).get(f"{value}_days")
    return {
        "purpose": purpose,
        "event_time": event.leaf["ts"],
        "validity_duration": f"P{days}D" if days else "unlimited",
        "entity_id": event.visitor,
        "event_type": "expressed",
        "event_state": _STATES.get(event.leaf["type"], decided),
    }

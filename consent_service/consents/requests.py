"""Turns the body of a call into the request to record an act."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request

from consent_service.consents.model import Act
from consent_service.consents.recording import Context
from consent_service.consents.service import Request
from consent_service.core.canonical import canonical_json
from consent_service.core.errors import InvalidRequestError

LONGEST_KEPT = timedelta(days=366)
_NOT_PART_OF_THE_ACT = ("credential", "key", "occurred_at", "sent_at")


def read_request(
    body: Mapping[str, Any], data: Mapping[str, Any], context: Context, now: datetime
) -> Request:
    """Return the request in a body, of which `data` is what its schema made.

    Raises:
        InvalidRequestError: it has no key, or one that is no UUID.
    """
    return Request(
        act=_act(data, now),
        notice=data["notice"],
        variant=data.get("variant"),
        locale=data.get("locale"),
        context=context,
        key=_idempotency_key(data),
        request_hash=_request_hash(body),
    )


def _act(data: Mapping[str, Any], now: datetime) -> Act:
    signals = data.get("signals", {})
    return Act(
        action=data["action"],
        decisions=data.get("decisions", {}),
        services=data.get("services", {}),
        documents=data.get("documents", {}),
        gpc=signals.get("gpc", False) or request.headers.get("Sec-GPC") == "1",
        override=signals.get("override", False),
        made_at=_made_at(data, now),
    )


def _made_at(data: Mapping[str, Any], received_at: datetime) -> datetime | None:
    """Return when a kept answer was made, by our clock: its age counts back from its receipt."""
    if "occurred_at" not in data:
        return None
    age: timedelta = data["sent_at"] - data["occurred_at"]
    return received_at - min(max(age, timedelta(0)), LONGEST_KEPT)


def _idempotency_key(data: Mapping[str, Any]) -> str:
    """Return the key of an act: a UUID, for who knows it and the act gets the first answer."""
    key = data.get("key") or request.headers.get("Idempotency-Key")
    if not key:
        raise InvalidRequestError.of("key", "a UUID that names this act is needed")
    try:
        return str(UUID(str(key)))
    except ValueError:
        raise InvalidRequestError.of("Idempotency-Key", "must be a UUID") from None


def _request_hash(body: Mapping[str, Any]) -> bytes:
    """Hash what the act says; how and when it is delivered may differ between retries."""
    said = {key: value for key, value in body.items() if key not in _NOT_PART_OF_THE_ACT}
    return hashlib.sha256(canonical_json(said).encode()).digest()

"""What a leaf holds, as docs/bundle.md says; the JSON Schemas beside this say the same."""

from datetime import datetime
from typing import Any

from consent_service.core.canonical import MAX_INTEGER
from consent_service.evidence.forms import (
    Form,
    boolean,
    integer,
    list_of,
    map_of,
    one_of,
    record,
    text,
    words,
)

MAX_LEAF = 16 * 1024
"""Bytes."""

MAX_SECONDS = 253_402_300_799
"""Since 1970, to the end of the year 9999, behind which times have no spelling."""

MAX_KEYS = 64
"""How many keys a leaf names."""

UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
DIGEST = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_HEX = text("[0-9a-f]{64}", "a SHA-256 in hexadecimal")
_DIGEST = text(DIGEST, "a SHA-256 in base64url")
_KEY = text("[a-z][a-z0-9_-]{0,31}", "a key")
_LOG = text("[a-z0-9][a-z0-9.-]{0,62}/[a-z][a-z0-9-]{0,31}", "the name of a log")
TREE = text("[a-z0-9][a-z0-9.-]{0,62}/[a-z][a-z0-9-]{0,31}/[1-9][0-9]{0,8}", "an origin")
_KID = text("[A-Za-z0-9_-]{1,64}", "the id of a key")
_ROOT = text("[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", "a SHA-256 in base64")
_NUMBER = integer(1, 999_999_999)
_DECISION = one_of("granted", "denied", "not_subject")
_SIGNAL = text("[A-Za-z0-9._~-]{1,4096}", "a signal's text")
_USE = one_of("checkpoint", "clock", "export", "receipt")


def check_time(value: Any, path: str) -> str | None:
    """Check that a value is a moment, spelled as leaves do."""
    problem = _SPELLED(value, path)
    return problem or (None if is_time(value) else f"{path} is no moment from 1970 on")


_SPELLED = text(TIME, "a time like 2026-11-23T10:00:00.000Z")


def is_time(value: str) -> bool:
    """Tell whether a text that is spelled like a time is one, from 1970 on."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return value >= "1970"


_HEAD: dict[str, Form] = {
    "v": one_of(1),
    "log": _LOG,
    "id": text(UUID7, "a UUID of version 7"),
    "ts": check_time,
}
_PRIV = map_of(_DIGEST, most=32)
_REASON = words(1, 2000)
_NAMED = record({"n": _NUMBER, "sha256": _HEX})

EVENT_TYPES = (
    "consent.given",
    "consent.refused",
    "consent.updated",
    "consent.withdrawn",
    "consent.expired",
    "consent.imported",
    "documents.agreed",
    "notice.acknowledged",
    "optout.signal",
)
EVENT = record(
    {
        **_HEAD,
        "type": one_of(*EVENT_TYPES),
        "notice": record({"n": _NUMBER, "sha256": _HEX}, {"variant": _HEX}),
        "priv": _PRIV,
    },
    {
        "decisions": map_of(_DECISION),
        "services": map_of(_DECISION),
        "documents": map_of(_NAMED),
        "locale": text("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}", "a locale"),
        "method": one_of("banner", "preferences", "api", "gpc", "import"),
        "layer": integer(1, 9),
        "profile": text("[a-z][a-z0-9-]{0,31}", "a profile"),
        "why": text("[A-Za-z0-9:._-]{1,64}", "the code of a reason"),
        "signals": record({}, {"gpc": boolean, "override": boolean, "gpp": _SIGNAL, "tc": _SIGNAL}),
        "banner": _HEX,
    },
)

_KEYS = list_of(record({"use": _USE, "kid": _KID, "key": words(1, 512)}), 1, MAX_KEYS)
_REVOKED = list_of(record({"use": _USE, "kid": _KID, "revoked_at": check_time}), 0, 100)
_PREVIOUS = record({"origin": TREE, "size": integer(0, MAX_INTEGER), "root": _ROOT})
_FIELDS = list_of(_KEY, 1, 32)

_CONTROL: dict[str, tuple[dict[str, Form], dict[str, Form]]] = {
    "log.genesis": (
        {"epoch": _NUMBER, "mmd": integer(0, 86_400), "keys": _KEYS},
        {"previous": _PREVIOUS},
    ),
    "log.key_rotation": ({"keys": _KEYS, "revoked": _REVOKED}, {}),
    "document.published": (
        {"document": record({"kind": _KEY, "n": _NUMBER, "sha256": _HEX})},
        {},
    ),
    "notice.published": ({"notice": _NAMED}, {}),
    "log.erasure": ({"leaf": _HEX, "fields": _FIELDS, "reason": _REASON}, {}),
    "log.restriction": (
        {"leaf": _HEX, "fields": _FIELDS, "reason": _REASON},
        {"until": check_time},
    ),
    "log.redaction": ({"leaves": list_of(_HEX, 1, 200), "reason": _REASON}, {}),
    "retention.held": ({"reason": _REASON}, {}),
    "retention.released": ({"reason": _REASON}, {}),
    "site.closed": ({}, {}),
}
CONTROL = {
    kind: record(
        {
            **_HEAD,
            "type": one_of(kind),
            "nonce": text("[A-Za-z0-9_-]{21}[AQgw]", "128 bits in base64url"),
            **required,
        },
        {**optional, "priv": _PRIV},
    )
    for kind, (required, optional) in _CONTROL.items()
}


def check_leaf(leaf: Any) -> str | None:
    """Return what is wrong with a parsed leaf; None where it is one."""
    if not isinstance(leaf, dict):
        return "the leaf is not an object"
    kind = leaf.get("type")
    if not isinstance(kind, str):
        return "the leaf has no type"
    if kind in CONTROL:
        return CONTROL[kind](leaf, "")
    if kind not in EVENT_TYPES:
        return f"the type {kind[:40]!r} is unknown"
    return EVENT(leaf, "")

"""What each part of a notice means; while that stays the same, nobody is asked about it again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from consent_service.core.canonical import canonical_json, sha256_hex
from consent_service.documents.model import DocumentVersion
from consent_service.notices.localised import in_locale
from consent_service.notices.model import Notice

_PURPOSE_TEXTS = ("name", "description", "exemption")
_SERVICE_TEXTS = ("description",)
_Part = Mapping[str, Any]


def meanings(
    purposes: Sequence[_Part],
    services: Sequence[_Part],
    locale: str,
    *,
    shown: list[DocumentVersion],
    history: list[DocumentVersion],
) -> dict[str, dict[str, str]]:
    """Return a hash per part; a part with the same hash need not be asked about again."""
    return {
        "purposes": {
            each["key"]: _meaning(each, locale, _PURPOSE_TEXTS, _voided_by(each["key"], history))
            for each in purposes
        },
        "services": {each["key"]: _meaning(each, locale, _SERVICE_TEXTS, {}) for each in services},
        "documents": {
            version.kind: f"{version.accept.value}:{_last_material(version, history)}"
            for version in shown
        },
    }


def asked_since(
    meant: Mapping[str, Mapping[str, str]], previous: Notice | None, number: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return for each part its meaning, and the notice `since` which it is the same.

    That is `number`, the new notice, where the previous one meant something else.
    """
    before = json.loads(previous.snapshot)["asked_since"] if previous else {}
    asked: dict[str, dict[str, dict[str, Any]]] = {}
    for group, parts in meant.items():
        asked[group] = {}
        for key, meaning in parts.items():
            known = before.get(group, {}).get(key, {})
            since = known["since"] if known.get("meaning") == meaning else number
            asked[group][key] = {"meaning": meaning, "since": since}
    return asked


def _meaning(part: _Part, locale: str, texts: tuple[str, ...], voided_by: dict[str, int]) -> str:
    meant = {key: value for key, value in part.items() if key not in texts}
    return sha256_hex(canonical_json([in_locale(meant, locale), voided_by]))


def _voided_by(purpose: str, history: list[DocumentVersion]) -> dict[str, int]:
    material = [v for v in history if v.material and purpose in v.affects and v.number > 1]
    return {version.kind: version.number for version in sorted(material, key=lambda v: v.number)}


def _last_material(version: DocumentVersion, history: list[DocumentVersion]) -> int:
    same = (v for v in history if v.kind == version.kind and v.number <= version.number)
    return max((v.number for v in same if v.material), default=1)

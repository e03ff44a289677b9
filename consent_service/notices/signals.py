"""Signals: what a variant tells the tags of others, resolved for its profile."""

from collections.abc import Mapping, Sequence
from typing import Any

from consent_service.notices.profiles import Profile

GOOGLE_KEYS = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
"""Google Consent Mode v2."""

ADVANCED = "advanced"
_AS_WRITTEN = ("google", "uet", "meta", "matomo")
_CLARITY = {"ad_storage": "ad_Storage", "analytics_storage": "analytics_Storage"}
"""Our words, and Clarity's."""
_UNITED_STATES = "US"


def resolve_signals(
    signals: Mapping[str, Any],
    purposes: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    profile: Profile,
) -> dict[str, Any]:
    """Return the member `signals` of a variant: what the site switched on, and nothing else."""
    told: dict[str, Any] = {name: dict(signals[name]) for name in _AS_WRITTEN if name in signals}
    if signals.get("mode") == ADVANCED:
        told["mode"] = ADVANCED
    if signals.get("head"):
        told["head"] = True
    if "clarity" in signals:
        told["clarity"] = {_CLARITY[name]: key for name, key in signals["clarity"].items()}
    if "data_layer" in signals:
        told["data_layer"] = {**signals["data_layer"], "purposes": [p["key"] for p in purposes]}
    if "gpp" in signals:
        told["gpp"] = _gpp(signals["gpp"], profile)
    if "tcf" in signals:
        told["tcf"] = _tcf(signals["tcf"], purposes, services)
    return told


def _gpp(gpp: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """Return GPP's part; its sections are about the law of the United States and no other's."""
    applies = _UNITED_STATES in profile.places
    return {"cmp_id": gpp["cmp_id"], "sections": list(gpp["sections"]) if applies else []}


def _tcf(
    tcf: Mapping[str, Any],
    purposes: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return TCF's part: IAB purposes by purpose, vendors by service."""
    return {
        **tcf,
        "purposes": {p["key"]: list(p["tcf_purposes"]) for p in purposes if "tcf_purposes" in p},
        "vendors": {s["key"]: s["tcf_vendor"] for s in services if "tcf_vendor" in s},
    }

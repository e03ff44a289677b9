"""Cases of what holds and what is asked, which the service and the banner have to judge alike.

`standing_cases.json` holds terms as a notice tells them, and cases: a state token, with its times
in days from now (an end of 0: never), whether the opt-out signal is on, and what follows. The
banner's own tests read the same file.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.notices.model import Variant
from consent_service.notices.terms import Terms, terms_of
from tests.support.clock import FakeClock

NOW = FakeClock().now()
_FILE: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
CASES: list[dict[str, Any]] = _FILE["cases"]


def terms_named(name: str) -> Terms:
    return terms_of(
        Variant(profile="", locale="", sha256="", body=json.dumps(_FILE["terms"][name]))
    )


def state_of(token: Mapping[str, Any]) -> State:
    """Return the state whose token that is; all denials were made at the moment it names."""
    return State(
        purposes=_decisions(token, "purposes"),
        services=_decisions(token, "services"),
        documents={
            kind: Agreement(n=number, sha256="", notice=notice, at=NOW)
            for kind, (number, notice) in token.get("documents", {}).items()
        },
    )


def _decisions(token: Mapping[str, Any], group: str) -> dict[str, Decision]:
    objected = in_days(token.get("objected", -1))
    return {
        key: Decision(
            value=Value(value),
            notice=notice,
            at=objected,
            until=in_days(until) if until else None,
            override=bool(override),
        )
        for key, (value, notice, until, *override) in token.get(group, {}).items()
    }


def in_days(days: float) -> datetime:
    return NOW + timedelta(seconds=round(days * 86_400))

"""How views, verdicts and events look to a site's backend."""

from collections.abc import Mapping
from typing import Any

from consent_service.backends.checks import Verdict, View
from consent_service.consents.answers import event_json
from consent_service.consents.model import ConsentEvent, agreed_json, decisions_json
from consent_service.consents.rules.standing import Ruling
from consent_service.core.clock import format_time


def managed_event_json(event: ConsentEvent) -> dict[str, Any]:
    """Return an event with its place in the visitor's history; what was erased is absent."""
    shown = event_json(event) | {"visitor_seq": event.visitor_seq, "why": event.body()["why"]}
    return {name: value for name, value in shown.items() if value is not None}


def view_json(view: View) -> dict[str, Any]:
    """Return how somebody stands."""
    standing = view.standing
    return {
        **_moment(view),
        "purposes": _rulings(standing.purposes),
        "services": _rulings(standing.services),
        "agreed": agreed_json(view.state.agreed()),
        **({"asks": standing.asks} if standing.asks else {}),
        "questions": [
            {"group": each.group, "key": each.key, "why": each.why.value}
            for each in standing.questions
        ],
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return the answer to a question, with the event that says so where one does."""
    ruling, event = verdict.ruling, verdict.event
    answer: dict[str, Any] = {
        **_moment(verdict.view),
        "allowed": ruling.allowed,
        "why": ruling.why.value,
        "value": verdict.value.value if verdict.value else "undecided",
    }
    if ruling.decision and ruling.decision.until:
        answer["until"] = format_time(ruling.decision.until)
    if event:
        answer["event"] = {
            "id": event.event_id,
            "type": event.type.value,
            "received_at": format_time(event.ts),
            "visitor": event.visitor,
            "reference": event.reference,
        }
    return answer


def _moment(view: View) -> dict[str, Any]:
    found = {"notice": view.notice.number if view.notice else None, "profile": view.profile}
    return {"at": format_time(view.at)} | {k: v for k, v in found.items() if v is not None}


def _rulings(rulings: Mapping[str, Ruling]) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "allowed": each.allowed,
            "why": each.why.value,
            **({"decision": decisions_json({key: each.decision})[key]} if each.decision else {}),
        }
        for key, each in rulings.items()
    }

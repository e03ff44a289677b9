"""Builds the event that records a change: its leaf, its openings, its place after the last one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.consents.model import Act, Change, ConsentEvent, Method, State
from consent_service.consents.rules import decide
from consent_service.core.clock import format_time
from consent_service.core.commitments import commit
from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids
from consent_service.ledger.model import event_leaf
from consent_service.notices.model import Notice, Variant
from consent_service.notices.terms import terms_of
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How an act reached the service; `why` tells why its profile applied."""

    method: Method
    why: str
    layer: int | None = None
    banner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An act with the notice and the variant that it answers."""

    act: Act
    notice: Notice
    variant: Variant
    context: Context


def decide_answer(answer: Answer, previous: ConsentEvent | None, ts: datetime) -> Change | None:
    """Return what an answer changes for a visitor whose newest event is `previous`."""
    state = State.load(previous.state) if previous else State()
    return decide(answer.act, terms_of(answer.variant), answer.notice.number, state, ts)


def new_event(
    site: Site,
    answer: Answer,
    change: Change,
    previous: ConsentEvent | None,
    *,
    ts: datetime,
    ids: Ids,
) -> ConsentEvent:
    """Return the event after `previous`, or the first of a new visitor."""
    notice, variant = answer.notice, answer.variant
    event_id = ids.uuid7(after=previous.event_id if previous else None)
    visitor = str(previous.visitor) if previous else ids.uuid7()
    personal = _personal(visitor, previous, answer.act.made_at)
    commitments, openings = commit(personal, ids)
    body = {
        "v": 1,
        "log": site.log_origin,
        "id": event_id,
        "type": change.type.value,
        "ts": format_time(ts),
        **_decided(change),
        "notice": {"n": notice.number, "sha256": notice.sha256, "variant": variant.sha256},
        "locale": variant.locale,
        "profile": variant.profile,
        **_circumstances(answer.context, answer.act),
        "priv": commitments,
    }
    leaf = event_leaf(body, ts)
    return ConsentEvent(
        event_id=event_id,
        visitor=visitor,
        visitor_seq=previous.visitor_seq + 1 if previous else 1,
        type=change.type,
        ts=ts,
        leaf=leaf.text,
        leaf_hash=leaf.hash,
        openings=tuple(openings),
        reference=previous.reference if previous else ids.reference(),
        state=change.state.dump(),
    )


def _personal(
    visitor: str, previous: ConsentEvent | None, made_at: datetime | None
) -> dict[str, str]:
    personal = {"visitor": visitor}
    if previous:
        personal["prev"] = b64url(previous.leaf_hash)
    if made_at:
        personal["claimed_at"] = format_time(made_at)
    return personal


def _decided(change: Change) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = {
        "decisions": {key: value.value for key, value in change.decisions.items()},
        "services": {key: value.value for key, value in change.services.items()},
        "documents": {
            kind: {"n": each.n, "sha256": each.sha256} for kind, each in change.documents.items()
        },
    }
    return {name: part for name, part in parts.items() if part}


def _circumstances(context: Context, act: Act) -> dict[str, Any]:
    signals = {"gpc": act.gpc} | ({"override": True} if act.override else {})
    parts = {"layer": context.layer, "banner": context.banner}
    told = {name: part for name, part in parts.items() if part is not None}
    return {"method": context.method.value, "why": context.why, "signals": signals, **told}

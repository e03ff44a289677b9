"""Builds the event that records a change: its leaf, its openings, its place after the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.consents.model import Act, Action, Change, ConsentEvent, Method, State
from consent_service.consents.rules.acts import decide
from consent_service.core.clock import format_time
from consent_service.core.commitments import commit
from consent_service.core.encoding import b64url
from consent_service.core.ids import Ids
from consent_service.core.places import Place
from consent_service.ledger.model import event_leaf
from consent_service.notices.model import Notice, Variant
from consent_service.notices.terms import terms_of
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """How an act reached the service, and where the visitor is, as far as that is known."""

    method: Method
    place: Place | None = None
    layer: int | None = None
    banner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An act with the variant that it answers, and the one whose rules apply and `why` they do."""

    act: Act
    notice: Notice
    shown: Variant
    ruling: Variant
    why: str
    context: Context

    @property
    def circumstances(self) -> dict[str, Any]:
        """The members of the leaf that tell how the visitor was asked."""
        act, context = self.act, self.context
        method = Method.GPC if act.action is Action.SIGNAL else context.method
        parts = {"layer": context.layer, "banner": context.banner}
        return {
            "notice": {
                "n": self.notice.number,
                "sha256": self.notice.sha256,
                "variant": self.shown.sha256,
            },
            "locale": self.shown.locale,
            "profile": self.ruling.profile,
            "why": self.why,
            "method": method.value,
            "signals": {"gpc": act.gpc} | ({"override": True} if act.override else {}),
            **{name: part for name, part in parts.items() if part is not None},
        }


def decide_answer(answer: Answer, previous: ConsentEvent | None, ts: datetime) -> Change | None:
    """Return what an answer changes for a visitor whose newest event is `previous`."""
    state = State.load(previous.state) if previous else State()
    return decide(answer.act, terms_of(answer.ruling), answer.notice.number, state, ts)


def new_event(
    site: Site,
    change: Change,
    circumstances: Mapping[str, Any],
    previous: ConsentEvent | None,
    *,
    ts: datetime,
    ids: Ids,
    made_at: datetime | None = None,
) -> ConsentEvent:
    """Return the event after `previous`, or the first of a new visitor.

    `circumstances` are the leaf's members `notice`, `locale`, `profile`, `why`, `method` and so
    on; `made_at` is when the act was made, where that is not `ts`.
    """
    event_id = ids.uuid7(after=previous.event_id if previous else None)
    visitor = str(previous.visitor) if previous else ids.uuid7()
    commitments, openings = commit(_personal(visitor, previous, made_at), ids)
    body = {
        "v": 1,
        "log": site.log_origin,
        "id": event_id,
        "type": change.type.value,
        "ts": format_time(ts),
        **_decided(change),
        **circumstances,
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

"""What the form of a preference page says."""

import hashlib
from datetime import datetime

from flask import request

from consent_service.consents.model import Act, Action, State
from consent_service.core.canonical import canonical_json
from consent_service.notices.terms import Terms
from consent_service.preferences.model import asked_documents, changed_decisions

_CHOICE = "purpose."
_OVERRIDE = "override."


def opt_out_signal() -> bool:
    """Tell whether the browser sends the opt-out signal (Global Privacy Control)."""
    return request.headers.get("Sec-GPC") == "1"


def has_choices() -> bool:
    """Tell whether the form says anything about purposes."""
    return any(name.startswith(_CHOICE) for name in request.form)


def read_act(action: Action, state: State, terms: Terms, now: datetime) -> Act:
    """Return the act of a form, for a visitor's state under the terms that the page showed."""
    gpc = opt_out_signal()
    if action in (Action.AGREE, Action.ACKNOWLEDGE):
        return Act(action=action, documents=_answered_documents(action, state, terms, now))
    if action is not Action.CHOOSE:
        return Act(action=action, gpc=gpc)
    chosen = {
        name.removeprefix(_CHOICE): value == "granted"
        for name, value in request.form.items()
        if name.startswith(_CHOICE)
    }
    meant = {key: on and _may_grant(terms, key, gpc=gpc) for key, on in chosen.items()}
    return Act(
        action=action,
        decisions=changed_decisions(meant, state, terms, now, gpc=gpc),
        gpc=gpc,
        override=any(name.startswith(_OVERRIDE) for name in request.form),
    )


def form_digest(action: Action, terms: Terms) -> bytes:
    """Return the SHA-256 of what a form says by the fields that the page has.

    Forms that mean the same have the same digest, whatever else they bring along.
    """
    fields = [f"{prefix}{key}" for key in terms.purposes for prefix in (_CHOICE, _OVERRIDE)]
    said = {name: request.form[name] for name in fields if name in request.form}
    meant = {"action": action.value, **(said if action is Action.CHOOSE else {})}
    return hashlib.sha256(canonical_json(meant).encode()).digest()


def _answered_documents(
    action: Action, state: State, terms: Terms, now: datetime
) -> dict[str, int]:
    """Return the versions that a button answers for: in a plain notice one button does for all."""
    return {
        kind: each.number
        for kind, each in asked_documents(state, terms, now).items()
        if terms.model == "notice" or each.accept == action.value
    }


def _may_grant(terms: Terms, purpose: str, *, gpc: bool) -> bool:
    """Tell whether a form may allow a purpose: against the opt-out signal only by a second act."""
    return not (gpc and terms.is_sale(purpose)) or f"{_OVERRIDE}{purpose}" in request.form

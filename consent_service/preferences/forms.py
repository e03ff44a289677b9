"""What the form of a preference page says."""

from datetime import datetime

from flask import request

from consent_service.consents.model import Act, Action, State
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
    if action is Action.AGREE:
        asked = asked_documents(state, terms, now)
        return Act(action=action, documents={kind: each.number for kind, each in asked.items()})
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


def _may_grant(terms: Terms, purpose: str, *, gpc: bool) -> bool:
    """Tell whether a form may allow a purpose: against the opt-out signal only by a second act."""
    return not (gpc and terms.is_sale(purpose)) or f"{_OVERRIDE}{purpose}" in request.form

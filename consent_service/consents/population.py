"""What a notice means for all visitors of a site together."""

import json
from typing import Any

from sqlalchemy import Connection

from consent_service.consents import store_states
from consent_service.notices.model import Notice
from consent_service.notices.terms import Terms, terms_of


def count_asked_again(connection: Connection, site_id: str, notice: Notice) -> int:
    """Return how many visitors a new notice asks again when it comes into force.

    Those whose valid decision, or whose agreement, is about something that means another thing
    now, and those who decided before a purpose was there. What is not sealed yet is not counted.
    """
    terms = [terms_of(variant) for variant in notice.variants]
    new = _new_parts(notice)
    purposes = _changed_purposes(terms, new)
    return store_states.count_asked_again(
        connection,
        site_id,
        notice.effective_at,
        purposes=purposes,
        others=terms[0].choices(),
        objections_stay=[key for key in purposes if all(_runs_unasked(t, key) for t in terms)],
        documents=[
            kind
            for kind, document in terms[0].documents.items()
            if document.accept != "inform" and kind in new["documents"]
        ],
    )


def _new_parts(notice: Notice) -> dict[str, set[str]]:
    asked: dict[str, dict[str, dict[str, Any]]] = json.loads(notice.snapshot)["asked_since"]
    return {
        group: {key for key, part in parts.items() if part["since"] == notice.number}
        for group, parts in asked.items()
    }


def _changed_purposes(terms: list[Terms], new: dict[str, set[str]]) -> list[str]:
    """Return the purposes that visitors decide about and that are new, or have a new service."""
    return [
        key
        for key, purpose in terms[0].purposes.items()
        if (key in new["purposes"] or new["services"] & set(purpose.services))
        and any(each.purposes[key].choice for each in terms)
    ]


def _runs_unasked(terms: Terms, key: str) -> bool:
    purpose = terms.purposes[key]
    return not purpose.choice or purpose.runs_unasked

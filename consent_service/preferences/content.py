"""What the template of a preference page is given."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_service.consents.model import ConsentEvent, State
from consent_service.consents.store_erasure import Restriction
from consent_service.consents.telling import why_restricted
from consent_service.http.pages import languages, moment, page_strings
from consent_service.notices.model import Notice, Variant
from consent_service.notices.terms import Terms, terms_of
from consent_service.preferences.model import (
    Shown,
    asked_documents,
    can_withdraw,
    country_name,
    history_entry,
    shown_purposes,
)
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page that is being shown."""

    site: Site
    notice: Notice
    variant: Variant
    visitor: str | None
    return_to: str | None

    @property
    def terms(self) -> Terms:
        """What the page asks."""
        return terms_of(self.variant)


def content(
    opened: Opened, state: State, history: Sequence[ConsentEvent], now: datetime, *, gpc: bool
) -> dict[str, Any]:
    """Return the variables of the page about a visitor, whose events come newest first."""
    site, terms, locale = opened.site, opened.terms, opened.variant.locale
    known = bool(opened.visitor) or site.embed.server_sets_cookies
    asked = asked_documents(state, terms, now)
    concerned = any(purpose.sale_or_sharing for purpose in terms.purposes.values())
    return {
        "site": site,
        "languages": [] if known else languages(site.locales, locale),
        "known": known,
        "notice": json.loads(opened.variant.body),
        "state": _localised(shown_purposes(state, terms, now, gpc=gpc), locale),
        "agreed": {
            kind: {"n": each.n, "at": moment(each.at, locale)}
            for kind, each in state.agreed().items()
        },
        "asked": {kind: document.accept for kind, document in asked.items()},
        "withdrawable": can_withdraw(state, now),
        "country": lambda code: country_name(code, locale),
        "reference": history[0].reference if history else None,
        "history": [_entry(event, locale) for event in history],
        "older": None,
        "opt_out": gpc and concerned,
        "back": opened.return_to,
    }


def restricted(opened: Opened, restriction: Restriction | None) -> dict[str, Any] | None:
    """Return until when and why the visitor is hidden in place of being erased."""
    if restriction is None:
        return None
    locale, until = opened.variant.locale, restriction.until
    return {
        "date": moment(until, locale) if until else None,
        "reason": why_restricted(opened.site, restriction, locale),
    }


def messages(opened: Opened, *, saved: str | None, error: str | None) -> list[dict[str, str]]:
    """Return what the page says first, by the keys of its words."""
    words = page_strings(opened.variant.locale)
    said = (("saved", saved), ("error", error))
    return [{"level": level, "text": words[key]} for level, key in said if key]


def _localised(purposes: dict[str, Shown], locale: str) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "value": each.value,
            "why": each.why,
            "override": each.override,
            "until": moment(each.until, locale) if each.until else None,
        }
        for key, each in purposes.items()
    }


def _entry(event: ConsentEvent, locale: str) -> dict[str, Any]:
    entry = history_entry(event)
    return {**entry, "at": moment(entry["ts"], locale, with_time=True)}

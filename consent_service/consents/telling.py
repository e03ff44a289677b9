"""What visitors are told about an erasure: that it is done, or until when and why it is not."""

from typing import Any

from consent_service.consents.erasure import Erased
from consent_service.consents.store_erasure import Restriction
from consent_service.core.clock import format_time
from consent_service.http.pages import page_strings
from consent_service.notices.localised import Localised
from consent_service.sites.model import Site


def erased_json(site: Site, erased: Erased, locale: str) -> dict[str, Any]:
    """Return the members of an answer to an erasure."""
    answer: dict[str, Any] = {"erased": erased.events}
    if erased.restriction:
        answer |= {"restricted": erased.restricted}
        if erased.restriction.until:
            answer["restricted_until"] = format_time(erased.restriction.until)
        if reason := why_restricted(site, erased.restriction, locale):
            answer["reason"] = reason
    return answer


def why_restricted(site: Site, restriction: Restriction, locale: str) -> str:
    """Return in words why a visitor is hidden and not erased: the site's own, or ours of a hold."""
    if restriction.until is None:
        return page_strings(locale)["erase_held"].format(name=site.name)
    reason = Localised(site.erasure_reason)
    return reason.text(locale) or reason.text(site.default_locale) or ""

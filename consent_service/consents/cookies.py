"""The two cookies, in the embedding modes in which the service sets them."""

from flask import Response, request

from consent_service.consents.tokens import LIFETIME
from consent_service.sites.model import Site, is_loopback

_SECONDS = int(LIFETIME.total_seconds())


def credential_from_cookie(site: Site) -> str | None:
    """Return the credential that a browser sent as a cookie."""
    return request.cookies.get(_name(site, "consent_")) if site.embed.server_sets_cookies else None


def set_cookies(answer: Response, site: Site, credential: str | None, state_token: str) -> Response:
    """Set the cookies, in the modes in which the service does; scripts read the state only."""
    if site.embed.server_sets_cookies:
        if credential:
            _set(answer, site, "consent_", credential, httponly=True)
        _set(answer, site, "consent_state_", state_token, httponly=False)
    return answer


def clear_cookies(answer: Response, site: Site) -> Response:
    """Take both cookies back, in the modes in which the service sets them."""
    if site.embed.server_sets_cookies:
        for base, httponly in (("consent_", True), ("consent_state_", False)):
            answer.delete_cookie(
                _name(site, base),
                domain=_domain(site),
                secure=_secure(site),
                httponly=httponly,
                samesite="Lax",
            )
    return answer


def _set(answer: Response, site: Site, base: str, value: str, *, httponly: bool) -> None:
    answer.set_cookie(
        _name(site, base),
        value,
        max_age=_SECONDS,
        domain=_domain(site),
        secure=_secure(site),
        httponly=httponly,
        samesite="Lax",
    )


def _name(site: Site, base: str) -> str:
    prefix = "__Host-" if site.embed.mode == "path" else "__Secure-"
    return f"{prefix if _secure(site) else ''}{base}{site.key}"


def _secure(site: Site) -> bool:
    return not is_loopback(site.embed.base_url or "")


def _domain(site: Site) -> str | None:
    return site.embed.cookie_domain if site.embed.mode == "subdomain" else None

"""Exact origin checks and the CORS headers that follow from them (Fetch standard)."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, g, request
from werkzeug.datastructures import HeaderSet

from consent_service.core.errors import ServiceError
from consent_service.http.routes import Access

PREFLIGHT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class OriginRules:
    """Which origins a site allows, and whether their requests carry cookies."""

    allowed: tuple[str, ...]
    with_cookies: bool


class OriginRefusedError(ServiceError):
    """The Origin header is absent, `null`, or not one of the site's."""

    code = "origin_refused"
    title = "This origin may not do that"
    status = 403


class OriginGate:
    """Lets requests of allowed origins through. `rules_of` answers for a site's key."""

    def __init__(self, rules_of: Callable[[str], OriginRules]) -> None:
        self._rules_of = rules_of

    def check(self, access: Access, key: str) -> None:
        """Check the Origin of a request that writes, or that is a visitor's.

        Raises:
            OriginRefusedError: it is not allowed.
        """
        rules = self._rules_of(key)
        origin = request.headers.get("Origin")
        if origin is None and access is Access.VISITOR:
            return
        if origin not in rules.allowed:
            raise OriginRefusedError(f"the origin {origin or 'none'} is not allowed for {key}")
        g.cors = (origin, rules.with_cookies)

    def preflight(self, key: str, methods: list[str]) -> Response:
        """Answer the question a browser asks before a request that is not simple."""
        rules = self._rules_of(key)
        origin = request.headers.get("Origin")
        if origin not in rules.allowed:
            raise OriginRefusedError(f"the origin {origin or 'none'} is not allowed for {key}")
        g.cors = (origin, rules.with_cookies)
        answer = Response(status=204)
        answer.access_control_allow_methods = HeaderSet(methods)
        answer.access_control_allow_headers = HeaderSet(
            ["Authorization", "Content-Type", "Idempotency-Key"]
        )
        answer.access_control_max_age = PREFLIGHT_SECONDS
        return answer


def check_own_form() -> None:
    """Check that a form comes from a page of this very origin.

    Raises:
        OriginRefusedError: another site sent it.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "")
    own = site == "same-origin" if site else origin.partition("://")[2] == request.host
    if not own:
        raise OriginRefusedError("this form is taken from its own page only")


def add_headers(answer: Response) -> Response:
    """Let the origin that was checked read the answer."""
    checked: tuple[str, bool] | None = g.get("cors")
    if checked:
        origin, with_cookies = checked
        answer.vary.add("Origin")
        answer.access_control_allow_origin = origin
        if with_cookies:
            answer.access_control_allow_credentials = True
    return answer


def allow_everyone(answer: Response) -> Response:
    """Let scripts of any page read a public answer; it depends on no cookie."""
    answer.access_control_allow_origin = "*"
    return answer

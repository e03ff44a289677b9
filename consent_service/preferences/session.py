"""Whom a preference page was opened for: a signed value inside its form, and no cookie."""

from dataclasses import dataclass
from datetime import timedelta

from consent_service.core.clock import Clock, epoch_seconds
from consent_service.core.encoding import b64url
from consent_service.core.errors import ServiceError
from consent_service.core.ids import Ids
from consent_service.core.keyring import Keyring
from consent_service.core.tokens import InvalidTokenError, TokenSigner
from consent_service.sites.model import Site

LIFETIME = timedelta(minutes=30)


class SessionExpiredError(ServiceError):
    """The form was open for too long, or is not ours."""

    code = "session_expired"
    title = "The page was open for too long"
    status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A page that is open.

    It names its visitor (None for a new one), where it returns to, the variant that it shows by
    its hash, and a nonce by which the same form sent twice is known.
    """

    visitor: str | None
    return_to: str | None
    variant: str
    nonce: str


class Sessions:
    """Signs and reads sessions."""

    def __init__(self, keyring: Keyring, clock: Clock, ids: Ids) -> None:
        self._signer = TokenSigner(keyring, use="session")
        self._clock = clock
        self._ids = ids

    def open(self, site: Site, *, visitor: str | None, return_to: str | None, variant: str) -> str:
        """Return the signed value of a new session."""
        payload = {
            "exp": epoch_seconds(self._clock.now() + LIFETIME),
            "visitor": visitor or "",
            "return": return_to or "",
            "variant": variant,
            "nonce": b64url(self._ids.random(12)),
        }
        return self._signer.sign(site.site_id, payload)

    def read(self, site: Site, text: str) -> Session:
        """Return the session of a signed value.

        Raises:
            SessionExpiredError: it is past its time, or was not made for this site.
        """
        try:
            payload = self._signer.read(site.site_id, text)
        except InvalidTokenError as error:
            raise SessionExpiredError("open the page from the website again") from error
        if payload["exp"] <= epoch_seconds(self._clock.now()):
            raise SessionExpiredError("open the page from the website again")
        return Session(
            visitor=payload["visitor"] or None,
            return_to=payload["return"] or None,
            variant=payload["variant"],
            nonce=payload["nonce"],
        )

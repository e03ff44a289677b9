"""The two signed values of a visitor: the credential, and the state token."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consent_service.consents.model import Agreement, Decision, State, Value
from consent_service.core.canonical import canonical_json
from consent_service.core.clock import Clock, epoch_seconds
from consent_service.core.encoding import b64url, b64url_decode
from consent_service.core.errors import ServiceError
from consent_service.core.keyring import Keyring
from consent_service.core.tokens import InvalidTokenError, TokenSigner
from consent_service.sites.model import Site

LIFETIME = timedelta(days=395)
STATE_TOKEN_LIMIT = 1024
_CLOCK_SKEW = timedelta(seconds=60)
_SIGNATURE_AND_KID = 2 + 8 + 43


class CredentialRefusedError(ServiceError):
    """A credential that this service did not make for this site, or one past its time."""

    code = "credential_refused"
    title = "The credential is not valid"
    status = 401


class StateTokenRefusedError(ServiceError):
    """A state token that this service did not make for this site."""

    code = "state_token_refused"
    title = "The state token is not valid"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Whom a credential names. An expired one still reads, withdraws and erases."""

    visitor: str
    expired: bool


class Tokens:
    """Signs and reads both values."""

    def __init__(self, credentials: Keyring, states: Keyring, clock: Clock) -> None:
        self._credentials = TokenSigner(credentials)
        self._states = TokenSigner(states)
        self._clock = clock

    def credential(self, site: Site, visitor: str) -> str:
        """Return a fresh credential of a visitor."""
        now = self._clock.now()
        payload = {
            "v": 1,
            "visitor": visitor,
            "iat": epoch_seconds(now),
            "exp": epoch_seconds(now + LIFETIME),
        }
        return self._credentials.sign(site.site_id, payload)

    def read_credential(self, site: Site, text: str) -> Credential:
        """Return whom a credential names.

        Raises:
            CredentialRefusedError: it is not one of this site.
        """
        now = self._clock.now()
        try:
            payload = self._credentials.read(site.site_id, text)
        except InvalidTokenError as error:
            raise CredentialRefusedError(f"the credential is refused: {error}") from error
        if payload["iat"] > epoch_seconds(now + _CLOCK_SKEW):
            raise CredentialRefusedError("the credential is refused: it comes from the future")
        return Credential(visitor=payload["visitor"], expired=payload["exp"] <= epoch_seconds(now))

    def state_token(self, site: Site, state: State, event_id: str) -> str:
        """Return the readable value of a state, and of the event that made it."""
        now = self._clock.now()
        return self._states.sign(site.site_id, _payload(site.key, now, state, event_id))

    def read_state_token(self, site: Site, text: str) -> str:
        """Return the event whose state a token holds.

        Raises:
            StateTokenRefusedError: it is not one of this site.
        """
        try:
            payload = self._states.read(site.site_id, text)
        except InvalidTokenError as error:
            raise StateTokenRefusedError(f"the state token is refused: {error}") from error
        return str(UUID(bytes=b64url_decode(payload["event"])))


def longest_state_token(
    site_key: str, purposes: list[str], services: list[str], documents: list[str]
) -> int:
    """Return the length of the longest state token that a site could need."""
    far = datetime.fromisoformat("2100-01-01T00:00:00+00:00")
    decision = Decision(value=Value.GRANTED, notice=99_999, at=far, until=far, override=True)
    agreement = Agreement(n=99_999, sha256="", notice=99_999, at=far)
    # One of them denied, and be it the only one: the moment of a denial takes more than it saves.
    denial = replace(decision, value=Value.DENIED, override=False)
    fullest = State(
        purposes=dict.fromkeys(purposes, decision) | dict.fromkeys(purposes[:1], denial),
        services=dict.fromkeys(services, decision),
        documents=dict.fromkeys(documents, agreement),
    )
    text = canonical_json(_payload(site_key, far, fullest, str(UUID(int=0))))
    return len(b64url(text.encode())) + _SIGNATURE_AND_KID


def _payload(site_key: str, now: datetime, state: State, event_id: str) -> dict[str, Any]:
    denials = [each.at for each in state.purposes.values() if each.value is Value.DENIED]
    return {
        "v": 1,
        "site": site_key,
        "iat": epoch_seconds(now),
        "event": b64url(UUID(event_id).bytes),
        "purposes": _compact(state.purposes),
        "services": _compact(state.services),
        "documents": {kind: [each.n, each.notice] for kind, each in state.agreed().items()},
        **({"objected": epoch_seconds(max(denials))} if denials else {}),
    }


def _compact(decisions: Mapping[str, Decision]) -> dict[str, list[Any]]:
    """Return `{key: [value, notice, until]}`; `until` 0 is for good, a fourth 1 an override.

    A grant whose end is on record is left out. A denial stays: where a purpose runs until the
    visitor objects, it holds for good.
    """
    return {
        key: [
            each.value.value,
            each.notice,
            epoch_seconds(each.until) if each.until else 0,
            *([1] if each.override else []),
        ]
        for key, each in decisions.items()
        if not (each.ended and each.value is Value.GRANTED)
    }

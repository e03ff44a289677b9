"""How a visitor's credential and state token travel: in a body, a header or cookies."""

from collections.abc import Mapping
from typing import Any

from flask import Response, after_this_request, jsonify, request

from consent_service.consents import cookies
from consent_service.consents.model import ConsentEvent, State, agreed_json, decisions_json
from consent_service.consents.tokens import Credential, CredentialRefusedError, Tokens
from consent_service.core.errors import ServiceError
from consent_service.sites.model import Site

_SCHEME = "Consent"


class CredentialRequiredError(ServiceError):
    """A call about a visitor without saying which."""

    code = "credential_required"
    title = "A credential is needed"
    status = 401


class TokenExchange:
    """Reads the credential of a request, and hands both values out with an answer."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def presented(self, site: Site, body: Mapping[str, Any]) -> Credential | None:
        """Return whom a request names: in its body, its header or its cookie.

        Raises:
            CredentialRefusedError: the credential is not one of this site; its cookies are cleared.
        """
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not body.get("credential"):
            text = value if scheme == _SCHEME else None
            body = {"credential": text or cookies.credential_from_cookie(site)}
        try:
            return self.named(site, body)
        except CredentialRefusedError:
            after_this_request(lambda answer: cookies.clear_cookies(answer, site))
            raise

    def named(self, site: Site, body: Mapping[str, Any]) -> Credential | None:
        """Return whom the credential in a body names; None where it holds none.

        Raises:
            CredentialRefusedError: the credential is not one of this site.
        """
        text = body.get("credential")
        return self._tokens.read_credential(site, text) if text else None

    def required(self, site: Site, body: Mapping[str, Any] | None = None) -> Credential:
        """Return whom a request names.

        Raises:
            CredentialRequiredError: it names nobody.
            CredentialRefusedError: the credential is not one of this site.
        """
        credential = self.presented(site, body or {})
        if credential is None:
            raise CredentialRequiredError(f"send the credential as `Authorization: {_SCHEME} ...`")
        return credential

    def members(
        self, site: Site, latest: ConsentEvent, presented: Credential | None = None
    ) -> dict[str, Any]:
        """Return the members of an answer that carry the state and values of a visitor.

        `latest` is the visitor's newest event. An expired credential is not renewed: it reads,
        withdraws and erases, and renewed it would grant again.
        """
        state = State.load(latest.state)
        told = {
            "state": decisions_json(state.purposes),
            "agreed": agreed_json(state.agreed()),
            "state_token": self._tokens.state_token(site, state, latest.event_id),
        }
        if presented is None or not presented.expired:
            told["credential"] = self._tokens.credential(site, str(latest.visitor))
        return told

    def respond(self, site: Site, answer: dict[str, Any], status: int) -> Response:
        """Return an answer with those members; the credential goes where no script can read it."""
        credential = answer.get("credential")
        if site.embed.server_sets_cookies:
            answer = {name: value for name, value in answer.items() if name != "credential"}
        response = jsonify(answer)
        response.status_code = status
        return cookies.set_cookies(response, site, credential, answer["state_token"])

    def hand_out(self, response: Response, site: Site, latest: ConsentEvent) -> Response:
        """Set a visitor's cookies on a page, in the modes that have any."""
        values = self.members(site, latest)
        return cookies.set_cookies(response, site, values["credential"], values["state_token"])

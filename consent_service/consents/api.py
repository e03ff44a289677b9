"""Calls of visitors about their own consent."""

import hashlib
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, jsonify, request

from consent_service.consents import cookies
from consent_service.consents.erasure import ErasureService
from consent_service.consents.exchange import CredentialRequiredError, TokenExchange
from consent_service.consents.links import LinkService
from consent_service.consents.model import (
    Act,
    ConsentEvent,
    Method,
)
from consent_service.consents.receipts import Receipts
from consent_service.consents.recording import Context
from consent_service.consents.schemas import (
    ConsentIn,
    ErasedOut,
    LinkIn,
    LinkOut,
    MeOut,
    MeQuery,
    RecordedOut,
)
from consent_service.consents.service import (
    ConsentService,
    KeyReusedError,
    NobodyKnownError,
    NothingToWithdrawError,
    NoticeSupersededError,
    Recorded,
    Request,
    made_at,
)
from consent_service.consents.tokens import CredentialRefusedError
from consent_service.core.canonical import canonical_json
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError
from consent_service.http.body import load, read_json
from consent_service.http.country import PlaceFinder
from consent_service.http.routes import Access, Answer, Parameter, Route
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.model import Showing
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_NOT_PART_OF_THE_ACT = ("credential", "key", "occurred_at", "sent_at")
_consent_in, _link_in, _me_query = ConsentIn(), LinkIn(), MeQuery()


class ConsentApi:
    """Records choices; tells visitors what is on record; links, erases."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        consents: ConsentService,
        links: LinkService,
        erasure: ErasureService,
        sites: SiteService,
        exchange: TokenExchange,
        receipts: Receipts,
        places: PlaceFinder,
        impressions: ImpressionService,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._consents = consents
        self._links = links
        self._erasure = erasure
        self._sites = sites
        self._exchange = exchange
        self._receipts = receipts
        self._places = places
        self._impressions = impressions
        self._clock = clock
        self._public_url = public_url

    def record(self, key: str) -> Response:
        """Record a choice."""
        site = self._sites.get(key)
        body = read_json()
        data = load(_consent_in, body)
        idempotency_key = _idempotency_key(data)
        credential = self._exchange.presented(site, data)
        act = self._act(data)
        wanted = Request(
            act=act,
            notice=data["notice"],
            variant=data.get("variant"),
            locale=data.get("locale"),
            context=Context(
                method=data["method"],
                place=self._places.find(),
                layer=data.get("layer"),
                banner=data.get("banner"),
            ),
            key=idempotency_key,
            request_hash=_request_hash(body),
        )
        try:
            return self._recorded(site, self._consents.record(site, wanted, credential))
        except NobodyKnownError:
            self._impressions.count(site, Showing.SIGNAL, wanted.notice, wanted.variant)
            return Response(status=202)

    def me(self, key: str) -> Response:
        """Answer what is on record about the visitor."""
        site = self._sites.get(key)
        query = load(_me_query, request.args.to_dict())
        credential = self._exchange.required(site)
        profile = self._consents.find(site, credential, query.get("before"))
        if profile is None:
            raise CredentialRequiredError("nothing is on record for this visitor")
        answer = {
            **self._exchange.members(site, profile.latest),
            "reference": profile.latest.reference,
            "history": [event_json(event) for event in profile.history],
        }
        if profile.history and profile.history[-1].visitor_seq > 1:
            answer["next"] = profile.history[-1].visitor_seq
        if credential.expired:
            # It reads, withdraws and erases; renewed it would grant again.
            return jsonify({name: part for name, part in answer.items() if name != "credential"})
        return self._exchange.respond(site, answer, 200)

    def link(self, key: str) -> Response:
        """Return a one-use address of the hosted preference page."""
        site = self._sites.get(key)
        data = load(_link_in, read_json())
        return_to = _checked_return(site, data["return_to"])
        credential = self._exchange.required(site, data)
        if credential.expired:
            raise CredentialRefusedError("the credential has expired")
        if self._consents.find(site, credential) is None:
            raise CredentialRequiredError("nothing is on record for this visitor")
        token = self._links.open(site, credential.visitor, return_to)
        base = site.embed.base_url or self._public_url
        answer = jsonify(url=f"{base}/sites/{site.key}/preferences?link={token}")
        answer.status_code = 201
        return answer

    def erase(self, key: str) -> Response:
        """Erase what names the visitor."""
        site = self._sites.get(key)
        credential = self._exchange.required(site)
        context = Context(method=Method.PREFERENCES, place=self._places.find())
        answer = jsonify(erased=self._erasure.erase(site, credential.visitor, context))
        return cookies.clear_cookies(answer, site)

    def jwks(self) -> Response:
        """Return the keys that verify receipts."""
        answer = jsonify(self._receipts.jwks())
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    def _act(self, data: dict[str, Any]) -> Act:
        signals = data.get("signals", {})
        return Act(
            action=data["action"],
            decisions=data.get("decisions", {}),
            services=data.get("services", {}),
            documents=data.get("documents", {}),
            gpc=signals.get("gpc", False) or request.headers.get("Sec-GPC") == "1",
            override=signals.get("override", False),
            made_at=made_at(data.get("occurred_at"), data.get("sent_at"), self._clock.now()),
        )

    def _recorded(self, site: Site, recorded: Recorded) -> Response:
        event = recorded.event
        answer = {
            "consent": event_json(event),
            **self._exchange.members(site, recorded.latest),
            "receipt": self._receipts.issue(site, event),
            "openings": list(event.openings),
            "proof_url": f"/v1/sites/{site.key}/consents/{event.event_id}/proof",
        }
        return self._exchange.respond(site, answer, 201)

    def routes(self) -> list[Route]:
        """Return the visitors' calls."""
        of_site = (SiteUnknownError, SiteClosedError)
        credential = (CredentialRequiredError, CredentialRefusedError)
        consents = "/v1/sites/<key>/consents"
        me = f"{consents}/me"
        before = Parameter(
            name="before",
            description="`next` of the page before",
            schema={"type": "integer", "minimum": 1},
        )
        return [
            Route(
                method="POST",
                path=consents,
                view=self.record,
                access=Access.ORIGIN,
                tag="Consent",
                summary="Record a choice",
                request=_consent_in,
                answers=(
                    Answer(status=201, description="It is stored", schema=RecordedOut()),
                    Answer(status=202, description="A signal of a browser unknown here: counted"),
                ),
                problems=(
                    *of_site,
                    CredentialRefusedError,
                    NoticeSupersededError,
                    KeyReusedError,
                    NothingToWithdrawError,
                ),
            ),
            Route(
                method="GET",
                path=me,
                view=self.me,
                access=Access.VISITOR,
                tag="Consent",
                summary="What is on record about the visitor, with renewed tokens",
                parameters=(before,),
                answers=(Answer(status=200, description="State and history", schema=MeOut()),),
                problems=(*of_site, *credential),
            ),
            Route(
                method="DELETE",
                path=me,
                view=self.erase,
                access=Access.VISITOR,
                tag="Consent",
                summary="Erase what names the visitor; an expired credential will do",
                answers=(Answer(status=200, description="It is erased", schema=ErasedOut()),),
                problems=(*of_site, *credential),
            ),
            Route(
                method="POST",
                path=f"{me}/link",
                view=self.link,
                access=Access.VISITOR,
                tag="Consent",
                summary="A one-use address of the hosted preference page, valid for ten minutes",
                request=_link_in,
                answers=(Answer(status=201, description="The address", schema=LinkOut()),),
                problems=(*of_site, *credential),
            ),
            Route(
                method="GET",
                path="/.well-known/consent/jwks.json",
                view=self.jwks,
                access=Access.PUBLIC,
                tag="Proof",
                summary="The public keys of receipts (RFC 7517)",
                answers=(Answer(status=200, description="A JWK set", media=("application/json",)),),
            ),
        ]


def event_json(event: ConsentEvent) -> dict[str, Any]:
    """Return an event as its visitor sees it, from the leaf that is on record."""
    leaf = event.body()
    notice = leaf["notice"]
    return {
        "id": event.event_id,
        "reference": event.reference,
        "visitor": event.visitor,
        "type": event.type.value,
        "decisions": leaf.get("decisions", {}),
        "services": leaf.get("services", {}),
        "documents": leaf.get("documents", {}),
        "notice": {
            "number": notice["n"],
            **{name: notice[name] for name in ("sha256", "variant") if name in notice},
        },
        **{name: leaf[name] for name in ("locale", "method") if name in leaf},
        "profile": leaf["profile"],
        "received_at": leaf["ts"],
    }


def _idempotency_key(data: dict[str, Any]) -> str:
    """Return the key of an act: a UUID, for who knows it and the act gets the first answer."""
    key = data.get("key") or request.headers.get("Idempotency-Key")
    if not key:
        raise InvalidRequestError.of("key", "a UUID that names this act is needed")
    try:
        return str(UUID(str(key)))
    except ValueError:
        raise InvalidRequestError.of("Idempotency-Key", "must be a UUID") from None


def _request_hash(body: dict[str, Any]) -> bytes:
    """Hash what the act says; how and when it is delivered may differ between retries."""
    said = {key: value for key, value in body.items() if key not in _NOT_PART_OF_THE_ACT}
    return hashlib.sha256(canonical_json(said).encode()).digest()


def _checked_return(site: Site, address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if f"{parts.scheme}://{parts.netloc}" not in site.origins:
        raise InvalidRequestError.of("return", "must be on an allowed origin of the site")
    return parts._replace(fragment="").geturl()

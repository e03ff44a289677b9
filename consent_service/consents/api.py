"""Calls of visitors about their own consent."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from consent_service.consents import cookies
from consent_service.consents.answers import Answers, event_json
from consent_service.consents.erasure import ErasureService
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.exchange import CredentialRequiredError, TokenExchange
from consent_service.consents.links import LinkService
from consent_service.consents.model import Act, Action, Method
from consent_service.consents.receipts import Receipts
from consent_service.consents.recording import Context
from consent_service.consents.requests import read_request
from consent_service.consents.schemas import (
    ConsentIn,
    ErasedOut,
    LinkedOut,
    LinkIn,
    LinkOut,
    MeOut,
    MeQuery,
    RecordedOut,
    SubjectIn,
)
from consent_service.consents.service import (
    ConsentService,
    KeyReusedError,
    NobodyKnownError,
    NothingToWithdrawError,
    NoticeSupersededError,
)
from consent_service.consents.subjects import AssertionRefusedError, SubjectService
from consent_service.consents.telling import erased_json
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError
from consent_service.http.body import load, read_json
from consent_service.http.country import PlaceFinder
from consent_service.http.languages import wanted_locale
from consent_service.http.limits import TooManyRequestsError, WriteLimits
from consent_service.http.routes import Access, Answer, Parameter, Route
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.model import Showing
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_consent_in, _link_in, _me_query, _subject_in = ConsentIn(), LinkIn(), MeQuery(), SubjectIn()


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
        answers: Answers,
        receipts: Receipts,
        subjects: SubjectService,
        places: PlaceFinder,
        limits: WriteLimits,
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
        self._subjects = subjects
        self._answers = answers
        self._places = places
        self._limits = limits
        self._impressions = impressions
        self._clock = clock
        self._public_url = public_url

    def record(self, key: str) -> Response:
        """Record a choice."""
        site = self._sites.get(key)
        body = read_json()
        data = load(_consent_in, body)
        credential = self._exchange.presented(site, data)
        context = Context(
            method=data["method"],
            place=self._places.find(),
            layer=data.get("layer"),
            banner=data.get("banner"),
        )
        wanted = read_request(body, data, context, self._clock.now())
        self._limit(site, wanted.act, credential)
        try:
            recorded = self._consents.record(site, wanted, credential)
        except NobodyKnownError:
            self._impressions.count(site, Showing.SIGNAL, wanted.notice, wanted.variant)
            return Response(status=202)
        return self._exchange.respond(site, self._answers.of(site, recorded, credential), 201)

    def _limit(self, site: Site, act: Act, credential: Credential | None) -> None:
        """Slow down who floods. Withdrawing with a credential is never stopped."""
        if credential is None or act.is_grant:
            self._limits.check(site.key)
        elif act.action is not Action.WITHDRAW:
            self._limits.check_visitor(credential.visitor)

    def me(self, key: str) -> Response:
        """Answer what is on record about the visitor."""
        site = self._sites.get(key)
        query = load(_me_query, request.args.to_dict())
        credential = self._exchange.required(site)
        profile = self._consents.find(site, credential, query.get("before"))
        if profile is None:
            raise CredentialRequiredError("nothing is on record for this visitor")
        answer = {
            **self._exchange.members(site, profile.latest, credential),
            "reference": profile.latest.reference,
            "receipt": self._receipts.issue(site, profile.latest),
            "history": [event_json(event) for event in profile.history],
        }
        if profile.history and profile.history[-1].visitor_seq > 1:
            answer["next"] = profile.history[-1].visitor_seq
        return self._exchange.respond(site, answer, 200)

    def link(self, key: str) -> Response:
        """Return a one-use address of the hosted preference page."""
        site = self._sites.get(key)
        self._limits.check(site.key)
        data = load(_link_in, read_json())
        return_to = _checked_return(site, data["return_to"])
        credential = self._exchange.required(site, data)
        if credential.expired:
            raise CredentialRefusedError("the credential has expired")
        with _on_record():
            token = self._links.open(site, credential.visitor, return_to)
        base = site.embed.base_url or self._public_url
        answer = jsonify(url=f"{base}/sites/{site.key}/preferences?link={token}")
        answer.status_code = 201
        return answer

    def link_subject(self, key: str) -> Response:
        """Link the visitor to the user whom the site's backend asserts."""
        site = self._sites.get(key)
        self._limits.check(site.key)
        data = load(_subject_in, read_json())
        credential = self._exchange.required(site, data)
        if credential.expired:
            raise CredentialRefusedError("the credential has expired")
        with _on_record():
            new = self._subjects.link_asserted(site, data["assertion"], credential.visitor)
        return jsonify(linked=True, new=new)

    def erase(self, key: str) -> Response:
        """Erase what names the visitor."""
        site = self._sites.get(key)
        credential = self._exchange.required(site)
        context = Context(method=Method.PREFERENCES, place=self._places.find())
        erased = self._erasure.erase(site, credential.visitor, context)
        answer = jsonify(erased_json(site, erased, wanted_locale(site.locales)))
        return cookies.clear_cookies(answer, site)

    def jwks(self) -> Response:
        """Return the keys that verify receipts."""
        answer = jsonify(self._receipts.jwks())
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

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
                    TooManyRequestsError,
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
                answers=(
                    Answer(status=200, description="It is erased, or hidden", schema=ErasedOut()),
                ),
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
                problems=(*of_site, *credential, TooManyRequestsError),
            ),
            Route(
                method="POST",
                path=f"{me}/subject",
                view=self.link_subject,
                access=Access.VISITOR,
                tag="Consent",
                summary="Link the visitor to the user whom the site's backend asserts",
                request=_subject_in,
                answers=(Answer(status=200, description="It is linked", schema=LinkedOut()),),
                problems=(*of_site, *credential, AssertionRefusedError, TooManyRequestsError),
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


@contextmanager
def _on_record() -> Iterator[None]:
    """Tell who asks about themselves, and has no record, as one without a credential."""
    try:
        yield
    except VisitorUnknownError as error:
        raise CredentialRequiredError("nothing is on record for this visitor") from error


def _checked_return(site: Site, address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if f"{parts.scheme}://{parts.netloc}" not in site.origins:
        raise InvalidRequestError.of("return", "must be on an allowed origin of the site")
    return parts._replace(fragment="").geturl()

"""What backends record: choices, agreements, and who their users are."""

from flask import Response, jsonify

from consent_service.backends import schemas
from consent_service.backends.service import BackendService
from consent_service.consents.answers import Answers
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.model import Action, Method
from consent_service.consents.recording import Context
from consent_service.consents.requests import read_request
from consent_service.consents.schemas import LinkedOut, RecordedOut
from consent_service.consents.service import (
    ConsentService,
    KeyReusedError,
    NobodyKnownError,
    NothingToWithdrawError,
    NoticeSupersededError,
    Recorded,
)
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.places import place_of
from consent_service.http.body import load, read_json
from consent_service.http.routes import Route
from consent_service.notices.service import NoticeService, NoticeUnknownError
from consent_service.sites.model import Site
from consent_service.sites.routing import SITE, described, managed
from consent_service.sites.service import SiteService

_SCOPE = "consents:write"
_consent_in, _agreement_in = schemas.BackendConsentIn(), schemas.AgreementIn()
_link_in, _subject_in = schemas.SubjectLinkIn(), schemas.SubjectNameIn()


class RecordingApi:
    """Records what a site's backend says about its visitors and users."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        consents: ConsentService,
        backends: BackendService,
        subjects: SubjectService,
        notices: NoticeService,
        sites: SiteService,
        exchange: TokenExchange,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._consents = consents
        self._backends = backends
        self._subjects = subjects
        self._notices = notices
        self._sites = sites
        self._exchange = exchange
        self._answers = answers
        self._clock = clock

    def record(self, key: str) -> Response:
        """Record an act: of whom a credential names, of a subject, or of a new visitor."""
        site = self._sites.get(key)
        body = read_json()
        data = load(_consent_in, body)
        context = Context(method=Method.API, place=place_of(data.get("place", "")))
        wanted = read_request(body, data, context, self._clock.now())
        credential = self._exchange.named(site, data)
        try:
            if "subject" in data:
                recorded = self._backends.record_for_subject(site, wanted, data["subject"])
            else:
                recorded = self._consents.record(site, wanted, credential)
        except NobodyKnownError:
            raise VisitorUnknownError("a signal changes nothing for a new visitor") from None
        return self._recorded(site, recorded, credential)

    def agree(self, key: str) -> Response:
        """Record that a signed-in user agreed to documents."""
        site = self._sites.get(key)
        body = read_json()
        data = load(_agreement_in, body)
        number = data.get("notice") or self._notices.current(site).number
        act = data | {"action": Action.AGREE, "notice": number}
        wanted = read_request(body, act, Context(method=Method.API), self._clock.now())
        recorded = self._backends.record_for_subject(site, wanted, data["subject"])
        return self._recorded(site, recorded)

    def link(self, key: str) -> Response:
        """Link a user of the site to the visitor whose credential the backend received."""
        site = self._sites.get(key)
        data = load(_link_in, read_json())
        credential = self._exchange.named(site, data)
        if credential is None or credential.expired:
            raise CredentialRefusedError("the credential has expired")
        new = self._subjects.link(site, data["subject"], credential.visitor)
        answer = jsonify(linked=True, new=new)
        answer.status_code = 201 if new else 200
        return answer

    def unlink(self, key: str) -> Response:
        """Forget a user of the site; what its visitors decided stays."""
        site = self._sites.get(key)
        subject = load(_subject_in, read_json())["subject"]
        return jsonify(unlinked=self._subjects.unlink(site, subject))

    def _recorded(
        self, site: Site, recorded: Recorded, presented: Credential | None = None
    ) -> Response:
        answer = jsonify(self._answers.of(site, recorded, presented))
        answer.status_code = 201
        return answer

    def routes(self) -> list[Route]:
        """Return the calls that record."""
        recorded = described("It is stored", RecordedOut(), 201)
        recording = (
            CredentialRefusedError,
            NoticeSupersededError,
            KeyReusedError,
            NothingToWithdrawError,
            VisitorUnknownError,
        )
        return [
            managed(
                "POST",
                f"{SITE}/consents",
                self.record,
                "Record a choice from a server",
                recorded,
                scope=_SCOPE,
                request=_consent_in,
                problems=recording,
            ),
            managed(
                "POST",
                f"{SITE}/agreements",
                self.agree,
                "Record that a signed-in user agreed to documents",
                recorded,
                scope=_SCOPE,
                request=_agreement_in,
                problems=(*recording, NoticeUnknownError),
            ),
            managed(
                "POST",
                f"{SITE}/subjects",
                self.link,
                "Link a user of the site to a visitor by the visitor's credential",
                described("It is linked", LinkedOut(), 201),
                described("It was linked before", LinkedOut()),
                scope=_SCOPE,
                request=_link_in,
                problems=(CredentialRefusedError, VisitorUnknownError),
            ),
            managed(
                "POST",
                f"{SITE}/subjects/unlink",
                self.unlink,
                "Forget a user of the site",
                described("How many visitors it had", schemas.UnlinkedOut()),
                scope=_SCOPE,
                request=_subject_in,
            ),
        ]

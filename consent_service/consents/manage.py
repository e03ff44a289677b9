"""Calls of a site's backend about consents: record, check, look up, link, agreements."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from consent_service.access.service import ApiKeyForbiddenError, ApiKeyRequiredError
from consent_service.consents import manage_schemas as schemas
from consent_service.consents.answers import Answers
from consent_service.consents.backends import BackendService
from consent_service.consents.checks import CheckService, View, Who
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.model import Action, Method
from consent_service.consents.recording import Context
from consent_service.consents.requests import read_request
from consent_service.consents.schemas import LinkedOut, RecordedOut
from consent_service.consents.service import (
    HISTORY_PAGE,
    ConsentService,
    KeyReusedError,
    NobodyKnownError,
    NothingToWithdrawError,
    NoticeSupersededError,
    Recorded,
)
from consent_service.consents.store import EventFilter
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import CredentialRefusedError, StateTokenRefusedError
from consent_service.consents.views import managed_event_json, verdict_json, view_json
from consent_service.core.clock import Clock, format_time
from consent_service.core.errors import InvalidRequestError, NotFoundError
from consent_service.core.ids import parse_reference
from consent_service.core.places import place_of
from consent_service.http.body import load, read_json
from consent_service.http.routes import Access, Answer, Route
from consent_service.notices.service import NoticeService, NoticeUnknownError
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

READ, WRITE, CHECK = "consents:read", "consents:write", "check"
_consent_in, _agreement_in, _check_in = (
    schemas.BackendConsentIn(),
    schemas.AgreementIn(),
    schemas.CheckIn(),
)
_link_in, _subject_in = schemas.SubjectLinkIn(), schemas.SubjectNameIn()
_events_query, _visitor_query = schemas.EventsQuery(), schemas.VisitorQuery()
_agreement_query = schemas.AgreementQuery()


class VisitorUnknownError(NotFoundError):
    """Nothing is on record about a visitor: erased, or never there."""

    code = "visitor_unknown"
    title = "Nothing is on record about this visitor"


class ManagedConsentApi:
    """What the holder of an api key may do about consents."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        consents: ConsentService,
        backends: BackendService,
        checks: CheckService,
        subjects: SubjectService,
        notices: NoticeService,
        sites: SiteService,
        exchange: TokenExchange,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._consents = consents
        self._backends = backends
        self._checks = checks
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
        try:
            if "subject" in data:
                recorded = self._backends.record_for_subject(site, wanted, data["subject"])
            else:
                credential = self._exchange.named(site, data)
                recorded = self._consents.record(site, wanted, credential)
        except NobodyKnownError:
            raise VisitorUnknownError("a signal changes nothing for a new visitor") from None
        return self._recorded(site, recorded)

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

    def missing(self, key: str) -> Response:
        """Tell who has not agreed to a version of a document."""
        site = self._sites.get(key)
        query = load(_agreement_query, request.args.to_dict())
        limit = query["limit"]
        found = self._backends.missing_agreements(
            site, query["document"], query["version"], after=_text(query.get("after")), limit=limit
        )
        answer: dict[str, Any] = {
            "document": query["document"],
            "version": query["version"],
            "total": found.total,
            "missing": found.count,
            "pending": found.pending,
            "visitors": [
                {"visitor": each.visitor, **({"version": each.number} if each.number else {})}
                for each in found.visitors
            ],
        }
        if len(found.visitors) == limit:
            answer["next"] = found.visitors[-1].visitor
        return jsonify(answer)

    def check(self, key: str) -> Response:
        """Answer: may I do this?"""
        site = self._sites.get(key)
        data = load(_check_in, read_json())
        who = Who(
            state_token=data.get("state_token"),
            visitor=_text(data.get("visitor")),
            subject=data.get("subject"),
        )
        verdict = self._checks.check(
            site, who, data["purpose"], data.get("service"), at=self._past(data), gpc=data["gpc"]
        )
        asked = {name: data[name] for name in ("purpose", "service") if name in data}
        return jsonify({**asked, **verdict_json(verdict)})

    def events(self, key: str) -> Response:
        """Return a page of a site's events, oldest first."""
        site = self._sites.get(key)
        query = load(_events_query, request.args.to_dict())
        wanted = EventFilter(
            type=query.get("type"),
            visitor=_text(query.get("visitor")),
            reference=_reference(query.get("reference")),
            since=query.get("since"),
            until=query.get("until"),
        )
        limit = query["limit"]
        events = self._backends.list_events(
            site, wanted, after=_text(query.get("after")), limit=limit
        )
        answer: dict[str, Any] = {"events": [managed_event_json(event) for event in events]}
        if len(events) == limit:
            answer["next"] = events[-1].event_id
        return jsonify(answer)

    def visitor(self, key: str, visitor: UUID) -> Response:
        """Tell how a visitor stands, or stood at a moment, with a page of the history."""
        site = self._sites.get(key)
        query = load(_visitor_query, request.args.to_dict())
        view = self._checks.view(site, Who(visitor=str(visitor)), at=self._past(query))
        if not view.known:
            raise VisitorUnknownError("erased, or never there")
        history = self._backends.list_history(
            site, str(visitor), before=query.get("before"), limit=HISTORY_PAGE
        )
        answer = {
            "visitor": str(visitor),
            "reference": self._backends.reference_of(site, str(visitor)),
            **view_json(view),
            "history": [managed_event_json(event) for event in history],
        }
        if history and history[-1].visitor_seq > 1:
            answer["next"] = history[-1].visitor_seq
        return jsonify(answer)

    def link(self, key: str) -> Response:
        """Link a user of the site to the visitor whose credential the backend received."""
        site = self._sites.get(key)
        data = load(_link_in, read_json())
        credential = self._exchange.named(site, data)
        if credential is None or credential.expired:
            raise CredentialRefusedError("the credential has expired")
        if self._consents.find(site, credential) is None:
            raise VisitorUnknownError("erased, or never there")
        new = self._subjects.link(site, data["subject"], credential.visitor)
        answer = jsonify(linked=True, new=new)
        answer.status_code = 201 if new else 200
        return answer

    def subject(self, key: str) -> Response:
        """Return the visitors of a user of the site, and how they stand together."""
        site = self._sites.get(key)
        subject = load(_subject_in, read_json())["subject"]
        view: View = self._checks.view(site, Who(subject=subject))
        visitors = [
            {"visitor": link.visitor, "linked_at": format_time(link.linked_at)}
            for link in self._subjects.links(site, subject)
        ]
        return jsonify({"visitors": visitors, **view_json(view)})

    def unlink(self, key: str) -> Response:
        """Forget a user of the site; what its visitors decided stays."""
        site = self._sites.get(key)
        subject = load(_subject_in, read_json())["subject"]
        return jsonify(unlinked=self._subjects.unlink(site, subject))

    def _recorded(self, site: Site, recorded: Recorded) -> Response:
        answer = jsonify(self._answers.of(site, recorded))
        answer.status_code = 201
        return answer

    def _past(self, data: dict[str, Any]) -> Any:
        """Return the moment that is asked about.

        Raises:
            InvalidRequestError: it lies in the future.
        """
        moment = data.get("at")
        if moment is not None and moment > self._clock.now():
            raise InvalidRequestError.of("at", "lies in the future")
        return moment

    def routes(self) -> list[Route]:
        """Return the calls of backends."""
        base = "/v1/manage/sites/<key>"
        recording = (
            CredentialRefusedError,
            NoticeSupersededError,
            KeyReusedError,
            NothingToWithdrawError,
            VisitorUnknownError,
        )
        recorded = Answer(status=201, description="It is stored", schema=RecordedOut())
        linked = (
            Answer(status=201, description="It is linked", schema=LinkedOut()),
            Answer(status=200, description="It was linked before", schema=LinkedOut()),
        )

        def posted(path: str, view: Any, scope: str, summary: str, **members: Any) -> Route:
            return _route("POST", f"{base}/{path}", view, scope, summary, **members)

        def got(path: str, view: Any, summary: str, **members: Any) -> Route:
            return _route("GET", f"{base}/{path}", view, READ, summary, **members)

        return [
            posted(
                "consents",
                self.record,
                WRITE,
                "Record a choice from a server",
                request=_consent_in,
                answers=(recorded,),
                problems=recording,
            ),
            posted(
                "check",
                self.check,
                CHECK,
                "May I? For a state token, a visitor or a subject, now or at a time",
                request=_check_in,
                answers=(_ok("Whether, why, and by which event", schemas.CheckOut()),),
                problems=(StateTokenRefusedError,),
            ),
            got(
                "events",
                self.events,
                "A site's events, oldest first",
                query=_events_query,
                answers=(_ok("A page", schemas.EventsOut()),),
            ),
            got(
                "visitors/<uuid:visitor>",
                self.visitor,
                "How a visitor stands or stood, and their history",
                query=_visitor_query,
                answers=(_ok("State and history", schemas.VisitorOut()),),
                problems=(VisitorUnknownError,),
            ),
            posted(
                "subjects",
                self.link,
                WRITE,
                "Link a user of the site to a visitor by the visitor's credential",
                request=_link_in,
                answers=linked,
                problems=(CredentialRefusedError, VisitorUnknownError),
            ),
            posted(
                "subjects/find",
                self.subject,
                READ,
                "The visitors of a user of the site, and how they stand together",
                request=_subject_in,
                answers=(_ok("Visitors and state", schemas.SubjectOut()),),
            ),
            posted(
                "subjects/unlink",
                self.unlink,
                WRITE,
                "Forget a user of the site",
                request=_subject_in,
                answers=(_ok("How many visitors it had", schemas.UnlinkedOut()),),
            ),
            posted(
                "agreements",
                self.agree,
                WRITE,
                "Record that a signed-in user agreed to documents",
                request=_agreement_in,
                answers=(recorded,),
                problems=(*recording, NoticeUnknownError),
            ),
            got(
                "agreements",
                self.missing,
                "Who has not agreed to a version of a document",
                query=_agreement_query,
                answers=(_ok("Their number, and a page of them", schemas.MissingOut()),),
            ),
        ]


def _route(method: str, path: str, view: Any, scope: str, summary: str, **members: Any) -> Route:
    common = (SiteUnknownError, SiteClosedError, ApiKeyRequiredError, ApiKeyForbiddenError)
    problems = (*common, *members.pop("problems", ()), InvalidRequestError)
    return Route(
        method=method,
        path=path,
        view=view,
        access=Access.API_KEY,
        scope=scope,
        tag="Management",
        summary=summary,
        problems=problems,
        **members,
    )


def _ok(description: str, schema: Any) -> Answer:
    return Answer(status=200, description=description, schema=schema)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _reference(typed: str | None) -> str | None:
    if typed is None:
        return None
    try:
        return parse_reference(typed)
    except ValueError as error:
        raise InvalidRequestError.of("reference", str(error)) from error

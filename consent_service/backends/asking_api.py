"""What backends ask: may I, who decided what, who has not agreed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from consent_service.backends import schemas
from consent_service.backends.checks import CheckService, Who
from consent_service.backends.service import BackendService
from consent_service.backends.views import managed_event_json, verdict_json, view_json
from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.service import HISTORY_PAGE
from consent_service.consents.store import EventFilter
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import StateTokenRefusedError
from consent_service.core.clock import Clock, format_time
from consent_service.core.errors import InvalidRequestError
from consent_service.core.ids import parse_reference
from consent_service.documents.service import DocumentService, DocumentUnknownError
from consent_service.http.body import load, read_json
from consent_service.http.routes import Route
from consent_service.sites.routing import SITE, described, managed
from consent_service.sites.service import SiteService

_READ, _CHECK = "consents:read", "check"
_check_in, _subject_in = schemas.CheckIn(), schemas.SubjectNameIn()
_events_query, _visitor_query = schemas.EventsQuery(), schemas.VisitorQuery()
_agreement_query = schemas.AgreementQuery()


class AskingApi:
    """Answers a site's backend."""

    def __init__(
        self,
        *,
        backends: BackendService,
        checks: CheckService,
        subjects: SubjectService,
        documents: DocumentService,
        sites: SiteService,
        clock: Clock,
    ) -> None:
        self._backends = backends
        self._checks = checks
        self._subjects = subjects
        self._documents = documents
        self._sites = sites
        self._clock = clock

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

    def subject(self, key: str) -> Response:
        """Return the visitors of a user of the site, and how they stand together."""
        site = self._sites.get(key)
        subject = load(_subject_in, read_json())["subject"]
        view = self._checks.view(site, Who(subject=subject))
        visitors = [
            {"visitor": link.visitor, "linked_at": format_time(link.linked_at)}
            for link in self._subjects.links(site, subject)
        ]
        return jsonify({"visitors": visitors, **view_json(view)})

    def missing(self, key: str) -> Response:
        """Tell who has not agreed to a version of a document."""
        site = self._sites.get(key)
        query = load(_agreement_query, request.args.to_dict())
        limit = query["limit"]
        self._documents.version(site, query["document"], query["version"])
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

    def _past(self, data: dict[str, Any]) -> datetime | None:
        """Return the moment that is asked about.

        Raises:
            InvalidRequestError: it lies in the future.
        """
        moment: datetime | None = data.get("at")
        if moment is not None and moment > self._clock.now():
            raise InvalidRequestError.of("at", "lies in the future")
        return moment

    def routes(self) -> list[Route]:
        """Return the calls that ask."""
        return [
            managed(
                "POST",
                f"{SITE}/check",
                self.check,
                "May I? For a state token, a visitor or a subject, now or at a time",
                described("Whether, why, and by which event", schemas.CheckOut()),
                scope=_CHECK,
                request=_check_in,
                problems=(StateTokenRefusedError,),
            ),
            managed(
                "GET",
                f"{SITE}/events",
                self.events,
                "A site's events, oldest first",
                described("A page", schemas.EventsOut()),
                scope=_READ,
                query=_events_query,
            ),
            managed(
                "GET",
                f"{SITE}/visitors/<uuid:visitor>",
                self.visitor,
                "How a visitor stands or stood, and their history",
                described("State and history", schemas.VisitorOut()),
                scope=_READ,
                query=_visitor_query,
                problems=(VisitorUnknownError,),
            ),
            managed(
                "POST",
                f"{SITE}/subjects/find",
                self.subject,
                "The visitors of a user of the site, and how they stand together",
                described("Visitors and state", schemas.SubjectOut()),
                scope=_READ,
                request=_subject_in,
            ),
            managed(
                "GET",
                f"{SITE}/agreements",
                self.missing,
                "Who has not agreed to a version of a document",
                described("Their number, and a page of them", schemas.MissingOut()),
                scope=_READ,
                query=_agreement_query,
                problems=(DocumentUnknownError,),
            ),
        ]


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _reference(typed: str | None) -> str | None:
    if typed is None:
        return None
    try:
        return parse_reference(typed)
    except ValueError as error:
        raise InvalidRequestError.of("reference", str(error)) from error

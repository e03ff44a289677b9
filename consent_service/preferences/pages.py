"""The preference page of a site."""

from urllib.parse import urlsplit

from flask import Response, redirect, request

from consent_service.consents import cookies
from consent_service.consents.erasure import Erased, ErasureService
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.links import LinkService, LinkSpentError
from consent_service.consents.model import Act, Action, ConsentEvent, Method, State
from consent_service.consents.recording import Context
from consent_service.consents.service import (
    ConsentService,
    NothingToWithdrawError,
    Recorded,
    Request,
)
from consent_service.consents.store_erasure import Restriction
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError
from consent_service.http.country import PlaceFinder
from consent_service.http.languages import wanted_locale
from consent_service.http.limits import TooManyRequestsError, WriteLimits
from consent_service.http.pages import page
from consent_service.http.routes import Access, Answer, Route
from consent_service.notices.service import NoticeService, NoticeUnknownError, served_variant
from consent_service.preferences.content import Opened, content, messages, restricted
from consent_service.preferences.forms import form_digest, has_choices, opt_out_signal, read_act
from consent_service.preferences.model import can_withdraw
from consent_service.preferences.receipts import RECEIPT_MEDIA, Takeaways
from consent_service.preferences.session import Session, SessionExpiredError, Sessions
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_ACTIONS = ("accept", "reject", "choose", "withdraw", "acknowledge", "agree")
REFRESH = "#consent-refresh"


class PreferencePages:
    """Shows a visitor's choices and takes new ones."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        consents: ConsentService,
        links: LinkService,
        erasure: ErasureService,
        notices: NoticeService,
        sites: SiteService,
        exchange: TokenExchange,
        sessions: Sessions,
        takeaways: Takeaways,
        places: PlaceFinder,
        limits: WriteLimits,
        clock: Clock,
    ) -> None:
        self._consents = consents
        self._links = links
        self._erasure = erasure
        self._notices = notices
        self._sites = sites
        self._exchange = exchange
        self._sessions = sessions
        self._takeaways = takeaways
        self._places = places
        self._limits = limits
        self._clock = clock

    def show(self, key: str) -> Response:
        """Show the page; `?link=` opens it for one visitor, once."""
        site = self._sites.get(key)
        token = request.args.get("link")
        if token and request.method == "GET":
            link = self._links.take(site, token)
            return self._page(self._open(site, link.visitor, link.return_to))
        return self._page(self._open(site, self._visitor_by_cookie(site), None))

    def submit(self, key: str) -> Response:
        """Take what a form says, then return to the website or show the page again."""
        site = self._sites.get(key)
        try:
            session = self._sessions.read(site, request.form.get("session", ""))
        except SessionExpiredError:
            return self._expired(site)
        opened = self._reopen(site, session)
        action = request.form.get("action", "")
        if action == "erase":
            return self._erase(opened)
        if action == "receipt":
            return self._receipt(opened, request.form.get("event", ""))
        if action not in _ACTIONS:
            raise InvalidRequestError.of("action", "is nothing that this page offers")
        return self._record(opened, session, Action(action))

    def _record(self, opened: Opened, session: Session, action: Action) -> Response:
        if opened.visitor and not self._is_on_record(opened):
            return self._expired(opened.site)
        state, _ = self._on_record(opened)
        act = read_act(action, state, opened.terms, self._clock.now())
        if action is Action.CHOOSE and not act.decisions:
            if not has_choices():
                return self._page(opened, error="error_incomplete")
            return self._done(opened, "message_unchanged")
        if act.is_grant or not opened.visitor:
            self._limits.check(opened.site.key)
        try:
            recorded = self._recorded(opened, session, act)
        except NothingToWithdrawError:
            return self._done(opened, "message_unchanged")
        except SessionExpiredError:
            return self._expired(opened.site)
        visitor = str(recorded.latest.visitor)
        answer = self._done(opened, f"message_{action.value}", visitor=visitor)
        return self._exchange.hand_out(answer, opened.site, recorded.latest)

    def _recorded(self, opened: Opened, session: Session, act: Act) -> Recorded:
        """Record an act once, however often its form is sent.

        A form from before a later act, as the way back in the browser brings it, refuses and
        withdraws anew and never grants.

        Raises:
            SessionExpiredError: it would grant.
        """
        wanted = self._request(opened, session.nonce, act)
        recorded = self._consents.record(opened.site, wanted, _credential(opened.visitor))
        latest = recorded.latest
        if recorded.event.event_id == latest.event_id:
            return recorded
        if act.is_grant:
            raise SessionExpiredError("something else was chosen since")
        anew = self._request(opened, f"{session.nonce}:{latest.event_id}", act)
        return self._consents.record(opened.site, anew, _credential(str(latest.visitor)))

    def _request(self, opened: Opened, nonce: str, act: Act) -> Request:
        digest = form_digest(act.action, opened.terms)
        return Request(
            act=act,
            notice=opened.notice.number,
            variant=opened.variant.sha256,
            locale=None,
            context=Context(method=Method.PREFERENCES, place=self._places.find()),
            key=f"{nonce}:{digest.hex()}",
            request_hash=digest,
        )

    def _erase(self, opened: Opened) -> Response:
        if request.form.get("confirm") != "yes":
            return self._page(opened, error="error_confirm")
        context = Context(method=Method.PREFERENCES, place=self._places.find())
        erased = Erased()
        if opened.visitor:
            erased = self._erasure.erase(opened.site, opened.visitor, context)
        answer = page(
            "erased.html",
            opened.variant.locale,
            site=opened.site,
            languages=[],
            count=erased.events,
            restricted=restricted(opened, erased.restriction),
            back=f"{opened.return_to}{REFRESH}" if opened.return_to else None,
        )
        return cookies.clear_cookies(answer, opened.site)

    def _receipt(self, opened: Opened, event_id: str) -> Response:
        """Hand out the receipt of an event of the visitor with all that goes with it, as a file."""
        event = self._consents.find_own(opened.site, opened.visitor, event_id)
        if event is None:
            return self._expired(opened.site)
        answer = Response(self._takeaways.file(opened.site, event), content_type=RECEIPT_MEDIA)
        name = f"receipt-{event.reference}-{event.visitor_seq}.json"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def _expired(self, site: Site) -> Response:
        """Show the page as to a stranger: the form was open for too long, or names nobody."""
        answer = self._page(self._open(site, None, None), error="error_expired")
        answer.status_code = SessionExpiredError.status
        return answer

    def _done(self, opened: Opened, message: str, visitor: str | None = None) -> Response:
        """Return to the website, where the change takes effect at once, or show the page again."""
        if opened.return_to:
            return redirect(f"{opened.return_to}{REFRESH}", code=303)  # type: ignore[return-value]
        again = self._open(opened.site, visitor or opened.visitor, None)
        return self._page(again, saved=message)

    def _open(self, site: Site, visitor: str | None, return_to: str | None) -> Opened:
        notice = self._notices.current(site)
        locale = wanted_locale(site.locales)
        variant = served_variant(site, notice, self._places.find(), locale)
        return Opened(
            site=site, notice=notice, variant=variant, visitor=visitor, return_to=return_to
        )

    def _reopen(self, site: Site, session: Session) -> Opened:
        """Return the page as it was shown, even if a newer notice is in force by now."""
        notice, variant = self._notices.shown(site, session.variant)
        return Opened(
            site=site,
            notice=notice,
            variant=variant,
            visitor=session.visitor,
            return_to=session.return_to,
        )

    def _visitor_by_cookie(self, site: Site) -> str | None:
        try:
            credential = self._exchange.presented(site, {})
        except CredentialRefusedError:
            return None
        return credential.visitor if credential and not credential.expired else None

    def _on_record(self, opened: Opened) -> tuple[State, list[ConsentEvent]]:
        credential = _credential(opened.visitor)
        profile = self._consents.find(opened.site, credential) if credential else None
        return (State.load(profile.latest.state), profile.history) if profile else (State(), [])

    def _is_on_record(self, opened: Opened) -> bool:
        """Tell whether the visitor still has a record: it may have been erased meanwhile."""
        return bool(self._on_record(opened)[1])

    def _page(
        self, opened: Opened, *, saved: str | None = None, error: str | None = None
    ) -> Response:
        state, history = self._on_record(opened)
        session = self._sessions.open(
            opened.site,
            visitor=opened.visitor,
            return_to=opened.return_to,
            variant=opened.variant.sha256,
        )
        return page(
            "preferences.html",
            opened.variant.locale,
            form_targets=_form_targets(opened.return_to),
            session=session,
            messages=messages(opened, saved=saved, error=error),
            restricted=restricted(opened, self._foreseen(opened, state, history)),
            **content(opened, state, history, self._clock.now(), gpc=opt_out_signal()),
        )

    def _foreseen(
        self, opened: Opened, state: State, history: list[ConsentEvent]
    ) -> Restriction | None:
        """Return how an erasure would hide the visitor, who is told before they ask for it."""
        if not opened.visitor or not history:
            return None
        now = self._clock.now()
        newest_at = now if can_withdraw(state, now) else history[0].ts
        return self._erasure.foresee(opened.site, opened.visitor, newest_at)

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        shown = Answer(status=200, description="The page", media=("text/html",))
        back = Answer(status=303, description="Back to the website")
        changed = Answer(
            status=200, description="The page, or a receipt", media=("text/html", RECEIPT_MEDIA)
        )
        common = (SiteUnknownError, SiteClosedError, NoticeUnknownError)
        entries = (
            ("GET", self.show, "What the visitor chose", (shown,), (LinkSpentError,)),
            (
                "POST",
                self.submit,
                "Change what the visitor chose",
                (changed, back),
                (InvalidRequestError, SessionExpiredError, TooManyRequestsError),
            ),
        )
        return [
            Route(
                method=method,
                path="/sites/<key>/preferences",
                view=view,
                access=Access.PAGE,
                tag="Pages",
                summary=summary,
                answers=answers,
                problems=(*common, *problems),
            )
            for method, view, summary, answers, problems in entries
        ]


def _credential(visitor: str | None) -> Credential | None:
    return Credential(visitor=visitor, expired=False) if visitor else None


def _form_targets(return_to: str | None) -> tuple[str, ...]:
    if not return_to:
        return ()
    parts = urlsplit(return_to)
    return (f"{parts.scheme}://{parts.netloc}",)

"""The preference page of a site."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Response, redirect, request

from consent_service.consents import cookies
from consent_service.consents.erasure import ErasureService
from consent_service.consents.exchange import TokenExchange
from consent_service.consents.links import LinkService, LinkSpentError
from consent_service.consents.model import Act, Action, ConsentEvent, Method, State
from consent_service.consents.recording import Context
from consent_service.consents.service import ConsentService, NothingToWithdrawError, Request
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError
from consent_service.http.country import PlaceFinder
from consent_service.http.languages import wanted_locale
from consent_service.http.pages import languages, moment, page, page_strings
from consent_service.http.routes import Access, Answer, Route
from consent_service.notices.model import Notice, Variant
from consent_service.notices.service import NoticeService, NoticeUnknownError, served_variant
from consent_service.notices.terms import Terms, terms_of
from consent_service.preferences.forms import has_choices, opt_out_signal, read_act
from consent_service.preferences.model import (
    Shown,
    asked_documents,
    can_withdraw,
    country_name,
    history_entry,
    shown_purposes,
)
from consent_service.preferences.session import Session, SessionExpiredError, Sessions
from consent_service.sites.model import Site
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_ACTIONS = ("accept", "reject", "choose", "withdraw", "acknowledge", "agree")
REFRESH = "#consent-refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page that is being shown."""

    site: Site
    notice: Notice
    variant: Variant
    visitor: str | None
    return_to: str | None

    @property
    def terms(self) -> Terms:
        """What the page asks."""
        return terms_of(self.variant)


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
        places: PlaceFinder,
        clock: Clock,
    ) -> None:
        self._consents = consents
        self._links = links
        self._erasure = erasure
        self._notices = notices
        self._sites = sites
        self._exchange = exchange
        self._sessions = sessions
        self._places = places
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
            return self._page(self._open(site, None, None), error="error_expired")
        opened = self._reopen(site, session)
        action = request.form.get("action", "")
        if action == "erase":
            return self._erase(opened)
        if action not in _ACTIONS:
            raise InvalidRequestError.of("action", "is nothing that this page offers")
        return self._record(opened, session, Action(action))

    def _record(self, opened: Opened, session: Session, action: Action) -> Response:
        if opened.visitor and not self._is_on_record(opened):
            return self._page(self._open(opened.site, None, None), error="error_expired")
        state, _ = self._on_record(opened)
        act = read_act(action, state, opened.terms, self._clock.now())
        if action is Action.CHOOSE and not act.decisions:
            if not has_choices():
                return self._page(opened, error="error_incomplete")
            return self._done(opened, "message_unchanged")
        try:
            recorded = self._consents.record(
                opened.site, self._request(opened, session, act), _credential(opened.visitor)
            )
        except NothingToWithdrawError:
            return self._done(opened, "message_unchanged")
        visitor = str(recorded.latest.visitor)
        answer = self._done(opened, f"message_{action.value}", visitor=visitor)
        return self._exchange.hand_out(answer, opened.site, recorded.latest)

    def _request(self, opened: Opened, session: Session, act: Act) -> Request:
        said = json.dumps(sorted(request.form.items())).encode()
        digest = hashlib.sha256(said).digest()
        return Request(
            act=act,
            notice=opened.notice.number,
            variant=opened.variant.sha256,
            locale=None,
            context=Context(method=Method.PREFERENCES, place=self._places.find()),
            key=f"{session.nonce}:{digest.hex()}",
            request_hash=digest,
        )

    def _erase(self, opened: Opened) -> Response:
        if request.form.get("confirm") != "yes":
            return self._page(opened, error="error_confirm")
        context = Context(method=Method.PREFERENCES, place=self._places.find())
        count = self._erasure.erase(opened.site, opened.visitor, context) if opened.visitor else 0
        answer = page(
            "erased.html",
            opened.variant.locale,
            site=opened.site,
            languages=[],
            count=count,
            restricted=None,
            back=f"{opened.return_to}{REFRESH}" if opened.return_to else None,
        )
        return cookies.clear_cookies(answer, opened.site)

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
        site, locale = opened.site, opened.variant.locale
        state, history = self._on_record(opened)
        known = bool(opened.visitor) or site.embed.server_sets_cookies
        words = page_strings(locale)
        messages = [
            {"level": level, "text": words[key]}
            for level, key in (("saved", saved), ("error", error))
            if key
        ]
        terms, now, gpc = opened.terms, self._clock.now(), opt_out_signal()
        concerned = any(purpose.sale_or_sharing for purpose in terms.purposes.values())
        asked = asked_documents(state, terms, now)
        return page(
            "preferences.html",
            locale,
            form_targets=_form_targets(opened.return_to),
            site=site,
            languages=[] if known else languages(site.locales, locale),
            known=known,
            notice=json.loads(opened.variant.body),
            state=_localised(shown_purposes(state, terms, now, gpc=gpc), locale),
            agreed={
                kind: {"n": each.n, "at": moment(each.at, locale)}
                for kind, each in state.agreed().items()
            },
            asked={kind: document.accept for kind, document in asked.items()},
            withdrawable=can_withdraw(state, now),
            country=lambda code: country_name(code, locale),
            reference=history[0].reference if history else None,
            history=[_entry(event, locale) for event in history],
            older=None,
            session=self._sessions.open(
                site,
                visitor=opened.visitor,
                return_to=opened.return_to,
                variant=opened.variant.sha256,
            ),
            messages=messages,
            opt_out=gpc and concerned,
            restricted=None,
            back=opened.return_to,
        )

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        shown = Answer(status=200, description="The page", media=("text/html",))
        back = Answer(status=303, description="Back to the website")
        common = (SiteUnknownError, SiteClosedError, NoticeUnknownError)
        entries = (
            ("GET", self.show, "What the visitor chose", (shown,), LinkSpentError),
            (
                "POST",
                self.submit,
                "Change what the visitor chose",
                (shown, back),
                InvalidRequestError,
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
                problems=(*common, problem),
            )
            for method, view, summary, answers, problem in entries
        ]


def _credential(visitor: str | None) -> Credential | None:
    return Credential(visitor=visitor, expired=False) if visitor else None


def _form_targets(return_to: str | None) -> tuple[str, ...]:
    if not return_to:
        return ()
    parts = urlsplit(return_to)
    return (f"{parts.scheme}://{parts.netloc}",)


def _localised(purposes: dict[str, Shown], locale: str) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "value": each.value,
            "why": each.why,
            "override": each.override,
            "until": moment(each.until, locale) if each.until else None,
        }
        for key, each in purposes.items()
    }


def _entry(event: ConsentEvent, locale: str) -> dict[str, Any]:
    entry = history_entry(event)
    return {**entry, "at": moment(entry["ts"], locale, with_time=True)}

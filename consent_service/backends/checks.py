"""Answers a backend's question: may I?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent_service.consents import store
from consent_service.consents.model import ConsentEvent, Decision, State, Value
from consent_service.consents.rules.standing import NOTHING, Ruling, Standing, Why, standing_of
from consent_service.consents.rules.subjects import combined
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import Tokens
from consent_service.core.clock import Clock
from consent_service.db.engine import Database
from consent_service.notices.model import Notice, notice_in_force
from consent_service.notices.profiles import strictest
from consent_service.notices.service import NoticeService, served_variant
from consent_service.notices.terms import Terms, terms_of
from consent_service.sites.model import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whom a question is about: one of these is given. `state_token` is what the browser holds."""

    state_token: str | None = None
    visitor: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a visitor, or all visitors of a subject, stood at a moment.

    `latest` are their newest events by then, `profile` is the one whose rules apply: that of their
    newest events, the strictest where they differ. `known` tells whether anything is on record
    about whom the question names.
    """

    known: bool

    at: datetime
    notice: Notice | None
    terms: Terms | None
    profile: str | None
    state: State
    standing: Standing
    latest: Sequence[ConsentEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a purpose is allowed, why, and the event that says so where one does."""

    ruling: Ruling
    value: Value | None
    view: View
    event: ConsentEvent | None


class CheckService:
    """Reads events, never projections, so that an answer holds at the moment it is given."""

    def __init__(
        self,
        *,
        db: Database,
        notices: NoticeService,
        subjects: SubjectService,
        tokens: Tokens,
        clock: Clock,
    ) -> None:
        self._db = db
        self._notices = notices
        self._subjects = subjects
        self._tokens = tokens
        self._clock = clock

    def check(
        self,
        site: Site,
        who: Who,
        purpose: str,
        service: str | None = None,
        *,
        at: datetime | None = None,
        gpc: bool = False,
    ) -> Verdict:
        """Tell whether a purpose, or one service of it, is allowed now or was at a moment.

        Raises:
            StateTokenRefusedError: the token is not one of this site.
        """
        view = self.view(site, who, at=at, gpc=gpc)
        ruling = _ruling(view, purpose, service)
        event = self._event_of(site, view, ruling, {purpose, service})
        return Verdict(ruling=ruling, value=_value(ruling), view=view, event=event)

    def view(self, site: Site, who: Who, *, at: datetime | None = None, gpc: bool = False) -> View:
        """Return how somebody stands now, or stood at a moment in the past.

        Raises:
            StateTokenRefusedError: the token is not one of this site.
        """
        moment = at or self._clock.now()
        visitors = self._visitors(site, who)
        with self._db.read() as connection:
            found = [store.find_latest(connection, site.site_id, v, moment) for v in visitors]
        latest = [event for event in found if event]
        known = bool(visitors)
        notice = notice_in_force(self._notices.list(site), moment)
        if notice is None:
            return _before_any_notice(moment, latest, known=known)
        terms, profile = _terms(site, notice, latest)
        state = combined([State.load(event.state) for event in latest], terms)
        return View(
            known=known,
            at=moment,
            notice=notice,
            terms=terms,
            profile=profile,
            state=state,
            standing=standing_of(state, terms, moment, gpc=gpc),
            latest=latest,
        )

    def _visitors(self, site: Site, who: Who) -> list[str]:
        """Return the visitors who have a record."""
        if who.subject is not None:
            return [link.visitor for link in self._subjects.links(site, who.subject)]
        with self._db.read() as connection:
            if who.visitor is not None:
                event = store.find_latest(connection, site.site_id, who.visitor)
            else:
                event_id = self._tokens.read_state_token(site, who.state_token or "")
                event = store.find_event(connection, site.site_id, event_id)
        return [event.visitor] if event and event.visitor else []

    def _event_of(
        self, site: Site, view: View, ruling: Ruling, keys: set[str | None]
    ) -> ConsentEvent | None:
        """Return the event that made the decision of a ruling."""
        if ruling.decision is None:
            return None
        visitors = [str(event.visitor) for event in view.latest]
        with self._db.read() as connection:
            events = store.list_events_of(connection, site.site_id, visitors, ruling.decision.at)
        made = (event for event in events if _makes(event, ruling.decision, keys))
        return next(made, None)


def _makes(event: ConsentEvent, decision: Decision, keys: set[str | None]) -> bool:
    """Tell whether an event made a decision about one of some purposes and services."""
    leaf, state = event.body(), State.load(event.state)
    return any(
        group.get(key) == decision
        for named, group in (("decisions", state.purposes), ("services", state.services))
        for key in keys & leaf.get(named, {}).keys()
    )


def _terms(site: Site, notice: Notice, latest: Sequence[ConsentEvent]) -> tuple[Terms, str]:
    """Return the rules for somebody: of the strictest profile that their newest events were under.

    Nothing on record: the strictest that the site declares.
    """
    profiles = {str(event.body()["profile"]) for event in latest}
    declared = {variant.profile for variant in notice.variants}
    known = profiles & declared
    if not known:
        variant = served_variant(site, notice, place=None)
    else:
        chosen = strictest(known).key
        variant = next(each for each in notice.variants if each.profile == chosen)
    return terms_of(variant), variant.profile


def _ruling(view: View, purpose: str, service: str | None) -> Ruling:
    if not view.known:
        return Ruling(allowed=False, why=Why.NOT_ON_RECORD)
    if service is None or view.terms is None:
        return view.standing.purposes.get(purpose, NOTHING)
    belongs = view.terms.purpose_of(service) == purpose
    return view.standing.services[service] if belongs else NOTHING


def _before_any_notice(moment: datetime, latest: Sequence[ConsentEvent], *, known: bool) -> View:
    return View(
        known=known,
        at=moment,
        notice=None,
        terms=None,
        profile=None,
        state=State(),
        standing=Standing(purposes={}, services={}, questions=()),
        latest=latest,
    )


def _value(ruling: Ruling) -> Value | None:
    if ruling.why is Why.NOT_SUBJECT:
        return Value.NOT_SUBJECT
    return ruling.decision.value if ruling.decision else None

"""Records what visitors decide, and tells what is on record about them."""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from consent_service.consents import store, store_subjects
from consent_service.consents.model import Act, Action, ConsentEvent
from consent_service.consents.recording import Answer, Context, decide_answer, new_event
from consent_service.consents.store import Repeatable
from consent_service.consents.subjects import SubjectService
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.errors import InvalidRequestError, ServiceError, UnavailableError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError, Outcome, Unit
from consent_service.notices.model import Notice, Variant
from consent_service.notices.service import NoticeService, ruling_variant, served_variant
from consent_service.sites.model import Site

SUPERSEDED_GRACE = timedelta(days=7)
HISTORY_PAGE = 50
_ATTEMPTS = 6
_LONGEST_PAUSE_SECONDS = 0.02


class NoticeSupersededError(ServiceError):
    """A grant under a notice that another replaced too long ago."""

    code = "notice_superseded"
    title = "The notice was replaced: ask again"
    status = 409


class KeyReusedError(ServiceError):
    """An idempotency key came with another request than before, or its event is gone."""

    code = "idempotency_conflict"
    title = "The key was used for something else"
    status = 409


class NobodyKnownError(Exception):
    """An opt-out signal of a browser about whom nothing is on record: there is nothing to keep."""


class NothingToWithdrawError(ServiceError):
    """A withdrawal by a visitor who never gave anything."""

    code = "nothing_to_withdraw"
    title = "There is nothing to withdraw"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to record an act. Hashes are SHA-256; `variant` and `locale` as the client says.

    A new visitor is linked to `subject`, a user of the site.
    """

    act: Act
    notice: int
    variant: str | None
    locale: str | None
    context: Context
    key: str
    request_hash: bytes
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The event that answers a request, and the visitor's newest one."""

    event: ConsentEvent
    latest: ConsentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a visitor may see of themselves: the newest event, and a page of the history."""

    latest: ConsentEvent
    history: list[ConsentEvent]


class ConsentService:
    """The consents of all sites."""

    def __init__(
        self,
        *,
        db: Database,
        notices: NoticeService,
        subjects: SubjectService,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db = db
        self._notices = notices
        self._subjects = subjects
        self._clock = clock
        self._ids = ids

    def record(self, site: Site, request: Request, credential: Credential | None) -> Recorded:
        """Store an act as the visitor's next event, once per key.

        Raises:
            InvalidRequestError: the request does not fit the notice.
            NoticeSupersededError: a grant comes too late.
            CredentialRefusedError: a grant comes with an expired credential.
            KeyReusedError: the key was used for another request.
            NothingToWithdrawError: there is nothing to end.
            NobodyKnownError: a signal comes from a visitor about whom nothing is on record.
        """
        if credential and credential.expired and request.act.is_grant:
            raise CredentialRefusedError("the credential has expired")
        key = _repeatable(request)
        try:
            recorded = self._record(site, request, key, credential)
        except (InvalidRequestError, NoticeSupersededError):
            # What was taken once is answered again, even if it would not be taken now.
            if repeated := self._find_repeated(site, key, credential):
                return repeated
            raise
        return recorded

    def _record(
        self, site: Site, request: Request, key: Repeatable, credential: Credential | None
    ) -> Recorded:
        answer = self._answer(site, request)
        for attempt in range(_ATTEMPTS):
            self._pause(attempt)
            previous = self._latest(site, credential)
            if previous is None and request.act.action is Action.SIGNAL:
                raise NobodyKnownError
            ts = self._clock.now()
            change = decide_answer(answer, previous, ts)
            if change is None:
                return self._find_repeated(site, key, credential) or _unchanged(answer, previous)
            event = new_event(
                site,
                change,
                answer.circumstances,
                previous,
                ts=ts,
                ids=self._ids,
                made_at=answer.act.made_at,
            )
            unit = store.event_unit(site.site_id, event, key, previous)
            if request.subject and previous is None:
                unit = self._linked(site, unit, request.subject, event)
            try:
                outcome = self._db.append(unit)
            except ConflictError:
                continue
            if outcome is Outcome.REPEATED:
                repeated = self._find_repeated(site, key, credential)
                if repeated is None:
                    raise KeyReusedError("the key was used before")
                return repeated
            if outcome is Outcome.STORED:
                return Recorded(event=event, latest=event)
        raise UnavailableError("too many answers of this visitor at once")

    def _linked(self, site: Site, unit: Unit, subject: str, event: ConsentEvent) -> Unit:
        link = self._subjects.new_link(site, subject, str(event.visitor), event.ts)
        return replace(unit, rows=(*unit.rows, store_subjects.link_row(site.site_id, link)))

    def find_answered(self, site: Site, request: Request) -> Recorded | None:
        """Return what answered a request before; None for a new key.

        Raises:
            KeyReusedError: the key was used for another request, or its event was erased.
        """
        return self._find_repeated(site, _repeatable(request), None)

    def find(self, site: Site, credential: Credential, before: int | None = None) -> Profile | None:
        """Return what is known of a visitor; None where there is no event, as after erasure."""
        with self._db.read() as connection:
            latest = store.find_latest(connection, site.site_id, credential.visitor)
            history = store.list_events(
                connection, site.site_id, credential.visitor, limit=HISTORY_PAGE, before=before
            )
        if latest is None:
            return None
        return Profile(latest=latest, history=history)

    def find_own(self, site: Site, visitor: str | None, event_id: str) -> ConsentEvent | None:
        """Return an event where it is that visitor's; an id that is none is nobody's."""
        try:
            wanted = str(UUID(event_id))
        except ValueError:
            return None
        with self._db.read() as connection:
            event = store.find_event(connection, site.site_id, wanted)
        return event if event and visitor and event.visitor == visitor else None

    def _answer(self, site: Site, request: Request) -> Answer:
        """Return an act with what it answers, where that can still be answered."""
        notice = self._notices.find(site, request.notice)
        now = self._clock.now()
        if notice is None or notice.effective_at > now:
            raise InvalidRequestError.of("notice", f"the site has no notice {request.notice}")
        superseded = self._notices.superseded_at(site, notice)
        if request.act.is_grant and superseded and now - superseded > SUPERSEDED_GRACE:
            raise NoticeSupersededError(
                f"notice {notice.number} was replaced {superseded:%Y-%m-%d}"
            )
        shown = _shown(site, notice, request)
        ruling, why = ruling_variant(site, notice, shown, request.context.place)
        return Answer(
            act=_not_before(request.act, notice),
            notice=notice,
            shown=shown,
            ruling=ruling,
            why=why,
            context=request.context,
        )

    def _latest(self, site: Site, credential: Credential | None) -> ConsentEvent | None:
        if credential is None:
            return None
        with self._db.read() as connection:
            return store.find_latest(connection, site.site_id, credential.visitor)

    def _pause(self, attempt: int) -> None:
        """Let those who write for the same visitor at the same moment part."""
        if attempt:
            time.sleep(attempt * _LONGEST_PAUSE_SECONDS * self._ids.random(1)[0] / 255)

    def _find_repeated(
        self, site: Site, key: Repeatable, credential: Credential | None
    ) -> Recorded | None:
        """Answer a repeat as the first time; None for a new key. Anything else learns nothing."""
        with self._db.read() as connection:
            found = store.find_repeated(connection, site.site_id, key.key_hash)
            if found is None:
                return None
            request_hash, event = found
            same_visitor = event.visitor and (
                credential is None or credential.visitor == event.visitor
            )
            if request_hash != key.request_hash or not same_visitor:
                raise KeyReusedError("the key was used before")
            latest = store.find_latest(connection, site.site_id, str(event.visitor))
        return Recorded(event=event, latest=latest or event)


def _repeatable(request: Request) -> Repeatable:
    return Repeatable(
        key_hash=hashlib.sha256(request.key.encode()).digest(),
        request_hash=request.request_hash,
    )


def _not_before(act: Act, notice: Notice) -> Act:
    """Nobody answers a notice before it is in force, whatever a device's clock says."""
    if act.made_at is None:
        return act
    return replace(act, made_at=max(act.made_at, notice.effective_at))


def _shown(site: Site, notice: Notice, request: Request) -> Variant:
    locales = {variant.locale for variant in notice.variants}
    if request.variant is None:
        if request.locale is not None and request.locale not in locales:
            raise InvalidRequestError.of(
                "locale", f"notice {notice.number} is not in {request.locale}"
            )
        return served_variant(site, notice, request.context.place, request.locale)
    variant = notice.variant_of(request.variant)
    if variant is None:
        raise InvalidRequestError.of("variant", f"is no variant of notice {notice.number}")
    if request.locale not in (None, variant.locale):
        raise InvalidRequestError.of("locale", f"the variant is in {variant.locale}")
    return variant


def _unchanged(answer: Answer, previous: ConsentEvent | None) -> Recorded:
    if previous is None and answer.act.action is Action.WITHDRAW:
        raise NothingToWithdrawError("nothing is on record that could be withdrawn")
    if previous is None:
        raise InvalidRequestError.of("occurred_at", "is so long ago that nothing of it holds")
    return Recorded(event=previous, latest=previous)

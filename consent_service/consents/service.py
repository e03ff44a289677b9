"""Records what visitors decide, answers who they are, erases them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from consent_service.consents import store
from consent_service.consents.model import Act, Action, Change, ConsentEvent, State
from consent_service.consents.recording import Answer, Context, new_event
from consent_service.consents.rules import decide
from consent_service.consents.store import Repeatable, VisitorLink
from consent_service.consents.tokens import Credential, CredentialRefusedError
from consent_service.core.clock import Clock
from consent_service.core.encoding import b64url
from consent_service.core.errors import InvalidRequestError, ServiceError, UnavailableError
from consent_service.core.ids import Ids
from consent_service.db.engine import Database
from consent_service.db.unit import ConflictError, Outcome
from consent_service.ledger import store as ledger_store
from consent_service.ledger.model import Leaf, control_leaf
from consent_service.notices.model import Notice, Variant
from consent_service.notices.service import NoticeService, served_variant
from consent_service.notices.terms import terms_of
from consent_service.sites.model import Site

SUPERSEDED_GRACE = timedelta(days=7)
LINK_LIFETIME = timedelta(minutes=10)
KEY_LIFETIME = timedelta(days=30)
HISTORY_PAGE = 50
_ATTEMPTS = 6


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


class NothingToWithdrawError(ServiceError):
    """A withdrawal by a visitor who never gave anything."""

    code = "nothing_to_withdraw"
    title = "There is nothing to withdraw"
    status = 409


class LinkSpentError(ServiceError):
    """A one-use address that was used, or is older than ten minutes."""

    code = "link_spent"
    title = "This link was used or is too old"
    status = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to record an act. Hashes are SHA-256; `variant` and `locale` as the client says."""

    act: Act
    notice: int
    variant: str | None
    locale: str | None
    context: Context
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The event that answers a request, and the visitor's state now."""

    event: ConsentEvent
    visitor: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a visitor may see of themselves."""

    visitor: str
    latest: ConsentEvent
    state: State
    history: list[ConsentEvent]


class ConsentService:
    """The consents of all sites."""

    def __init__(self, db: Database, notices: NoticeService, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._notices = notices
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
        """
        if credential and credential.expired and request.act.is_grant:
            raise CredentialRefusedError("the credential has expired")
        answer = self._answer(site, request)
        key = Repeatable(
            key_hash=hashlib.sha256(request.key.encode()).digest(),
            request_hash=request.request_hash,
        )
        for _ in range(_ATTEMPTS):
            previous = self._latest(site, credential)
            ts = self._clock.now()
            change = _decide(answer, previous, ts)
            if change is None:
                return _unchanged(previous)
            event = new_event(site, answer, change, previous, ts=ts, ids=self._ids)
            try:
                outcome = self._db.append(store.event_unit(site.site_id, event, key, previous))
            except ConflictError:
                continue
            if outcome is Outcome.REPEATED:
                return self._repeated(site, key, credential)
            if outcome is Outcome.STORED:
                return Recorded(event=event, visitor=str(event.visitor), state=change.state)
        raise UnavailableError("too many answers of this visitor at once")

    def find(self, site: Site, credential: Credential, before: int | None = None) -> Profile | None:
        """Return what is known of a visitor; None where there is no event, as after erasure."""
        with self._db.read() as connection:
            latest = store.find_latest(connection, site.site_id, credential.visitor)
            history = store.list_events(
                connection, site.site_id, credential.visitor, limit=HISTORY_PAGE, before=before
            )
        if latest is None:
            return None
        state = State.load(latest.state)
        return Profile(visitor=credential.visitor, latest=latest, state=state, history=history)

    def erase(self, site: Site, visitor: str, context: Context) -> int:
        """Withdraw what is granted, then clear all that names a visitor; return how many events.

        Each event leaves a `log.erasure` leaf that names its leaf hash.
        """
        notice = self._notices.current(site)
        answer = Answer(
            act=Act(action=Action.WITHDRAW),
            notice=notice,
            variant=served_variant(site, notice),
            context=context,
        )
        erased = 0
        with self._db.write() as tx:
            latest = store.find_latest(tx, site.site_id, visitor)
            if latest is None:
                return 0
            self._insert_change(tx, site, answer, latest)
            # An append that ran meanwhile shows in a later statement: go on until none is left.
            while rows := store.erase_events(tx, site.site_id, visitor):
                for _event_id, leaf_hash in rows:
                    ledger_store.insert_entry(tx, site.site_id, self._erasure_leaf(site, leaf_hash))
                erased += len(rows)
            store.delete_links_of(tx, site.site_id, visitor)
        return erased

    def _insert_change(
        self, tx: Connection, site: Site, answer: Answer, latest: ConsentEvent
    ) -> None:
        ts = self._clock.now()
        change = _decide(answer, latest, ts)
        if change:
            event = new_event(site, answer, change, latest, ts=ts, ids=self._ids)
            store.insert_event(tx, site.site_id, event)

    def open_link(self, site: Site, visitor: str, return_to: str) -> str:
        """Return the token of a one-use address, valid for ten minutes."""
        token = b64url(self._ids.random(24))
        link = VisitorLink(
            token_hash=_digest(token),
            visitor=visitor,
            return_to=return_to,
            expires_at=self._clock.now() + LINK_LIFETIME,
        )
        with self._db.write() as tx:
            store.insert_link(tx, site.site_id, link)
        return token

    def take_link(self, site: Site, token: str) -> VisitorLink:
        """Return whom a one-use address names, and spend it.

        Raises:
            LinkSpentError: it was used, or is too old.
        """
        with self._db.write() as tx:
            link = store.take_link(tx, site.site_id, _digest(token))
        if link is None or link.expires_at <= self._clock.now():
            raise LinkSpentError("open the preferences from the website again")
        return link

    def purge(self) -> int:
        """Remove spent links and old idempotency keys; return how many rows went."""
        now = self._clock.now()
        with self._db.write() as tx:
            return store.delete_expired(tx, links_before=now, keys_before=now - KEY_LIFETIME)

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
        return Answer(
            act=request.act,
            notice=notice,
            variant=_variant(site, notice, request),
            context=request.context,
        )

    def _latest(self, site: Site, credential: Credential | None) -> ConsentEvent | None:
        if credential is None:
            return None
        with self._db.read() as connection:
            return store.find_latest(connection, site.site_id, credential.visitor)

    def _repeated(self, site: Site, key: Repeatable, credential: Credential | None) -> Recorded:
        """Answer a repeat as the first time; anything else learns nothing."""
        with self._db.read() as connection:
            found = store.find_repeated(connection, site.site_id, key.key_hash)
            if found is None:
                raise KeyReusedError("the key was used before")
            request_hash, event = found
            same_visitor = event.visitor and (
                credential is None or credential.visitor == event.visitor
            )
            if request_hash != key.request_hash or not same_visitor:
                raise KeyReusedError("the key was used before")
            latest = store.find_latest(connection, site.site_id, str(event.visitor))
        return Recorded(
            event=event,
            visitor=str(event.visitor),
            state=State.load(latest.state if latest else event.state),
        )

    def _erasure_leaf(self, site: Site, leaf_hash: bytes) -> Leaf:
        return control_leaf(
            "log.erasure",
            site.log_origin,
            self._clock.now(),
            self._ids,
            leaf=leaf_hash.hex(),
            fields=["visitor", "prev", "claimed_at"],
            reason="request",
        )


def _variant(site: Site, notice: Notice, request: Request) -> Variant:
    locales = {variant.locale for variant in notice.variants}
    if request.variant is None:
        if request.locale is not None and request.locale not in locales:
            raise InvalidRequestError.of(
                "locale", f"notice {notice.number} is not in {request.locale}"
            )
        return served_variant(site, notice, request.locale)
    variant = notice.variant_of(request.variant)
    if variant is None:
        raise InvalidRequestError.of("variant", f"is no variant of notice {notice.number}")
    if request.locale not in (None, variant.locale):
        raise InvalidRequestError.of("locale", f"the variant is in {variant.locale}")
    return variant


def _decide(answer: Answer, previous: ConsentEvent | None, ts: datetime) -> Change | None:
    state = State.load(previous.state) if previous else State()
    terms, act = terms_of(answer.variant), answer.act
    if act.action is Action.WITHDRAW and previous is None and terms.choices():
        act = _as_refusal(act)
    return decide(act, terms, answer.notice.number, state, ts)


def _unchanged(previous: ConsentEvent | None) -> Recorded:
    if previous is None:
        raise NothingToWithdrawError("nothing is on record that could be withdrawn")
    return Recorded(event=previous, visitor=str(previous.visitor), state=State.load(previous.state))


def _as_refusal(act: Act) -> Act:
    """Who has given nothing and withdraws says no: that is kept as a refusal."""
    named = act.decisions or act.services
    return Act(
        action=Action.CHOOSE if named else Action.REJECT,
        decisions=act.decisions,
        services=act.services,
        gpc=act.gpc,
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def made_at(
    occurred_at: datetime | None, sent_at: datetime | None, received_at: datetime
) -> datetime | None:
    """Return when a kept answer was made, by our clock: its age counts back from its receipt."""
    if occurred_at is None or sent_at is None:
        return None
    return received_at - max(sent_at - occurred_at, timedelta(0))

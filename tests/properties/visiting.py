"""Visitors of one site on a real service, each beside the memory of what they sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import note
from werkzeug.test import TestResponse

from consent_service.application import build_app
from consent_service.backends.checks import View, Who
from consent_service.bootstrap import build_services
from consent_service.core.clock import format_time
from consent_service.settings import load_settings
from tests.properties.edited_site import KEY, EditedSite
from tests.properties.facts import Fact, Notice, Standing, Word
from tests.properties.memory import Memory
from tests.properties.standings import Moment
from tests.support.clock import FakeClock
from tests.support.world import World

GRACE = timedelta(days=7)
CREDENTIAL_LIFE = timedelta(days=395)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who acts, under which notice (so many before the newest), made how long ago, with a signal.

    `gpc` is `off` or says how the signal comes: in the `body` or as a `header`.
    """

    visitor: int
    back: int = 0
    age: timedelta | None = None
    gpc: str = "off"
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request that made an event, and what the service answered."""

    fact: Fact
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    consent: Mapping[str, Any]


@dataclass
class Visitor:
    """What was received of a visitor, what they hold, and how they stood at each moment."""

    memory: Memory = field(default_factory=Memory)
    name: str = ""
    credential: str = ""
    credential_until: datetime | None = None
    latest_event: str = ""
    sent: list[Sent] = field(default_factory=list)
    lapsed: set[tuple[str, Word]] = field(default_factory=set)
    moments: dict[datetime, Standing] = field(default_factory=dict)

    @property
    def facts(self) -> int:
        return len(self.memory.facts)


class Visiting:
    """Sends acts, and checks each answer and all that holds after it."""

    def __init__(self, site: EditedSite, world: World) -> None:
        self.world = world
        self.site = site
        self.visitors = [Visitor(), Visitor()]
        self._keys = count(1)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def notice(self, back: int) -> Notice:
        return self.site.notices[max(0, len(self.site.notices) - 1 - back)]

    # ------------------------------------------------------------------ acting

    def act(
        self,
        how: Circumstances,
        action: str,
        *,
        purposes: Mapping[str, bool] | None = None,
        services: Mapping[str, bool] | None = None,
        documents: Mapping[str, int] | None = None,
    ) -> None:
        """Send an act and check that its answer is what the memory makes of it."""
        visitor, notice = self.visitors[how.visitor], self.notice(how.back)
        made = None if how.age is None else max(self.now - how.age, notice.at)
        fact = Fact(
            at=self.now,
            notice=notice,
            action=action,
            purposes=purposes or {},
            services=services or {},
            documents=documents or {},
            gpc=how.gpc != "off",
            override=how.override,
            made=made,
        )
        headers = {"Sec-GPC": "1"} if how.gpc == "header" else {}
        body = self._body(fact, how)
        note(f"{body} {headers}")
        if visitor.credential:
            body = {**body, "credential": visitor.credential}
        self._check(visitor, fact, body, headers, self.world.post(KEY, body, headers))

    def _body(self, fact: Fact, how: Circumstances) -> dict[str, Any]:
        members = {
            "decisions": dict(fact.purposes),
            "services": dict(fact.services),
            "documents": dict(fact.documents),
        }
        body: dict[str, Any] = {
            "action": fact.action,
            "notice": fact.notice.number,
            "key": str(UUID(int=next(self._keys))),
            **{name: each for name, each in members.items() if each},
        }
        if how.gpc == "body":
            body["signals"] = {"gpc": True}
        if how.override:
            body["signals"] = {**body.get("signals", {}), "override": True}
        if how.age is not None:
            body["occurred_at"] = format_time(self.now - how.age)
            body["sent_at"] = format_time(self.now)
        return body

    def _check(
        self,
        visitor: Visitor,
        fact: Fact,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        answer: TestResponse,
    ) -> None:
        refusal = self._refusal(visitor, fact)
        if refusal:
            assert (answer.status_code, code_of(answer)) == refusal, answer.text
            return
        memory, i = visitor.memory, visitor.facts
        memory.facts.append(fact)
        if not memory.is_event(i):
            self._check_nothing_new(visitor, answer)
            return
        assert answer.status_code == 201, answer.text
        found = answer.get_json()
        consent = found["consent"]
        assert consent["id"] != visitor.latest_event
        assert consent["type"] == memory.event_type(i)
        assert consent["decisions"] == memory.decisions(i)
        assert consent["notice"]["number"] == fact.notice.number
        visitor.name = consent["visitor"]
        visitor.sent.append(Sent(fact=fact, body=body, headers=headers, consent=consent))
        self._renew(visitor, found)

    def _refusal(self, visitor: Visitor, fact: Fact) -> tuple[int, str] | None:
        """Return the status and code by which an act is refused before it is looked at."""
        if self._has_expired(visitor) and fact.may_grant:
            return 401, "credential_refused"
        later = self.site.notices[fact.notice.number :]
        if fact.may_grant and later and self.now - later[0].at > GRACE:
            return 409, "notice_superseded"
        if fact.action == "signal" and not visitor.name:
            return 202, ""
        return None

    def _check_nothing_new(self, visitor: Visitor, answer: TestResponse) -> None:
        if not visitor.name:
            assert (answer.status_code, code_of(answer)) == (409, "nothing_to_withdraw")
            return
        assert answer.status_code == 201, answer.text
        assert answer.get_json()["consent"]["id"] == visitor.latest_event
        self._renew(visitor, answer.get_json())

    def repeat(self, visitor: Visitor, sent: Sent) -> None:
        """Send a request again and check that it gets its first answer."""
        body = {**sent.body, "credential": visitor.credential}
        answer = self.world.post(KEY, body, sent.headers)
        if self._has_expired(visitor) and sent.fact.may_grant:
            assert (answer.status_code, code_of(answer)) == (401, "credential_refused")
            return
        assert answer.status_code == 201, answer.text
        assert answer.get_json()["consent"] == sent.consent
        self._renew(visitor, answer.get_json())

    def _has_expired(self, visitor: Visitor) -> bool:
        return visitor.credential_until is not None and self.now >= visitor.credential_until

    def _renew(self, visitor: Visitor, answer: Mapping[str, Any]) -> None:
        if "credential" in answer:
            visitor.credential = answer["credential"]
            visitor.credential_until = self.now + CREDENTIAL_LIFE

    def expire(self) -> None:
        """Record what has expired and check for how many visitors that was new."""
        self.world.services.ledger.seal_all()
        ended = [self._ended(visitor) for visitor in self.visitors]
        news = [each - visitor.lapsed for each, visitor in zip(ended, self.visitors, strict=True)]
        assert self.world.services.expiry.run() == len([each for each in news if each])
        for each, visitor in zip(ended, self.visitors, strict=True):
            visitor.lapsed |= each

    def _ended(self, visitor: Visitor) -> set[tuple[str, Word]]:
        memory, n = visitor.memory, visitor.facts
        words = [*memory.purposes(n).items(), *memory.services(n).items()]
        return {(key, word) for key, word in words if word.has_ended(self.now)}

    # ------------------------------------------------------------------ what holds

    def compare(self, visitor: Visitor) -> None:
        """Check what the service tells of a visitor now, and keep it for later."""
        memory, n = visitor.memory, visitor.facts
        answer = self.world.me(KEY, visitor.credential).get_json()
        assert answer["state"] == {key: said(word) for key, word in memory.purposes(n).items()}
        assert answer["agreed"] == {
            kind: {"n": each.n, "notice": each.notice, "at": format_time(each.at)}
            for kind, each in memory.documents(n).items()
            if not each.ended
        }
        visitor.latest_event = answer["history"][0]["id"]
        self._renew(visitor, answer)
        moment = Moment(words=memory, n=n, notice=self.site.current, now=self.now)
        assert self._stands(visitor, gpc=True) == replace(moment, gpc=True).standing()
        expected = moment.standing()
        assert self._stands(visitor) == expected
        visitor.moments[self.now] = expected

    def look_back(self, visitor: Visitor, moment: datetime) -> None:
        """Check that the service tells of a moment what it told then."""
        assert self._stands(visitor, moment) == visitor.moments[moment]

    def _stands(
        self, visitor: Visitor, at: datetime | None = None, *, gpc: bool = False
    ) -> Standing:
        services = self.world.services
        who = Who(visitor=visitor.name)
        return told(services.checks.view(services.sites.get(KEY), who, at=at, gpc=gpc))


def opened(folder: Path) -> World:
    """Return a world on the migrated database in a folder."""
    url = f"sqlite:///{folder / 'consent.db'}"
    settings = load_settings(
        {
            "CONSENT_DATA_DIR": str(folder / "data"),
            "CONSENT_DATABASE_URL": url,
            "CONSENT_ADDRESS_LIMIT": "0",
        }
    )
    clock = FakeClock()
    services = build_services(settings, clock=clock, with_log_keys=True)
    client = build_app(services).test_client(use_cookies=False)
    return World(settings, clock, services, client, folder / "sites")


def said(word: Word) -> dict[str, Any]:
    """Return a word as the service tells it."""
    until = {} if word.until is None else {"until": format_time(word.until)}
    return {"value": word.value, "notice": word.notice, "at": format_time(word.at), **until}


def told(view: View) -> Standing:
    """Return what a view of the service says."""
    found = view.standing
    standing_told = Standing(
        purposes={key: (each.allowed, each.why.value) for key, each in found.purposes.items()},
        services={key: (each.allowed, each.why.value) for key, each in found.services.items()},
        questions=tuple((each.group, each.key, each.why.value) for each in found.questions),
    )
    assert found.asks == standing_told.asks
    return standing_told


def code_of(answer: TestResponse) -> str:
    """Return the code of a problem; an empty text for any other answer."""
    return str((answer.get_json(silent=True) or {}).get("code", ""))

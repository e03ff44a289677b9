"""The rules of consent a second time, read from a plain list of what was received.

Nothing is carried from one moment to the next: what a visitor has said is found by looking back
through everything that they ever sent. It shares no code with `consents.rules`, and it is slow. A
withdrawal is about what it ends; one that ends nothing is not on record.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from tests.properties.facts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    Agreed,
    Fact,
    Notice,
    Ruling,
    Standing,
    Word,
)
from tests.properties.standings import Moment

T = TypeVar("T")


class Memory:
    """All that was received of one visitor. Methods look at the first `n` facts only."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._found: dict[tuple[object, ...], Any] = {}

    # ------------------------------------------------------------------ what was said

    def word(self, n: int, purpose: str) -> Word | None:
        return next(filter(None, (self.said(i, purpose) for i in reversed(range(n)))), None)

    def own(self, n: int, service: str) -> Word | None:
        """Return what was said about a service by itself, where that differs from its purpose."""
        for i in reversed(range(n)):
            touched = self._touched(i, service)
            if touched is not None:
                return touched or None
        return None

    def agreed(self, n: int, kind: str) -> Agreed | None:
        return next(filter(None, (self.signed(i, kind) for i in reversed(range(n)))), None)

    def purposes(self, n: int) -> dict[str, Word]:
        """Return the last words on all purposes that were ever spoken of."""
        return self._all(n, self.word, lambda notice: [*notice.purposes])

    def services(self, n: int) -> dict[str, Word]:
        return self._all(n, self.own, Notice.services)

    def documents(self, n: int) -> dict[str, Agreed]:
        return self._all(n, self.agreed, lambda notice: [*notice.documents])

    def _all(
        self, n: int, find: Callable[[int, str], Any], keys: Callable[[Notice], Any]
    ) -> dict[str, Any]:
        named = dict.fromkeys(key for fact in self.facts[:n] for key in keys(fact.notice))
        found = {key: find(n, key) for key in named}
        return {key: each for key, each in found.items() if each}

    # ------------------------------------------------------------------ what one fact says

    def said(self, i: int, purpose: str) -> Word | None:
        """Return what a fact says about a purpose, if anything that counts."""
        return self._once(("said", i, purpose), lambda: self._said(i, purpose))

    def _said(self, i: int, purpose: str) -> Word | None:
        fact = self.facts[i]
        value = self._value(i, purpose)
        if value is None or (value == GRANTED and self._is_late(i, self.word(i, purpose))):
            return None
        if value == NOT_SUBJECT and not self._decides(i):
            return None
        return _word(fact, value, purpose)

    def _value(self, i: int, purpose: str) -> str | None:
        fact, action = self.facts[i], self._meant(i)
        if action in ("accept", "reject"):
            return self._value_of_all(i, purpose, action)
        if action == "choose":
            allowed = fact.purposes.get(purpose)
            return None if allowed is None else _value(allowed and not fact.against(purpose))
        is_meant = fact.names_nothing or purpose in fact.purposes
        ends = action == "withdraw" and is_meant and self._can_end(i, purpose)
        is_heeded = action == "signal" and self._switches_off(i, "purposes", purpose)
        return DENIED if ends or is_heeded else None

    def _value_of_all(self, i: int, purpose: str, action: str) -> str | None:
        """Return what an answer to a whole notice says; a refusal ends older grants too."""
        fact = self.facts[i]
        shown = fact.notice.purposes.get(purpose)
        if shown is None:
            return DENIED if action == "reject" and self._is_granted(i, purpose) else None
        if not shown.choice:
            return NOT_SUBJECT
        return _value(action == "accept" and not fact.against(purpose))

    def _decides(self, i: int) -> bool:
        """Tell whether an answer to a whole notice decides anything: else it is no event."""
        return any(self.said(i, key) for key in self.facts[i].notice.choices())

    def _touched(self, i: int, service: str) -> Word | Literal[False] | None:
        """Return what a fact leaves said of a service: False ends it, None leaves it."""
        return self._once(("touched", i, service), lambda: self._touch(i, service))

    def _touch(self, i: int, service: str) -> Word | Literal[False] | None:
        fact = self.facts[i]
        purpose = fact.notice.purpose_of(service)
        before = self.own(i, service)
        value = self._service_value(i, service)
        if value is not None:
            after = self.word(i + 1, purpose)
            is_same = after is not None and after.value == value
            return False if is_same else _service_word(fact, value, purpose)
        if before is None:
            return None
        if self._meant(i) == "reject" and before.value == GRANTED:
            return False
        now = self.said(i, purpose)
        if now is None:
            return None
        included = self._meant(i) == "accept" and not self._is_late(i, before)
        stays_refused = before.value == DENIED and now.value == GRANTED and not included
        return None if stays_refused else False

    def _service_value(self, i: int, service: str) -> str | None:
        """Return what a fact says about a service by itself, if anything that counts."""
        fact = self.facts[i]
        purpose, own = fact.notice.purpose_of(service), self.own(i, service)
        action = self._meant(i)
        if action == "choose" and service in fact.services:
            value = _value(fact.services[service] and not fact.against(purpose))
            previous = own or self.word(i, purpose)
            return None if value == GRANTED and self._is_late(i, previous) else value
        if action == "withdraw":
            return DENIED if self._ends_service(i, service, purpose, own) else None
        if action == "signal" and purpose and not self.said(i, purpose):
            return DENIED if self._switches_off(i, "services", service) else None
        return None

    def _ends_service(self, i: int, service: str, purpose: str, own: Word | None) -> bool:
        fact = self.facts[i]
        if own is None:
            return service in fact.services and self._can_end(i, purpose)
        is_meant = fact.names_nothing or service in fact.services or purpose in fact.purposes
        return own.value == GRANTED and is_meant

    def signed(self, i: int, kind: str) -> Agreed | None:
        """Return what a fact says about a document."""
        return self._once(("signed", i, kind), lambda: self._sign(i, kind))

    def _sign(self, i: int, kind: str) -> Agreed | None:
        fact, before = self.facts[i], self.agreed(i, kind)
        number = fact.notice.number
        if fact.action == "withdraw":
            is_meant = fact.names_nothing or kind in fact.documents
            if is_meant and before and not before.ended:
                return Agreed(n=before.n, notice=number, at=fact.at, ended=True)
            return None
        shown = fact.notice.documents.get(kind)
        if fact.action not in ("agree", "acknowledge") or shown is None:
            return None
        is_named = kind in fact.documents if fact.documents else shown.accept == fact.action
        if not is_named or (before and _is_settled(fact, before)):
            return None
        return Agreed(n=shown.n, notice=number, at=fact.at, ended=False)

    # ------------------------------------------------------------------ what an act means

    def _meant(self, i: int) -> str:
        """Return what an act is taken as: who has given nothing and withdraws says no."""
        fact = self.facts[i]
        documents_only = fact.documents and not (fact.purposes or fact.services)
        if fact.action != "withdraw" or documents_only or not fact.notice.choices():
            return fact.action
        if self.purposes(i) or self.services(i) or self.documents(i):
            return fact.action
        return "choose" if fact.purposes or fact.services else "reject"

    def _refused_at(self, i: int) -> datetime | None:
        """Return when everything was refused last, before a fact."""
        whole = (
            self.facts[n].at
            for n in range(i)
            if self._meant(n) == "reject"
            or (self._meant(n) == "withdraw" and self.facts[n].names_nothing and self.is_event(n))
        )
        return max(whole, default=None)

    def _is_late(self, i: int, before: Word | None) -> bool:
        """Tell whether a grant comes too late to count, after what was said before."""
        fact, refused_at = self.facts[i], self._refused_at(i)
        if fact.made is not None and refused_at is not None and refused_at > fact.made:
            return True
        if fact.done_at + timedelta(days=fact.notice.granted_days) <= fact.at:
            return True
        if before is None:
            return False
        if fact.made is not None and before.at > fact.made:
            return True
        if before.value == DENIED:
            return before.at == fact.at
        newer = before.value == GRANTED and before.notice > fact.notice.number
        return newer and not before.has_ended(fact.at)

    def _is_granted(self, n: int, purpose: str) -> bool:
        word = self.word(n, purpose)
        return word is not None and word.value == GRANTED

    def _can_end(self, i: int, purpose: str) -> bool:
        """Tell whether there is anything to withdraw: a grant, or what runs unasked."""
        if self._is_granted(i, purpose):
            return True
        fact = self.facts[i]
        shown = fact.notice.purposes.get(purpose)
        if shown is None or not shown.choice:
            return False
        return self._standing(i).purposes[purpose][0]

    def _switches_off(self, i: int, group: str, key: str) -> bool:
        without: dict[str, Ruling] = getattr(self._standing(i), group)
        heeded: dict[str, Ruling] = getattr(self._standing(i, gpc=True), group)
        return key in without and without[key][0] and not heeded[key][0]

    def _standing(self, i: int, *, gpc: bool = False) -> Standing:
        """Return how everything stood when a fact came, under the notice that it answers."""
        fact = self.facts[i]
        moment = Moment(words=self, n=i, notice=fact.notice, now=fact.at, gpc=gpc)
        return self._once(("standing", i, gpc), moment.standing)

    def _once(self, key: tuple[object, ...], find: Callable[[], T]) -> T:
        if key not in self._found:
            self._found[key] = find()
        found: T = self._found[key]
        return found

    # ------------------------------------------------------------------ the event of a fact

    def is_event(self, i: int) -> bool:
        """Tell whether a fact says anything that counts, and so is on record."""
        notice = self.facts[i].notice
        keys = {*notice.purposes, *self.purposes(i)}
        return (
            any(self.said(i, key) for key in keys)
            or any(self._service_value(i, key) for key in {*notice.services(), *self.services(i)})
            or any(self.signed(i, kind) for kind in {*notice.documents, *self.documents(i)})
        )

    def decisions(self, i: int) -> dict[str, str]:
        """Return what the event of a fact says about purposes."""
        keys = {*self.facts[i].notice.purposes, *self.purposes(i)}
        return {key: word.value for key in keys if (word := self.said(i, key))}

    def event_type(self, i: int) -> str:
        action = self._meant(i)
        fixed = {
            "reject": "consent.refused",
            "withdraw": "consent.withdrawn",
            "signal": "optout.signal",
            "agree": "documents.agreed",
            "acknowledge": "notice.acknowledged",
        }
        if action in fixed:
            return fixed[action]
        after = [*self.purposes(i + 1).values(), *self.services(i + 1).values()]
        if not any(word.value == GRANTED for word in after):
            return "consent.refused"
        is_first = not (self.purposes(i) or self.services(i))
        return "consent.given" if action == "accept" or is_first else "consent.updated"


def _value(allowed: bool) -> str:
    return GRANTED if allowed else DENIED


def _word(fact: Fact, value: str, purpose: str) -> Word:
    notice = fact.notice
    until = None
    if value == GRANTED:
        until = fact.done_at + timedelta(days=notice.granted_days)
    elif value == DENIED and notice.denied_days is not None and not notice.runs(purpose):
        until = fact.at + timedelta(days=notice.denied_days)
    override = value == GRANTED and fact.gpc and fact.override and notice.is_sale(purpose)
    return Word(value=value, notice=notice.number, at=fact.at, until=until, override=override)


def _service_word(fact: Fact, value: str, purpose: str) -> Word:
    """A refused service stays so for good."""
    word = _word(fact, value, purpose)
    return replace(word, until=None) if value == DENIED else word


def _is_settled(fact: Fact, before: Agreed) -> bool:
    """Tell whether something later than an agreement was received about its document."""
    if fact.made is not None and before.at > fact.made:
        return True
    if before.ended:
        return before.at == fact.at
    return before.notice > fact.notice.number

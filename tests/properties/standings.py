"""How everything stands at a moment, by the last words on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tests.properties.facts import (
    DENIED,
    GRANTED,
    NOT_SUBJECT,
    Agreed,
    Notice,
    Ruling,
    Standing,
    Word,
)

_OPEN = ("undecided", "changed", "expired")


class Words(Protocol):
    """The last words after so many facts."""

    def word(self, n: int, purpose: str) -> Word | None: ...
    def own(self, n: int, service: str) -> Word | None: ...
    def agreed(self, n: int, kind: str) -> Agreed | None: ...
    def purposes(self, n: int) -> Mapping[str, Word]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment after `n` facts, under the notice of then, with the visitor's signal on or off."""

    words: Words
    n: int
    notice: Notice
    now: datetime
    gpc: bool = False

    def standing(self) -> Standing:
        return Standing(
            purposes={key: self._purpose(key) for key in self.notice.purposes},
            services={key: self._service(key) for key in self.notice.services()},
            questions=(*self._purpose_questions(), *self._document_questions()),
        )

    def _heard(self, key: str) -> str:
        """Return what the last word on a purpose is worth."""
        purpose, word = self.notice.purposes[key], self.words.word(self.n, key)
        if word and word.value == DENIED and purpose.runs:
            return DENIED
        return _worth(word, purpose.meant_since, self.now)

    def _purpose(self, key: str) -> Ruling:
        purpose, word = self.notice.purposes[key], self.words.word(self.n, key)
        if not purpose.choice:
            return purpose.runs, NOT_SUBJECT if purpose.runs else "not_asked"
        heard = self._heard(key)
        if self.gpc and purpose.sale and not (heard == GRANTED and word and word.override):
            return False, "signal"
        if heard not in _OPEN:
            return heard == GRANTED, heard
        if purpose.runs and purpose.sale and self._opted_out():
            return False, "opted_out"
        return purpose.runs, heard

    def _service(self, key: str) -> Ruling:
        of = self.notice.purpose_of(key)
        purpose, own = self.notice.purposes[of], self.words.own(self.n, key)
        refused = own is not None and own.value == DENIED
        since = purpose.services[key] if refused else max(purpose.since, purpose.services[key])
        heard = _worth(own, since, self.now)
        if own and own.value == DENIED and purpose.runs:
            heard = DENIED
        if not purpose.choice or own is None or heard in _OPEN:
            return self._purpose(of)
        if self.gpc and purpose.sale and not (heard == GRANTED and own.override):
            return False, "signal"
        return heard == GRANTED, heard

    def _opted_out(self) -> bool:
        """An objection to one sale holds for the others."""
        sales = [key for key, each in self.notice.purposes.items() if each.sale and each.runs]
        words = [self.words.word(self.n, key) for key in sales]
        return any(word.value == DENIED for word in words if word)

    def _purpose_questions(self) -> Iterator[tuple[str, str, str]]:
        words = self.words.purposes(self.n).values()
        refusals = [word.at for word in words if word.value == DENIED]
        if refusals and self.now < max(refusals) + timedelta(days=self.notice.quiet_days):
            return
        for key in self.notice.choices():
            purpose, heard = self.notice.purposes[key], self._heard(key)
            by_signal = self.gpc and self.notice.is_opt_out
            by_other = purpose.runs and self._opted_out()
            if heard in _OPEN and not (purpose.sale and (by_signal or by_other)):
                yield "purposes", key, heard

    def _document_questions(self) -> Iterator[tuple[str, str, str]]:
        for kind, document in sorted(self.notice.documents.items()):
            agreed = self.words.agreed(self.n, kind)
            if agreed is None:
                yield "documents", kind, "undecided"
            elif agreed.ended:
                yield "documents", kind, "ended"
            elif agreed.notice < document.since:
                yield "documents", kind, "changed"


def _worth(word: Word | None, since: int, now: datetime) -> str:
    """Return what a word still says: it counts from the notice since which the meaning is one."""
    if word is None or word.value == NOT_SUBJECT:
        return "undecided"
    if word.notice < since:
        return "changed"
    return "expired" if word.has_ended(now) else word.value

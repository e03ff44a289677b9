"""Records of consents that were given elsewhere, line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent_service.core.errors import FieldError


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One older consent. `id` names it in the system that it comes from.

    `notice` is the notice of this site whose purposes mean the same; `documents` are versions that
    were agreed to; `subject` is the site's own user.
    """

    line: int
    id: str
    at: datetime
    decisions: Mapping[str, bool]
    documents: Mapping[str, int]
    notice: int | None
    locale: str | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be imported, and why."""

    line: int
    problems: Sequence[FieldError]


@dataclass(slots=True)
class Tally:
    """How many lines came to what."""

    imported: int = 0
    repeated: int = 0
    wrong: int = 0

    @property
    def lines(self) -> int:
        """All lines so far."""
        return self.imported + self.repeated + self.wrong

"""What rules of the linter are made of, and what they find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from consent_service.publishing.files import SITE_FILE
from consent_service.publishing.lint.view import Examined
from consent_service.publishing.model import Waiver

ASKING = ("opt-in", "opt-out")
ALL_MODELS = ("opt-in", "opt-out", "notice")


class Severity(StrEnum):
    """How much a finding weighs: an error keeps an opt-in profile from being published."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Where a site breaks a rule, and how. `field` is a path; the whole file is ``."""

    message: str
    field: str = ""
    file: str = SITE_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of law about notices.

    `name` is stable, `models` are those of the profiles that it goes for, `sources` the law it was
    taken from, `mend` says what to do. `check` is handed the site with the variants of these models
    only. One that is not `waivable` would break the service itself.
    """

    name: str
    severity: Severity
    check: Callable[[Examined], Iterable[Breach]]
    sources: tuple[str, ...]
    mend: str
    models: tuple[str, ...] = ("opt-in",)
    waivable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A breach of a rule, with its place. `line` counts from 1; `waiver` is who answers for it."""

    rule: str
    severity: Severity
    message: str
    mend: str
    sources: tuple[str, ...]
    file: str
    line: int
    field: str
    waiver: Waiver | None = None

    @property
    def waived(self) -> bool:
        """Tell whether an officer answers for it."""
        return self.waiver is not None

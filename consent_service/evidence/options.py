"""What is trusted and asked for when a bundle is checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from consent_service.core.notes import Verifier
from consent_service.evidence.anchors import Anchor
from consent_service.evidence.policy import Policy

Tell = Callable[[int, int], None]
"""Hears how many leaves are done, and how many there are."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check a bundle.

    Attributes:
        verifiers: trusted keys of the log; without one the bundle vouches for itself.
        policy: trusted keys and witnesses, with the quorum that is asked for.
        anchors: what was kept from earlier.
        min_size: the tree must have so many leaves.
        max_age: the checkpoint must not be older, in seconds, than this at `now`.
        now: the time to reckon its age from.
        authority: certificates in PEM of who stamps times.
        processes: how many processes share the work of a large bundle.
        tell: hears of the progress.
    """

    verifiers: Sequence[Verifier] = ()
    policy: Policy | None = None
    anchors: Sequence[Anchor] = ()
    min_size: int = 0
    max_age: int | None = None
    now: datetime | None = None
    authority: bytes | None = None
    processes: int = 1
    tell: Tell = silent

    @property
    def trusted(self) -> list[Verifier]:
        """All trusted keys."""
        logs = self.policy.logs if self.policy else []
        witnesses = self.policy.witnesses.values() if self.policy else ()
        return [*self.verifiers, *logs, *witnesses]

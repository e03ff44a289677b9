"""Leaves as a bundle holds them: what may be shown, and what the log says of what is missing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent_service.core.commitments import opened
from consent_service.core.errors import ServiceError
from consent_service.evidence.derived import Recorded
from consent_service.exports.model import OvertakenError

REDACTION = "log.redaction"
RESTRICTION = "log.restriction"
ERASURE = "log.erasure"
_COMMITTED = '"priv":{'


class UnexplainedError(ServiceError):
    """Something of a leaf is gone, and no control leaf of its epoch says why."""

    code = "evidence_incomplete"
    title = "The bundle would not hold"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A leaf of the log as its row is; `leaf` and `openings` are None once they are gone."""

    index: int
    hash: bytes
    kind: str
    leaf: str | None
    openings: str | None

    @property
    def lacks_openings(self) -> bool:
        """True where the leaf has commitments that nothing opens."""
        return self.openings is None and self.leaf is not None and _COMMITTED in self.leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What a control leaf says of a leaf; `index` is None as long as it is not sealed."""

    leaf_hash: bytes
    type: str
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A leaf as a bundle holds it; `controls` are the indexes of the leaves about it."""

    index: int
    hash: bytes
    kind: str
    leaf: str | None
    openings: tuple[str, ...]
    controls: tuple[int, ...]

    def body(self) -> dict[str, Any]:
        """Return the leaf's members; none where its text is gone."""
        return dict(json.loads(self.leaf)) if self.leaf else {}

    def recorded(self) -> Recorded:
        """Return the leaf as derived files are made from it."""
        return self.index, self.leaf or self.hash, opened(list(self.openings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is shown: the size of the tree, whether openings are, and restricted ones too."""

    as_of: int
    openings: bool
    restricted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which leaves: those from `first` to below `end`, or those at `indexes` alone."""

    first: int
    end: int
    indexes: tuple[int, ...] | None = None

    @property
    def count(self) -> int:
        """How many leaves that are."""
        return self.end - self.first if self.indexes is None else len(self.indexes)

    def holds(self, index: int) -> bool:
        """Tell whether a leaf is one of them."""
        if self.indexes is None:
            return self.first <= index < self.end
        return index in self.indexes


def is_restricted(mentions: Sequence[Mention]) -> bool:
    """Tell whether a leaf's openings are for the owner role only."""
    return any(each.type == RESTRICTION for each in mentions)


def hold(stored: Stored, mentions: Sequence[Mention], terms: Terms) -> Held:
    """Return a leaf as a bundle holds it.

    Raises:
        OvertakenError: what is missing went behind the tree of the bundle.
        UnexplainedError: something is missing and no control leaf says why.
    """
    withheld = not terms.restricted and is_restricted(mentions)
    if stored.leaf is None:
        _require_told(stored, mentions, (REDACTION,), terms)
    elif terms.openings and stored.lacks_openings:
        _require_told(stored, mentions, (ERASURE, RESTRICTION, REDACTION), terms)
    elif terms.openings and withheld and stored.openings is not None:
        _require_told(stored, mentions, (RESTRICTION,), terms)
    shown = terms.openings and not withheld and stored.openings is not None
    return Held(
        index=stored.index,
        hash=stored.hash,
        kind=stored.kind,
        leaf=stored.leaf,
        openings=tuple(json.loads(stored.openings or "[]")) if shown else (),
        controls=tuple(
            each.index for each in mentions if each.index is not None and each.index < terms.as_of
        ),
    )


def is_overtaken(stored: Stored, mentions: Sequence[Mention], terms: Terms) -> bool:
    """Tell whether something of a leaf went behind the tree of the bundle.

    Raises:
        UnexplainedError: something is missing and no control leaf says why.
    """
    try:
        hold(stored, mentions, terms)
    except OvertakenError:
        return True
    return False


def by_leaf(mentions: Sequence[Mention]) -> Mapping[bytes, list[Mention]]:
    """Return mentions by the leaf that they are about."""
    found: dict[bytes, list[Mention]] = {}
    for each in mentions:
        found.setdefault(each.leaf_hash, []).append(each)
    return found


def _require_told(
    stored: Stored, mentions: Sequence[Mention], types: Sequence[str], terms: Terms
) -> None:
    telling = [each.index for each in mentions if each.type in types]
    if not telling:
        raise UnexplainedError(
            f"what leaf {stored.index} held is gone, and no leaf of the log says why: "
            "run `consent-service ledger audit`"
        )
    if all(index is None or index >= terms.as_of for index in telling):
        raise OvertakenError(
            f"leaf {stored.index} was erased or hidden after the log had {terms.as_of} leaves: "
            "export from a newer checkpoint"
        )

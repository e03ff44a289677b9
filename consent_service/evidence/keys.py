"""Which keys are accepted: the trusted ones, and those that the signed log names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent_service.core.encoding import b64url_decode
from consent_service.core.notes import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteError,
    Signed,
    Verifier,
    check,
    parse_verifier_key,
)
from consent_service.evidence.findings import Findings
from consent_service.evidence.leaves import MAX_SECONDS

KeyLeaf = tuple[int, Mapping[str, Any]]
"""Index and content of a leaf that names keys."""

_KEY_SIZE = 32


def seconds(time: str) -> int:
    """Return a leaf's time in whole seconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp())


def latest(signed: Iterable[Signed]) -> int | None:
    """Return the latest time that signatures state, in seconds since 1970; None without one.

    Raises:
        NoteError: it lies beyond the calendar.
    """
    time = max((each.time for each in signed if each.time is not None), default=None)
    if time is not None and time > MAX_SECONDS:
        raise NoteError("a clock states a time behind the year 9999")
    return time


@dataclass(slots=True)
class Keys:
    """The keys of a log by use; `revoked` says from when on one counts no more, in seconds."""

    origin: str
    checkpoint: dict[bytes, Verifier] = field(default_factory=dict)
    clock: dict[bytes, Verifier] = field(default_factory=dict)
    export: dict[bytes, Verifier] = field(default_factory=dict)
    receipt: dict[str, bytes] = field(default_factory=dict)
    revoked: dict[tuple[str, str | bytes], int] = field(default_factory=dict)
    given: frozenset[bytes] = frozenset()
    """The checkpoint keys that are trusted from outside."""

    _named: dict[tuple[str, str], str | bytes] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """The log's name without the epoch."""
        return self.origin.rpartition("/")[0]

    def trust(self, verifiers: Iterable[Verifier]) -> None:
        """Accept keys from outside, as far as their names are those of this log's keys."""
        for verifier in verifiers:
            for use, (name, kind) in self._names().items():
                if (verifier.name, verifier.kind) == (name, kind):
                    getattr(self, use)[verifier.public] = verifier

    @property
    def vouched(self) -> frozenset[bytes]:
        """The checkpoint keys that are trusted from outside and that the log names."""
        return self.given.intersection(
            key for (use, _), key in self._named.items() if use == "checkpoint"
        )

    def take(self, leaves: Iterable[KeyLeaf], findings: Findings) -> None:
        """Accept what leaves of the log name; called with later and later ones."""
        for index, leaf in leaves:
            for entry in leaf["keys"]:
                named = self._add(entry)
                if named is None:
                    message = f"the leaf names a {entry['use']} key that is none of this log"
                    findings.add("KEYS", message, index=index)
                else:
                    self._named[entry["use"], entry["kid"]] = named
            for entry in leaf.get("revoked", ()):
                revoked = self._named.get((entry["use"], entry["kid"]))
                if revoked is not None:
                    place = (entry["use"], revoked)
                    moment = seconds(entry["revoked_at"])
                    self.revoked[place] = min(moment, self.revoked.get(place, moment))

    def _add(self, entry: Mapping[str, str]) -> str | bytes | None:
        use, key = entry["use"], entry["key"]
        try:
            if use == "receipt":
                public = b64url_decode(key)
                if len(public) != _KEY_SIZE:
                    return None
                self.receipt[entry["kid"]] = public
                return entry["kid"]
            verifier = parse_verifier_key(key)
        except (NoteError, ValueError):
            return None
        if (verifier.name, verifier.kind) != self._names()[use]:
            return None
        getattr(self, use)[verifier.public] = verifier
        return verifier.public

    def _names(self) -> dict[str, tuple[str, int]]:
        return {
            "checkpoint": (self.origin, ED25519),
            "export": (f"{self.log}/export", ED25519),
            "clock": (f"{self.log.partition('/')[0]}/clock", COSIGNATURE),
        }

    def is_revoked(self, use: str, key: str | bytes, time: int | None) -> bool:
        """Tell whether a signature of a time, or of none that is known, is refused."""
        revoked_at = self.revoked.get((use, key))
        return revoked_at is not None and (time is None or time > revoked_at)

    def time_of(self, note: Note) -> int | None:
        """Return when a checkpoint was signed by its clock, in seconds; None if it was not.

        Raises:
            NoteError: a clock's signature does not hold.
        """
        signed = check(note, tuple(self.clock.values()))
        valid = [
            each for each in signed if not self.is_revoked("clock", each.verifier.public, each.time)
        ]
        return latest(valid)

    def signers(self, note: Note, use: str, time: int | None) -> list[Signed]:
        """Return the signatures of accepted keys of a use.

        Raises:
            NoteError: one does not hold, or there is none.
        """
        verifiers: Sequence[Verifier] = tuple(getattr(self, use).values())
        signed = check(note, verifiers)
        valid = [s for s in signed if not self.is_revoked(use, s.verifier.public, time)]
        if not valid:
            why = "only by a key that was revoked before" if signed else "by no accepted key"
            raise NoteError(f"signed {why}")
        return valid

"""Policies (C2SP tlog-policy): which logs and witnesses are trusted, and how many must sign."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consent_service.core.notes import NoteError, Verifier, parse_verifier_key

_NONE = "none"
_MOST = 1000


class PolicyError(ValueError):
    """A text that is no policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many of the members, which are witnesses or groups."""

    least: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """Keys of logs, witnesses by name, and what must be reached."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: dict[str, Verifier] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = _NONE

    def is_reached(self, signed: Iterable[Verifier]) -> bool:
        """Tell whether those who signed are a quorum."""
        by = set(signed)
        reached = {name for name, verifier in self.witnesses.items() if verifier in by}
        # A group only names what stands before it, so one turn in their order is enough.
        for name, group in self.groups.items():
            if sum(member in reached for member in group.members) >= group.least:
                reached.add(name)
        return self.quorum == _NONE or self.quorum in reached


def parse_policy(text: str) -> Policy:
    """Read a policy.

    Raises:
        PolicyError: it is none; says which line is wrong.
    """
    policy, has_quorum = Policy(), False
    lines = text.splitlines()
    if len(lines) > _MOST:
        raise PolicyError("a policy has at most 1000 lines")
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "quorum" and has_quorum:
            raise PolicyError(f"line {number}: a second quorum")
        try:
            _take(policy, words)
        except (NoteError, PolicyError) as error:
            raise PolicyError(f"line {number}: {error}") from error
        has_quorum = has_quorum or words[0] == "quorum"
    if not has_quorum:
        raise PolicyError("the policy has no quorum; write `quorum none` if it asks for none")
    return policy


def _take(policy: Policy, words: list[str]) -> None:
    match words:
        case ["log", key] | ["log", key, _]:
            policy.logs.append(parse_verifier_key(key))
        case ["witness", name, key] | ["witness", name, key, _]:
            _check_free(policy, name)
            policy.witnesses[name] = parse_verifier_key(key)
        case ["group", name, least, *members] if members:
            _check_free(policy, name)
            _check_known(policy, members)
            policy.groups[name] = Group(least=_least(least, members), members=tuple(members))
        case ["quorum", name]:
            if name != _NONE:
                _check_known(policy, [name])
            policy.quorum = name
        case _:
            raise PolicyError(f"not a line of a policy: {' '.join(words)[:60]!r}")


def _least(text: str, members: list[str]) -> int:
    least = {"any": 1, "all": len(members)}.get(text)
    if least is None:
        least = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= least <= len(members):
        raise PolicyError(f"a group needs any, all, or a number of its members, not {text[:20]!r}")
    return least


def _check_free(policy: Policy, name: str) -> None:
    if name == _NONE or name in policy.witnesses or name in policy.groups:
        raise PolicyError(f"the name {name[:60]!r} is taken")


def _check_known(policy: Policy, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise PolicyError("a group names a member twice")
    for name in names:
        if name not in policy.witnesses and name not in policy.groups:
            raise PolicyError(f"{name[:60]!r} is not named before")

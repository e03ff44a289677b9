"""Profiles: the rule sets of jurisdictions, kept as data with their sources."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A jurisdiction's rules.

    `model` is `opt-in`, `opt-out` or `notice`; `before_choice` (`denied` or `allowed`) answers for
    a purpose that rests on consent while the visitor has not decided; the higher `strictness` wins
    where several profiles could apply; a denial expires or holds for good.
    """

    key: str
    name: str
    model: str
    strictness: int
    before_choice: str
    denial_expires: bool
    sources: tuple[str, ...]
    as_of: str


@cache
def all_profiles() -> dict[str, Profile]:
    """Return the profiles that the service ships, by key."""
    folder = files(__package__) / "profiles"
    loaded = (yaml.safe_load(entry.read_text("utf-8")) for entry in folder.iterdir())
    profiles = [_profile(data) for data in loaded]
    return {profile.key: profile for profile in sorted(profiles, key=lambda each: each.key)}


def strictest(keys: Iterable[str]) -> Profile:
    """Return the strictest of the named profiles."""
    known = all_profiles()
    return max((known[key] for key in keys), key=lambda profile: profile.strictness)


def _profile(data: dict[str, object]) -> Profile:
    sources, as_of = data.pop("sources"), data.pop("as_of")
    return Profile(**data, sources=tuple(sources), as_of=str(as_of))  # type: ignore[arg-type]

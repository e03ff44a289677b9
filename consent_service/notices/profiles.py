"""Profiles: the rule sets of jurisdictions, kept as data with their sources."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from consent_service.core.errors import FieldError, SettingsError
from consent_service.core.places import Place, place_of

_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}")
_BEFORE_CHOICE = {"opt-in": "denied", "opt-out": "allowed", "notice": "allowed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A jurisdiction's rules.

    Attributes:
        key: names the profile in site.yaml and in every record.
        name: as people read it.
        model: `opt-in`, `opt-out` or `notice`.
        strictness: the higher one wins where several profiles could apply; no two have the same.
        before_choice: `denied` or `allowed`; answers for a purpose that rests on consent while
            the visitor has not decided.
        objection_uses: uses of a purpose that run until the visitor objects.
        quiet_days: for so many days after an objection nobody asks again.
        adult_age: the age in years below which a parent must consent.
        close_refuses: a control that closes the notice refuses what it asked for.
        places: countries (`DE`) and regions (`US-CA`) that the profile is made for, by ISO 3166.
        opt_out_signal: those of them whose law obliges to honour a universal opt-out signal.
        sources: the laws and guidelines that the rules were taken from.
        as_of: the day on which the sources were last read.
    """

    key: str
    name: str
    model: str
    strictness: int
    before_choice: str
    objection_uses: tuple[str, ...]
    quiet_days: int
    adult_age: int
    close_refuses: bool
    places: tuple[str, ...]
    opt_out_signal: tuple[str, ...]
    sources: tuple[str, ...]
    as_of: date


@cache
def all_profiles() -> dict[str, Profile]:
    """Return the profiles that the service ships, by key."""
    folder = files(__package__) / "profiles"
    return read_profiles({entry.name: entry.read_text("utf-8") for entry in folder.iterdir()})


def strictest(keys: Iterable[str]) -> Profile:
    """Return the strictest of the named profiles."""
    known = all_profiles()
    return max((known[key] for key in keys), key=lambda profile: profile.strictness)


def profile_at(declared: Iterable[str], place: Place | None) -> tuple[Profile, str]:
    """Return which of a site's declared profiles rules at a place, and why.

    Of the profiles made for the region or its country the strictest rules. Where the place is
    unknown, or none is made for it, the strictest of all does: who cannot be placed is protected
    as much as the site knows how to.

    Returns:
        The profile, and a code that is kept in records: `site:only`, `region:US-CA`, `country:DE`,
        `country:JP:strictest` or `country:unknown`.
    """
    keys = tuple(declared)
    if len(keys) == 1:
        return strictest(keys), "site:only"
    if place is None:
        return strictest(keys), "country:unknown"
    codes = {place.country, place.region}
    made_for_it = [key for key in keys if codes & {*all_profiles()[key].places}]
    if not made_for_it:
        return strictest(keys), f"country:{place.country}:strictest"
    chosen = strictest(made_for_it)
    by_region = place.region in chosen.places
    return chosen, f"region:{place.region}" if by_region else f"country:{place.country}"


def read_profiles(texts: Mapping[str, str]) -> dict[str, Profile]:
    """Return the profiles in files, given as `{file name: content}`, by key.

    Raises:
        SettingsError: a file breaks a rule; names file and field.
    """
    profiles = [_read(name, texts[name]) for name in sorted(texts)]
    by_strictness: dict[int, str] = {}
    for profile in profiles:
        other = by_strictness.setdefault(profile.strictness, profile.key)
        if other != profile.key:
            raise _broken(f"{profile.key}.yaml", "strictness", f"is that of {other} too")
    return {profile.key: profile for profile in profiles}


def _read(file: str, text: str) -> Profile:
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise _broken(file, "", f"is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise _broken(file, "", "must be a mapping")
    for field in sorted({str(name) for name in data} ^ set(_RULES)):
        raise _broken(file, field, "is no field of a profile" if field in data else "is missing")
    for field, (holds, message) in _RULES.items():
        if not holds(data[field]):
            raise _broken(file, field, message)
    _check_whole(file, data)
    return Profile(**{name: _frozen(value) for name, value in data.items()})


def _check_whole(file: str, data: Mapping[str, Any]) -> None:
    """Check what goes for several fields together."""
    if file != f"{data['key']}.yaml":
        raise _broken(file, "key", "must be the name of the file")
    expected = _BEFORE_CHOICE[data["model"]]
    if data["before_choice"] != expected:
        raise _broken(file, "before_choice", f"must be {expected} where model is {data['model']}")
    for place in data["opt_out_signal"]:
        if not {place, place.partition("-")[0]} & {*data["places"]}:
            raise _broken(file, "opt_out_signal", f"names {place}, which is not among the places")


def _broken(file: str, field: str, message: str) -> SettingsError:
    path = f"profiles/{file}: {field}" if field else f"profiles/{file}"
    return SettingsError(f"{path}: {message}", [FieldError(path, message)])


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and place_of(value) is not None


def _is_one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def _is_number(lowest: int, highest: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and lowest <= value <= highest


def _is_list_of(holds: Callable[[Any], bool], *, at_least: int = 0) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list)
        and len(value) >= at_least
        and all(map(holds, value))
        and len(set(value)) == len(value)
    )


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "key": (_is_key, "must be lower-case letters, digits and hyphens"),
    "name": (_is_text, "must be a text"),
    "model": (_is_one_of(*_BEFORE_CHOICE), "must be opt-in, opt-out or notice"),
    "strictness": (_is_number(0, 1000), "must be a number from 0 to 1000"),
    "before_choice": (_is_one_of("denied", "allowed"), "must be denied or allowed"),
    "objection_uses": (_is_list_of(_is_key), "must be a list of uses, each once"),
    "quiet_days": (_is_number(0, 3650), "must be a number of days from 0 to 3650"),
    "adult_age": (_is_number(1, 30), "must be an age in years from 1 to 30"),
    "close_refuses": (lambda value: isinstance(value, bool), "must be true or false"),
    "places": (_is_list_of(_is_place), "must be a list of ISO 3166 codes, each once"),
    "opt_out_signal": (_is_list_of(_is_place), "must be a list of ISO 3166 codes, each once"),
    "sources": (_is_list_of(_is_text, at_least=1), "must name at least one source, each once"),
    "as_of": (lambda value: type(value) is date, "must be a date such as 2026-11-22"),
}

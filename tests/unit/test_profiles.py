"""Profiles: complete data, and the right one for a place."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml

from consent_service.core.errors import SettingsError
from consent_service.core.places import Place, place_of
from consent_service.notices.profiles import (
    all_profiles,
    profile_at,
    read_profiles,
    strictest,
)


def written(key: str) -> dict[str, Any]:
    """Return the content of a profile's file."""
    file = files("consent_service.notices") / "profiles" / f"{key}.yaml"
    return dict(yaml.safe_load(file.read_text("utf-8")))


def problem(change: Callable[[dict[str, Any]], object]) -> str:
    """Return what is said of the British profile after a change of its data."""
    data = written("uk")
    change(data)
    with pytest.raises(SettingsError) as caught:
        read_profiles({"uk.yaml": yaml.safe_dump(data)})
    assert [each.field for each in caught.value.fields] == [caught.value.detail.rpartition(": ")[0]]
    return caught.value.detail


def test_the_shipped_profiles_stand_in_this_order_of_strictness() -> None:
    order = sorted(all_profiles().values(), key=lambda profile: profile.strictness)
    assert [profile.key for profile in order] == [
        "notice-only",
        "switzerland",
        "us-opt-out",
        "uk",
        "quebec",
        "brazil",
        "india",
        "eu-opt-in",
        "italy",
    ]


def test_the_european_profile_covers_union_and_economic_area() -> None:
    assert " ".join(sorted(all_profiles()["eu-opt-in"].places)) == (
        "AT AX BE BG CY CZ DE DK EE ES FI FR GF GP GR HR HU IE IS IT LI LT LU LV MF MQ MT NL NO "
        "PL PT RE RO SE SI SK YT"
    )


def test_ages_follow_the_law_of_each_place() -> None:
    ages = {key: profile.adult_age for key, profile in all_profiles().items()}
    assert ages == {
        "eu-opt-in": 16,
        "italy": 14,
        "uk": 13,
        "us-opt-out": 16,
        "brazil": 18,
        "quebec": 14,
        "india": 18,
        "switzerland": 16,
        "notice-only": 16,
    }


def test_what_only_one_law_says_stands_in_one_profile_only() -> None:
    profiles = all_profiles().values()
    assert {p.key: p.objection_uses for p in profiles if p.objection_uses} == {
        "uk": ("statistics", "appearance")
    }
    assert {p.key: p.quiet_days for p in profiles if p.quiet_days} == {"us-opt-out": 365}
    assert [p.key for p in profiles if p.close_refuses] == ["italy"]
    signals = {p.key: len(p.opt_out_signal) for p in profiles if p.opt_out_signal}
    assert signals == {"us-opt-out": 12}


def test_nothing_runs_before_a_choice_under_opt_in_only() -> None:
    for profile in all_profiles().values():
        assert (profile.before_choice == "denied") == (profile.model == "opt-in")


@pytest.mark.parametrize("key", sorted(all_profiles()))
def test_each_profile_names_its_sources_and_when_they_were_read(key: str) -> None:
    profile = all_profiles()[key]
    assert profile.key == key
    assert profile.sources
    assert date(2026, 1, 1) <= profile.as_of


@pytest.mark.parametrize(
    ("place", "key", "why"),
    [
        (Place("DE"), "eu-opt-in", "country:DE"),
        (Place("DE", "DE-BE"), "eu-opt-in", "country:DE"),
        (Place("GB"), "uk", "country:GB"),
        (Place("US"), "us-opt-out", "country:US"),
        (Place("US", "US-CA"), "us-opt-out", "country:US"),
        (Place("CA", "CA-QC"), "quebec", "region:CA-QC"),
        (Place("CA", "CA-ON"), "eu-opt-in", "country:CA:strictest"),
        (Place("CA"), "eu-opt-in", "country:CA:strictest"),
        (Place("JP"), "eu-opt-in", "country:JP:strictest"),
        (None, "eu-opt-in", "country:unknown"),
    ],
)
def test_a_place_gets_the_profile_that_is_made_for_it(
    place: Place | None, key: str, why: str
) -> None:
    declared = ["us-opt-out", "uk", "eu-opt-in", "quebec"]
    assert profile_at(declared, place) == (all_profiles()[key], why)


def test_of_several_profiles_for_a_country_the_strictest_rules() -> None:
    for declared in (["eu-opt-in", "italy"], ["italy", "eu-opt-in"]):
        assert profile_at(declared, Place("IT"))[0].key == "italy"
        assert profile_at(declared, Place("FR"))[0].key == "eu-opt-in"


@pytest.mark.parametrize("place", [None, Place("DE"), Place("US", "US-CA"), Place("JP")])
def test_the_only_profile_of_a_site_rules_everywhere(place: Place | None) -> None:
    assert profile_at(["us-opt-out"], place) == (all_profiles()["us-opt-out"], "site:only")


def test_the_strictest_profile_is_the_one_that_asks() -> None:
    assert strictest(["notice-only", "eu-opt-in"]).key == "eu-opt-in"
    assert strictest(["us-opt-out", "uk"]).key == "uk"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "UK"),
        ("name", " "),
        ("model", "ask"),
        ("strictness", "40"),
        ("strictness", True),
        ("before_choice", "maybe"),
        ("before_choice", "allowed"),
        ("objection_uses", "statistics"),
        ("objection_uses", ["statistics", "statistics"]),
        ("quiet_days", -1),
        ("adult_age", 0),
        ("close_refuses", "no"),
        ("places", [False]),
        ("places", ["XX"]),
        ("places", ["gb"]),
        ("opt_out_signal", ["US-CA"]),
        ("sources", []),
        ("as_of", "2026-11-22"),
    ],
)
def test_a_wrong_value_is_named_by_file_and_field(field: str, value: object) -> None:
    assert problem(lambda data: data.update({field: value})).startswith(
        f"profiles/uk.yaml: {field}: "
    )


def test_a_missing_and_an_unknown_field_are_named() -> None:
    missing = problem(lambda data: data.pop("adult_age"))
    assert missing == "profiles/uk.yaml: adult_age: is missing"
    unknown = problem(lambda data: data.update(colour="blue"))
    assert unknown == "profiles/uk.yaml: colour: is no field of a profile"


def test_a_profile_stands_in_the_file_of_its_name() -> None:
    with pytest.raises(SettingsError, match=r"profiles/gb\.yaml: key: must be the name"):
        read_profiles({"gb.yaml": yaml.safe_dump(written("uk"))})


def test_two_profiles_of_the_same_strictness_are_refused() -> None:
    texts = {key: written(key) for key in ("uk", "quebec")}
    texts["quebec"]["strictness"] = texts["uk"]["strictness"]
    named = {f"{key}.yaml": yaml.safe_dump(data) for key, data in texts.items()}
    with pytest.raises(SettingsError, match=r"profiles/uk\.yaml: strictness: is that of quebec"):
        read_profiles(named)


@pytest.mark.parametrize("text", ["- a\n", "", "key: [", "as_of: 2026-13-45\n"])
def test_a_file_that_is_no_mapping_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^profiles/uk\.yaml: "):
        read_profiles({"uk.yaml": text})


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("DE", Place("DE")),
        ("US-CA", Place("US", "US-CA")),
        ("AT-9", Place("AT", "AT-9")),
        ("XX", None),
        ("T1", None),
        ("EU", None),
        ("de", None),
        ("DEU", None),
        ("DE\n", None),
        ("US-", None),
        ("US-CALI", None),
        ("DE, FR", None),
        ("", None),
    ],
)
def test_a_code_names_a_place_or_none(code: str, place: Place | None) -> None:
    assert place_of(code) == place

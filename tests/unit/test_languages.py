"""Which language a page answers in."""

import pytest
from flask import Flask

from consent_service.http.languages import wanted_locale

OFFERED = ("en", "de", "pt-BR", "ar")


def answered(
    query: str = "", accepted: str | None = None, offered: tuple[str, ...] = OFFERED
) -> str:
    headers = {"Accept-Language": accepted} if accepted is not None else {}
    with Flask(__name__).test_request_context(f"/{query}", headers=headers):
        return wanted_locale(offered)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at", "de"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("fr", "en"),
        ("fr, de;q=0.5", "de"),
        ("de;q=0.4, ar;q=0.9", "ar"),
        ("fr;q=0.9, *;q=0.1", "en"),
        ("de;q=0", "en"),
        ("de;q=0, ar;q=0.2", "ar"),
        (";;;,,,q=x", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_the_best_language_of_the_browser_is_taken(accepted: str | None, expected: str) -> None:
    assert answered(accepted=accepted) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("?lang=de", "de"), ("?lang=de-CH", "de"), ("?lang=fr", "ar"), ("?lang=", "ar"), ("", "ar")],
)
def test_a_named_language_goes_before_the_browsers(query: str, expected: str) -> None:
    assert answered(query, accepted="ar") == expected


def test_an_exact_match_goes_before_a_relative() -> None:
    offered = ("en", "de-AT", "de", "de-CH")
    assert answered(accepted="de", offered=offered) == "de"
    assert answered(accepted="de-CH", offered=offered) == "de-CH"
    assert answered(accepted="de-LI", offered=offered) == "de"


def test_without_any_match_the_sites_first_language_answers() -> None:
    assert answered(accepted="fr, it", offered=("ar", "en")) == "ar"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("no", "nb"),
        ("iw", "he"),
        ("sr", "sr-Latn"),
        ("nn", "zh-Hans"),
    ],
)
def test_a_language_is_read_in_its_script_and_by_its_older_names(
    accepted: str, expected: str
) -> None:
    offered = ("zh-Hans", "zh-Hant", "he", "nb", "sr-Latn")
    assert answered(accepted=accepted, offered=offered) == expected

"""Texts and durations in each locale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.notices.localised import Duration, Localised, in_locale, missing_locales

UNITS = ["second", "minute", "hour", "day", "week", "month", "year"]


@pytest.mark.parametrize(
    ("text", "en", "de", "ar"),
    [
        ("13 months", "13 months", "13 Monate", "13 شهرًا"),
        ("1 month", "1 month", "1 Monat", "شهر"),
        ("2 years", "2 years", "2 Jahre", "سنتان"),
        ("30 days", "30 days", "30 Tage", "30 يومًا"),
        ("1 hour", "1 hour", "1 Stunde", "ساعة"),
        ("session", "visit", "visit", "visit"),
    ],
)
def test_a_duration_is_told_in_the_words_of_a_locale(text: str, en: str, de: str, ar: str) -> None:
    duration = Duration.parse(text)
    assert [duration.in_locale(locale, "visit") for locale in ("en", "de", "ar")] == [en, de, ar]


def test_a_region_does_not_keep_a_duration_from_being_told() -> None:
    assert Duration.parse("2 days").in_locale("pt-BR", "visit") == "2 dias"


@given(st.integers(1, 99_999), st.sampled_from(UNITS))
def test_a_duration_is_read_back_from_its_text(count: int, unit: str) -> None:
    duration = Duration(count, unit)
    assert Duration.parse(str(duration)) == duration
    assert Duration.parse(f"{count} {unit}") == duration


@pytest.mark.parametrize(
    "text",
    ["", "0 days", "-1 days", "1.5 days", "100000 days", "days", "1day", "1  day", "1 fortnight",
     "1 day ", "Session", "٣ days", "1 days\n"],
)  # fmt: skip
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="session"):
        Duration.parse(text)


def test_a_tree_is_resolved_to_one_locale_throughout() -> None:
    tree = {
        "a": Localised({"en": "one", "de": "eins"}),
        "b": [{"c": Localised({"*": "Tally"})}, Duration(1, "day")],
        "d": 7,
    }
    assert in_locale(tree, "de", lambda each: each.in_locale("de", "")) == {
        "a": "eins",
        "b": [{"c": "Tally"}, "1 Tag"],
        "d": 7,
    }


def test_each_text_that_lacks_a_locale_is_named_by_its_path() -> None:
    tree = {
        "a": Localised({"en": "x"}),
        "b": [Localised({"*": "x"}), {"c": Localised({"de": "x"})}],
    }
    assert list(missing_locales(tree, ("en", "de"))) == [("a", "de"), ("b.1.c", "en")]


@pytest.mark.parametrize("locale", ["ar", "es", "fr", "he", "ja", "nl", "pl", "pt-BR", "zh-Hant"])
@pytest.mark.parametrize("text", ["1 day", "2 days", "30 days", "13 months", "2 years"])
def test_no_locale_is_shown_a_name_that_only_programmers_know(locale: str, text: str) -> None:
    assert "duration" not in Duration.parse(text).in_locale(locale, "visit")

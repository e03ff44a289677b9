"""The words of the hosted pages in every language: whole, in one script, the banner's own."""

import re
from importlib.resources import files

import pytest

from consent_service.core.locales import locale_of
from consent_service.http.pages import language_name, page_locales, page_strings
from consent_service.notices.texts import built_in, built_in_locales
from tests.support.world import World
from tests.unit.scripts import ENCODINGS, LETTERS, letters
from tests.unit.words import assert_worded_like, keys_written

LOCALES = page_locales()
TRANSLATED = [locale for locale in LOCALES if locale != "en"]
LONGEST_BUTTON = 30
BUTTONS = ("save", "accept_all", "reject_all", "withdraw_all", "agree", "allow")
LIKE_THE_BANNER = {
    "accept_all": "accept",
    "all_documents": "documents",
    "change_summary": "what_changed",
    "cookie_domain": "cookie_domain",
    "cookie_duration": "cookie_duration",
    "cookie_name": "cookie_name",
    "cookie_purpose": "cookie_purpose",
    "cookies": "cookies",
    "data_categories": "data_categories",
    "diff_link": "what_changed",
    "documents": "documents",
    "history": "history",
    "message_choose": "saved",
    "opt_out_title": "opt_out_honoured",
    "preferences_title": "preferences_title",
    "provider": "provider",
    "receipt": "receipt",
    "recipients": "recipients",
    "reference": "reference",
    "reject_all": "reject",
    "responsible": "controller",
    "retention": "retention",
    "save": "save",
    "withdraw_all": "withdraw",
    "your_choices": "reopen",
}
"""What the pages call as the banner does, by its key there."""
MAY_READ_LIKE_ENGLISH = {
    *("cookie_name", "cookies", "details", "documents", "all_documents", "email", "history_number"),
    *("problem_code", "version", "diff_language"),
}
TECHNICAL = re.compile(r"SHA-256|Global Privacy Control|n\.º")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_has_the_words_that_english_has_each_once(locale: str) -> None:
    assert keys_written("consent_service.web", "strings", locale) == list(page_strings("en"))


@pytest.mark.parametrize("locale", LOCALES)
def test_words_have_the_same_placeholders_and_no_markup(locale: str) -> None:
    assert_worded_like(page_strings(locale), page_strings("en"))


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_word_is_translated(locale: str) -> None:
    english = page_strings("en")
    same = {key for key, text in page_strings(locale).items() if text == english[key]}
    own = {key for key in same if LIKE_THE_BANNER.get(key) is None}
    assert own <= MAY_READ_LIKE_ENGLISH


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_is_written_in_its_own_script(locale: str) -> None:
    for key, text in page_strings(locale).items():
        assert set(letters(TECHNICAL.sub("", text))) <= LETTERS[locale_of(locale).script], key


@pytest.mark.parametrize("locale", sorted(ENCODINGS.keys() & set(LOCALES)))
def test_the_two_ways_to_write_chinese_are_not_mixed(locale: str) -> None:
    "".join(page_strings(locale).values()).encode(ENCODINGS[locale])


@pytest.mark.parametrize("locale", LOCALES)
def test_the_pages_call_things_as_the_banner_does(locale: str) -> None:
    words, banner = page_strings(locale), built_in(locale)
    assert {key: words[key] for key in LIKE_THE_BANNER} == {
        key: banner[name] for key, name in LIKE_THE_BANNER.items()
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_buttons_are_short(locale: str) -> None:
    words = page_strings(locale)
    lengths = {key: len(words[key]) for key in BUTTONS}
    assert {key: n for key, n in lengths.items() if n > LONGEST_BUTTON} == {}


def test_english_comes_first_because_it_answers_whom_no_language_fits() -> None:
    assert LOCALES[0] == "en"
    assert set(LOCALES) <= set(built_in_locales())


@pytest.mark.parametrize(
    ("locale", "written"),
    [("de-AT", "de"), ("DE", "de"), ("ar-EG", "ar"), ("en-US", "en"), ("xx", "en")],
)
def test_a_locale_gets_the_words_of_its_language(locale: str, written: str) -> None:
    assert page_strings(locale) == page_strings(written)


@pytest.mark.parametrize(
    ("locale", "name"),
    [("fr", "français"), ("zh-Hant", "中文 (繁體)"), ("yi", "ייִדיש"), ("xx", "xx"), ("x-y", "x-y")],
)
def test_a_language_is_called_as_it_calls_itself(locale: str, name: str) -> None:
    assert language_name(locale) == name


def test_the_words_are_read_by_their_templates() -> None:
    folder = files("consent_service.web") / "templates"
    templates = "".join(each.read_text("utf-8") for each in folder.iterdir() if each.is_file())
    built = ("version_", "event_", "method_", "value_", "basis_", "problem_", "message_", "error_")
    unread = {
        key
        for key in page_strings("en")
        if not re.search(rf"\bt\.{key}\b", templates) and not key.startswith(built)
    }
    assert unread <= {"diff_from", "diff_to"}


@pytest.mark.parametrize(
    ("accepted", "lang", "direction"),
    [
        ("fr-CA", "fr", "ltr"),
        ("no", "nb", "ltr"),
        ("pt-BR", "pt-BR", "ltr"),
        ("pt-AO", "pt", "ltr"),
        ("zh-SG", "zh-Hans", "ltr"),
        ("ar-EG", "ar", "rtl"),
        ("cy", "en", "ltr"),
    ],
)
def test_an_error_page_answers_in_the_language_of_the_browser(
    sqlite_world: World, accepted: str, lang: str, direction: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": accepted}
    page = sqlite_world.client.get("/sites/nobody/documents", headers=headers).text
    assert f'<html lang="{lang}" dir="{direction}">' in page
    assert page_strings(lang)["problem_404_title"] in page

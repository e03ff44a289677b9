"""The words of the page that checks receipts: whole in every language, and the hosted pages'."""

import re
from importlib.resources import files
from inspect import getsource

import pytest

from consent_service.core.locales import locale_of
from consent_service.http.pages import page_locales, page_strings
from consent_service.proofs import telling
from consent_service.proofs.telling import told_locales, words_of
from tests.support.world import World
from tests.unit.scripts import ENCODINGS, LETTERS, letters
from tests.unit.words import assert_worded_like, keys_written

LOCALES = told_locales()
TRANSLATED = [locale for locale in LOCALES if locale != "en"]
ENGLISH = words_of("en")
LONGEST_BUTTON = 30
LIKE_THE_PAGES = {
    "title": "receipt_check",
    "record_choices": "history_choices",
    "record_documents": "documents",
    "record_type": "history_what",
    "record_when": "history_when",
}
"""What this page calls as the other hosted pages do, by its key there."""
ORDINAL = re.compile(r"n\.º")
PROVED = ("proves_recorded", "proves_text", "proves_included", "proves_openings_none")
NOT_PROVED = ("not_person", "not_valid")


def as_pattern(text: str) -> re.Pattern[str]:
    """Return what a text reads like once something stands for each of its placeholders."""
    return re.compile(re.sub(r"\\\{[a-z0-9]+\\\}", r"[^{}]+", re.escape(text)))


def test_the_page_is_written_in_the_languages_of_the_hosted_pages() -> None:
    assert page_locales() == LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_has_the_words_that_english_has_each_once(locale: str) -> None:
    assert keys_written("consent_service.web", "verification", locale) == list(ENGLISH)


@pytest.mark.parametrize("locale", LOCALES)
def test_words_have_the_same_placeholders_and_no_markup(locale: str) -> None:
    assert_worded_like(words_of(locale), ENGLISH)


@pytest.mark.parametrize("locale", LOCALES)
def test_sentences_end_as_sentences_and_labels_do_not(locale: str) -> None:
    for key, text in words_of(locale).items():
        assert text.endswith((".", "。")) == ENGLISH[key].endswith("."), key


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_word_is_translated(locale: str) -> None:
    same = {key for key, text in words_of(locale).items() if text == ENGLISH[key]}
    assert same <= LIKE_THE_PAGES.keys()


@pytest.mark.parametrize("locale", LOCALES)
def test_no_two_words_of_a_language_read_the_same(locale: str) -> None:
    words = {key: text for key, text in words_of(locale).items() if key not in ("title", "button")}
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_is_written_in_its_own_script(locale: str) -> None:
    for key, text in words_of(locale).items():
        assert set(letters(ORDINAL.sub("", text))) <= LETTERS[locale_of(locale).script], key


@pytest.mark.parametrize("locale", sorted(ENCODINGS.keys() & set(LOCALES)))
def test_the_two_ways_to_write_chinese_are_not_mixed(locale: str) -> None:
    "".join(words_of(locale).values()).encode(ENCODINGS[locale])


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_calls_things_as_the_other_hosted_pages_do(locale: str) -> None:
    words, pages = words_of(locale), page_strings(locale)
    assert {key: words[key] for key in LIKE_THE_PAGES} == {
        key: pages[name] for key, name in LIKE_THE_PAGES.items()
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_the_button_is_short(locale: str) -> None:
    assert len(words_of(locale)["button"]) <= LONGEST_BUTTON


@pytest.mark.parametrize(
    ("locale", "written"),
    [("de-AT", "de"), ("pt-AO", "pt"), ("zh-TW", "zh-Hant"), ("sr-ME", "sr-Latn"), ("xx", "en")],
)
def test_a_locale_gets_the_words_of_its_language(locale: str, written: str) -> None:
    assert words_of(locale) == words_of(written)


def test_the_words_are_read_by_the_page_or_by_what_tells_of_a_receipt() -> None:
    folder = files("consent_service.web") / "templates"
    template = (folder / "verify.html").read_text("utf-8")
    source = getsource(telling)
    unread = {
        key
        for key in ENGLISH
        if not re.search(rf"\bv\.{key}\b", template) and f'"{key}"' not in source
    }
    assert unread == {"verdict_ok", "verdict_weak", "verdict_bad"}


def test_every_language_tells_what_a_receipt_proves(sqlite_world: World) -> None:
    receipt = sqlite_world.answer("shop", "accept")["receipt"]
    sqlite_world.services.ledger.seal_all()
    for locale in LOCALES:
        address = f"/v1/verify?lang={locale}"
        told = sqlite_world.client.post(address, json={"receipt": receipt}).get_json()
        words = words_of(locale)
        assert told["summary"] == words["verdict_ok"], locale
        assert told["does_not_prove"] == [words[key] for key in NOT_PROVED], locale
        for key, sentence in zip(PROVED, told["proves"], strict=True):
            assert as_pattern(words[key]).fullmatch(sentence), (locale, key)


@pytest.mark.parametrize(
    ("accepted", "lang", "direction"),
    [("fr-CA", "fr", "ltr"), ("no", "nb", "ltr"), ("ar-EG", "ar", "rtl"), ("cy", "en", "ltr")],
)
def test_the_page_opens_in_the_language_of_the_browser(
    sqlite_world: World, accepted: str, lang: str, direction: str
) -> None:
    page = sqlite_world.client.get("/v1/verify", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{lang}" dir="{direction}">' in page
    assert f"<h1>{words_of(lang)['title']}</h1>" in page
    assert "consent-service verify receipt" in page

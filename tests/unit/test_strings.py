"""The banner's words in every language that is built in: whole, in one script, of even weight."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel import Locale as CldrLocale

from consent_service.core.locales import Locale, locale_of
from consent_service.notices import texts
from consent_service.notices.texts import (
    PLACEHOLDER,
    built_in,
    built_in_locales,
    direction,
    missing_texts,
    placeholders,
    resolve,
    text_keys,
)
from consent_service.publishing.folder import read_folder
from consent_service.publishing.lint import lint
from consent_service.publishing.lint.languages import language_of
from consent_service.publishing.lint.wording import all_wordings
from tests.unit.folders import document, make
from tests.unit.scripts import ENCODINGS, LETTERS, letters

ROOT = Path(__file__).parents[2]
LOCALES = built_in_locales()
TRANSLATED = [locale for locale in LOCALES if locale != "en"]
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
LONGEST_BUTTON = 24
LONGEST_BODY = 330
TIMES_LONGER = 1.6
BUTTONS = {
    *("accept", "reject", "choose", "save", "withdraw", "reload", "receipt", "agree"),
    *("acknowledge", "later", "override_confirm", "override_cancel", "frame_once"),
    *("notice_accept", "optout_accept", "optout_reject"),
}
BODIES = ("body", "notice_body", "optout_body")
SAME_AS_ENGLISH = {
    "acknowledge": {"OK"},
    "cookie_name": {"Name"},
    "cookies": {"Cookies"},
    "documents": {"Documents"},
    "later": {"Later"},
    "services": {"Services"},
}
"""Words that other languages write as English does."""
FALLBACKS = {
    "de-AT": "de",
    "en-US": "en",
    "es-419": "es",
    "fr-CA": "fr",
    "iw": "he",
    "no": "nb",
    "pt-AO": "pt",
    "pt-PT": "pt",
    "pt-br": "pt-BR",
    "sr-ME": "sr-Latn",
    "sr-RS": "sr",
    "tl": "fil",
    "zh": "zh-Hans",
    "zh-CN": "zh-Hans",
    "zh-HK": "zh-Hant",
    "zh-Hant-HK": "zh-Hant",
    "zh-MO": "zh-Hant",
    "zh-SG": "zh-Hans",
    "zh-TW": "zh-Hant",
}
NOT_WRITTEN = ["cy", "eo", "xx", "nn", "pa-PK", "pa-Arab", "bs-Cyrl", "uz"]


def test_at_least_45_languages_are_built_in() -> None:
    assert len({locale_of(locale).language for locale in LOCALES}) >= 45


@pytest.mark.parametrize("locale", LOCALES)
def test_a_file_is_named_by_the_tag_of_its_language(locale: str) -> None:
    assert CldrLocale.parse(locale, sep="-").language == locale.partition("-")[0]
    assert re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_has_the_texts_that_english_has(locale: str) -> None:
    assert list(built_in(locale)) == list(built_in("en"))
    assert missing_texts(locale, {}) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_each_key_stands_once_in_its_file(locale: str) -> None:
    folder = files(texts.__name__.rpartition(".")[0]) / "strings"
    node = yaml.compose((folder / f"{locale}.yaml").read_text("utf-8"))
    assert isinstance(node, yaml.MappingNode)
    keys = [key.value for key, _ in node.value]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("locale", LOCALES)
def test_texts_have_words_the_same_placeholders_and_no_markup(locale: str) -> None:
    for key, text in built_in(locale).items():
        assert isinstance(text, str), key
        assert text.strip() == text, key
        assert any(each.isalpha() for each in PLACEHOLDER.sub("", text)), key
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(built_in("en")[key]))
        assert not re.search(
            r"[<>\[\]*_`#\\\"&\n]|  ", PLACEHOLDER.sub("", text.replace(" {", "{"))
        ), key


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_text_is_translated(locale: str) -> None:
    for key, text in built_in(locale).items():
        if text not in SAME_AS_ENGLISH.get(key, ()):
            assert text != built_in("en")[key], key


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_is_written_in_its_own_script(locale: str) -> None:
    for key, text in built_in(locale).items():
        assert set(letters(text)) <= LETTERS[locale_of(locale).script], key


@pytest.mark.parametrize("locale", ENCODINGS)
def test_the_two_ways_to_write_chinese_are_not_mixed(locale: str) -> None:
    "".join(built_in(locale).values()).encode(ENCODINGS[locale])


@pytest.mark.parametrize("locale", LOCALES)
def test_buttons_and_first_layers_are_short(locale: str) -> None:
    strings = built_in(locale)
    lengths = {key: len(strings[key]) for key in BUTTONS}
    assert {key: n for key, n in lengths.items() if n > LONGEST_BUTTON} == {}
    assert all(len(strings[key]) <= LONGEST_BODY for key in BODIES)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("prefix", ["", "optout_"])
def test_accepting_and_refusing_weigh_about_the_same(locale: str, prefix: str) -> None:
    strings = built_in(locale)
    shorter, longer = sorted(len(strings[prefix + key]) for key in ("accept", "reject"))
    assert longer <= TIMES_LONGER * shorter + 2


@pytest.mark.parametrize("locale", LOCALES)
def test_languages_run_in_their_direction(locale: str) -> None:
    assert direction(locale) == ("rtl" if locale in RIGHT_TO_LEFT else "ltr")


@pytest.mark.parametrize(("locale", "written"), FALLBACKS.items())
def test_a_locale_falls_back_to_its_language_and_script(locale: str, written: str) -> None:
    assert built_in(locale) == built_in(written)
    assert built_in(locale) != built_in("pt" if written == "pt-BR" else "pt-BR")
    assert direction(locale) == direction(written)
    assert resolve(locale, "opt-in", "Shop", {}) == resolve(written, "opt-in", "Shop", {})


@pytest.mark.parametrize("locale", NOT_WRITTEN)
def test_nobody_gets_another_language_or_script_silently(locale: str) -> None:
    assert built_in(locale) == {}
    assert missing_texts(locale, {}) == list(text_keys())


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("zh-TW", Locale("zh", "Hant", "TW")),
        ("pa-PK", Locale("pa", "Arab", "PK")),
        ("sh", Locale("sr", "Latn")),
        ("zh-hant-hk", Locale("zh", "Hant", "HK")),
        ("es-419", Locale("es", "Latn", "419")),
        ("xx", Locale("xx", "")),
    ],
)
def test_a_tag_stands_for_language_script_and_region(tag: str, expected: Locale) -> None:
    assert locale_of(tag) == expected


@pytest.mark.parametrize("locale", ["pa-Arab", "ckb", "yi", "dv", "ur-IN", "az-Arab"])
def test_a_language_with_words_of_a_sites_own_runs_in_its_direction_too(locale: str) -> None:
    assert direction(locale) == "rtl"


def test_the_name_of_the_site_is_filled_in_and_that_of_the_service_left_to_the_banner() -> None:
    shown = resolve("en", "opt-in", "Shop", {})
    assert shown["frame_always"] == "Always load {service}"
    assert shown["title"] == "Your choice on Shop"
    assert placeholders("frame_text") == {"{name}", "{service}"}
    assert placeholders("title") == {"{name}"}


def test_who_may_opt_out_comes_back_by_the_words_that_california_prescribes() -> None:
    assert resolve("en", "opt-out", "Shop", {})["reopen"] == "Your Privacy Choices"


@pytest.mark.parametrize("locale", all_wordings())
def test_the_built_in_texts_are_in_the_language_that_the_linter_hears(locale: str) -> None:
    assert language_of(" ".join(built_in(locale).values())) == locale


def test_the_linter_finds_nothing_in_the_built_in_texts_of_an_opt_in(tmp_path: Path) -> None:
    spoken = list(all_wordings())

    def change(site: dict[str, Any]) -> None:
        site.update(locales=spoken, withdrawal={each: built_in(each)["body"] for each in spoken})
        purpose, service = site["purposes"][0], site["services"][0]
        for part in (purpose, service, service["cookies"][0]):
            part["description"] = "Tally"
        purpose.update(name="Tally", data_categories=["Tally"])

    documents = {f"terms__{each}": document() for each in spoken}
    source = read_folder(make(tmp_path / "site", change, **documents))
    assert source.notice.locales == tuple(spoken)
    found = {each.rule for each in lint(source) if each.field.startswith("texts.")}
    assert found == {"third-parties-not-counted"}, "which only a site itself can do"


def test_the_list_of_languages_is_complete() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs/languages.md").read_text("utf-8"), re.M)
    assert sorted(listed) == sorted(LOCALES)

"""The words of the banner: complete in each language, a site's own before the built-in ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.notices.profiles import all_profiles, strictest
from consent_service.notices.texts import (
    built_in,
    direction,
    linked_documents,
    missing_texts,
    resolve,
    segments,
    text_keys,
)

LOCALES = ["en", "de", "ar"]
CONTRACT = {
    "title",
    "body",
    "accept",
    "reject",
    "choose",
    "save",
    "close",
    "reopen",
    "preferences_title",
    "preferences_intro",
    "always_on",
    "withdraw",
    "saved",
    "pending",
    "services",
    "cookies",
    "cookie_name",
    "cookie_domain",
    "cookie_duration",
    "cookie_purpose",
    "provider",
    "data_categories",
    "recipients",
    "retention",
    "documents",
    "policy_of_provider",
    "reference",
    "history",
    "controller",
    "opt_out_honoured",
    "asked_again",
    "what_changed",
    "close_refuses",
    "agree",
    "acknowledge",
    "override_question",
    "override_confirm",
    "override_cancel",
}


def plain(parts: object) -> str:
    assert isinstance(parts, list)
    return "".join(part["text"] for part in parts)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("model", ["opt-in", "opt-out", "notice"])
def test_every_text_that_the_banner_shows_is_there(locale: str, model: str) -> None:
    texts = resolve(locale, model, "Shop", {})
    assert set(texts) >= CONTRACT
    assert all(texts.values())
    assert isinstance(texts["body"], list)
    assert all(isinstance(text, str) for key, text in texts.items() if key != "body")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_built_in_language_has_the_same_texts(locale: str) -> None:
    assert set(built_in(locale)) == set(built_in("en"))
    assert missing_texts(locale, {}) == []


def test_languages_differ() -> None:
    assert len({str(resolve(locale, "opt-in", "Shop", {})["reject"]) for locale in LOCALES}) == 3


def test_arabic_runs_from_right_to_left() -> None:
    assert [direction(locale) for locale in [*LOCALES, "cy"]] == ["ltr", "ltr", "rtl", "ltr"]


def test_a_plain_notice_has_words_of_its_own() -> None:
    asking, telling = (resolve("en", model, "Shop", {}) for model in ("opt-in", "notice"))
    assert asking["accept"] != telling["accept"]
    assert asking["body"] != telling["body"]


@pytest.mark.parametrize("locale", LOCALES)
def test_opting_out_has_words_of_its_own(locale: str) -> None:
    asking, telling = (resolve(locale, model, "Shop", {}) for model in ("opt-in", "opt-out"))
    changed = {key for key, text in telling.items() if text != asking[key]}
    assert changed == {"title", "body", "accept", "reject", "reopen"}


@pytest.mark.parametrize("model", ["opt-in", "notice"])
def test_a_sites_own_words_go_first(model: str) -> None:
    texts = resolve("en", model, "Shop", {"accept": "Yes, {name}"})
    assert texts["accept"] == "Yes, Shop"


def test_the_name_of_the_site_is_filled_in_everywhere() -> None:
    for locale in LOCALES:
        for model in ("opt-in", "opt-out", "notice"):
            assert "{name}" not in str(resolve(locale, model, "Shop", {}))


def test_a_language_that_is_not_built_in_lacks_everything_it_does_not_write() -> None:
    own = dict.fromkeys(text_keys(), "x")
    assert missing_texts("cy", {}) == list(text_keys())
    assert missing_texts("cy", own) == []
    del own["close"]
    assert missing_texts("cy", own) == ["close"]


def test_links_to_documents_become_segments() -> None:
    assert segments("See [Terms](terms) and [Policy](privacy-policy).") == [
        {"text": "See "},
        {"text": "Terms", "document": "terms"},
        {"text": " and "},
        {"text": "Policy", "document": "privacy-policy"},
        {"text": "."},
    ]


@pytest.mark.parametrize(
    "text",
    ["[x](javascript:alert(1))", "[x](https://a.example)", "[x]()", "[](terms)", "[x](Terms)"],
)
def test_a_link_to_anything_but_a_document_stays_text(text: str) -> None:
    assert segments(text) == [{"text": text}]


@given(st.text(st.sampled_from("ab[]() -"), max_size=30))
def test_no_word_is_lost_between_segments(text: str) -> None:
    parts = segments(text)
    kinds = [part["document"] for part in parts if "document" in part]
    assert kinds == linked_documents(text)
    written = "".join(
        f"[{part['text']}]({part['document']})" if "document" in part else part["text"]
        for part in parts
    )
    assert written == text


def test_each_profile_is_complete_and_names_its_sources() -> None:
    for key, profile in all_profiles().items():
        assert profile.key == key
        assert profile.model in {"opt-in", "opt-out", "notice"}
        assert profile.before_choice in {"denied", "allowed"}
        assert profile.sources


def test_under_opt_in_nothing_runs_before_a_choice() -> None:
    for profile in all_profiles().values():
        if profile.model == "opt-in":
            assert profile.before_choice == "denied"


def test_the_strictest_profile_is_the_one_that_asks() -> None:
    assert strictest(["notice-only", "eu-opt-in"]).key == "eu-opt-in"
    assert strictest(["notice-only"]).key == "notice-only"

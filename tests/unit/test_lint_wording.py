"""What the linter reads out of sentences, in each language that it knows."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from consent_service.notices.texts import built_in
from consent_service.publishing.lint.languages import language_of
from consent_service.publishing.lint.wording import all_wordings, plain, wording_of

FOLDER = Path(__file__).parent / "sentences"
SENTENCES: dict[str, dict[str, list[str]]] = {
    path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))
}
OBJECTIONABLE = ("implied_consent", "consent_wall", "agreement_to_terms", "shaming")
SAID = (*OBJECTIONABLE, "hedged_refusal", "withdrawal")
REFUSALS = 40
"""Innocent sentences up to this many characters are words of a button that refuses."""


def cases(*kinds: str) -> list[Any]:
    return [
        pytest.param(language, kind, text, id=f"{language}-{kind}-{text}")
        for language, by_kind in SENTENCES.items()
        for kind in kinds
        for text in by_kind[kind]
    ]


def found(language: str, said: str, text: str) -> str | None:
    wording = wording_of(language)
    assert wording
    return wording.find(said, text)


def test_every_language_has_sentences_of_both_kinds() -> None:
    assert set(SENTENCES) == set(all_wordings())
    for by_kind in SENTENCES.values():
        assert len(by_kind["implied_consent"]) >= 15
        assert len(by_kind["innocent"]) >= 15


@pytest.mark.parametrize("language", all_wordings())
def test_every_language_knows_the_same_kinds_of_phrases(language: str) -> None:
    wording = all_wordings()[language]
    assert set(wording.phrases) == {*SAID, "vague_purpose", "privacy_policy"}
    assert len(wording.phrases["implied_consent"]) >= 10
    assert len(wording.numbers) == 12
    assert len(wording.small_words) >= 40


@pytest.mark.parametrize(("language", "kind", "text"), cases(*SAID))
def test_a_phrase_is_found(language: str, kind: str, text: str) -> None:
    assert found(language, kind, text)


@pytest.mark.parametrize(("language", "kind", "text"), cases("innocent"))
def test_an_innocent_sentence_is_left_alone(language: str, kind: str, text: str) -> None:
    assert [said for said in OBJECTIONABLE if found(language, said, text)] == []


@pytest.mark.parametrize(("language", "kind", "text"), cases("innocent"))
def test_a_plain_refusal_is_not_taken_for_a_hedged_one(language: str, kind: str, text: str) -> None:
    if len(text) < REFUSALS and not text.endswith("."):
        assert found(language, "hedged_refusal", text) is None


@pytest.mark.parametrize(("language", "kind", "text"), cases("silent_on_withdrawal"))
def test_what_does_not_tell_of_withdrawal_is_known(language: str, kind: str, text: str) -> None:
    assert found(language, "withdrawal", text) is None


@pytest.mark.parametrize("language", [each for each in all_wordings() if built_in(each)])
def test_the_built_in_texts_are_innocent(language: str) -> None:
    texts = built_in(language)
    for text in texts.values():
        assert [said for said in OBJECTIONABLE if found(language, said, text)] == []
    assert found(language, "hedged_refusal", texts["reject"]) is None
    assert found(language, "withdrawal", texts["body"])


@pytest.mark.parametrize("language", SENTENCES)
def test_a_language_is_told_from_the_others(language: str) -> None:
    text = " ".join(SENTENCES[language]["innocent"])
    assert language_of(text) == language
    halves = {language_of(each) for each in SENTENCES[language]["innocent"]}
    assert halves <= {None, language}


def test_quotes_hyphens_and_spaces_are_compared_in_their_plain_form() -> None:
    assert plain("don\u2019t\u00a0 opt\u2011out\u00ad \u201cnow\u201d\n") == 'don\'t opt-out "now"'
    assert plain("cafe\u0301") == "caf\u00e9"
    assert found("en", "shaming", "No, I don\u2019t\u00a0care")


@pytest.mark.parametrize("language", all_wordings())
@pytest.mark.parametrize("said", [*SAID, "vague_purpose", "privacy_policy"])
def test_no_pattern_takes_long_over_a_hostile_text(language: str, said: str) -> None:
    sentences = SENTENCES[language]["implied_consent"] + SENTENCES[language]["consent_wall"]
    words = [word for text in sentences for word in text.rstrip(".").split()]
    for text in (" ".join(words)[:4000], "by using you if " * 250, "a " * 2000, "e" * 4000):
        started = time.perf_counter()
        found(language, said, text)
        assert time.perf_counter() - started < 2

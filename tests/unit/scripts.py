"""The scripts of languages: which letters belong to a text."""

import re
import unicodedata
from collections.abc import Iterator

from consent_service.notices.texts import PLACEHOLDER

LETTERS = {
    "Arab": {"ARABIC"},
    "Beng": {"BENGALI"},
    "Cyrl": {"CYRILLIC"},
    "Deva": {"DEVANAGARI"},
    "Grek": {"GREEK"},
    "Gujr": {"GUJARATI"},
    "Guru": {"GURMUKHI"},
    "Hans": {"CJK"},
    "Hant": {"CJK"},
    "Hebr": {"HEBREW"},
    "Jpan": {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    "Kore": {"HANGUL"},
    "Latn": {"LATIN", "MODIFIER"},
    "Taml": {"TAMIL"},
    "Telu": {"TELUGU"},
    "Thai": {"THAI"},
}
ENCODINGS = {"zh-Hans": "gb2312", "zh-Hant": "big5"}
"""Older encodings hold the characters of one way to write Chinese only."""
LOAN_WORDS = re.compile(r"\b(?:cookies?|ok)\b", re.IGNORECASE)


def letters(text: str) -> Iterator[str]:
    """Yield the first word of the name of each letter that belongs to the language itself."""
    own = LOAN_WORDS.sub("", PLACEHOLDER.sub("", text))
    return (unicodedata.name(each).split()[0] for each in own if each.isalpha())

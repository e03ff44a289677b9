"""How languages put things: patterns of phrases and lists of words, one data file a language.

A pattern is a regular expression for whole words in any case, in which `<name>` stands for one of
the file's `parts`. Texts are compared with plain quotes, hyphens and spaces.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

_PART = re.compile(r"(?<!P)<([a-z_]+)>")
_LETTERS = re.compile(r"[^\W\d_]+")
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A language's phrases by what they say, and its words: numbers from one on, small words."""

    language: str
    phrases: Mapping[str, tuple[re.Pattern[str], ...]]
    numbers: tuple[str, ...]
    small_words: frozenset[str]

    def find(self, said: str, text: str) -> str | None:
        """Return the part of a text that says something, such as `implied_consent`."""
        return _find(self.phrases[said], text)


def wording_of(locale: str) -> Wording | None:
    """Return the wording of a locale's language; None where it is not known."""
    return all_wordings().get(locale.partition("-")[0])


@cache
def all_wordings() -> dict[str, Wording]:
    """Return the wordings that the linter knows, by language."""
    folder = files(__package__) / "wording"
    loaded = {
        entry.name.removesuffix(".yaml"): yaml.safe_load(entry.read_text("utf-8"))
        for entry in folder.iterdir()
    }
    return {language: _wording(language, loaded[language]) for language in sorted(loaded)}


def plain(text: str) -> str:
    """Return a text with plain quotes, hyphens and single spaces, composed and in its own case."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.lower() for word in _LETTERS.findall(plain(text))]


@lru_cache(maxsize=4096)
def _find(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    text = plain(text)
    found = (pattern.search(text) for pattern in patterns)
    return next((match[0] for match in found if match), None)


def _wording(language: str, data: Mapping[str, Any]) -> Wording:
    parts = data["parts"]
    return Wording(
        language=language,
        phrases={
            said: tuple(_pattern(pattern, parts) for pattern in patterns)
            for said, patterns in data["phrases"].items()
        },
        numbers=tuple(data["numbers"]),
        small_words=frozenset(data["small_words"].split()),
    )


def _pattern(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    while (filled := _PART.sub(lambda found: f"(?:{parts[found[1]]})", pattern)) != pattern:
        pattern = filled
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)

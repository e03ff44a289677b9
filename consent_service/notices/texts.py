"""The words of banner and preferences: built-in strings, replaced by a site's own."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml

from consent_service.core.locales import locale_of, written_for

RICH = ("body",)
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z][a-z0-9-]*)\)")
_OWN_WORDS = {
    "notice": ("notice_", ("title", "body", "accept")),
    "opt-out": ("optout_", ("title", "body", "accept", "reject", "reopen")),
}
_PREFIXES = tuple(prefix for prefix, _ in _OWN_WORDS.values())

Segment = dict[str, str]
Texts = dict[str, str | list[Segment]]


@cache
def built_in_locales() -> tuple[str, ...]:
    """Return the locales that the built-in strings are written in."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def built_in(locale: str) -> dict[str, str]:
    """Return the built-in strings of a locale: its own, else those of its language and script.

    None where the language is not written in that script: nobody gets another one silently.
    """
    name = written_for(locale, built_in_locales())
    return _strings(name) if name else {}


@cache
def text_keys() -> tuple[str, ...]:
    """Return the keys of all texts that a variant has."""
    return tuple(key for key in built_in("en") if not key.startswith(_PREFIXES))


def placeholders(key: str) -> frozenset[str]:
    """Return what may stand in braces in a text: the site's name, and what the banner fills in."""
    return frozenset({"{name}", *PLACEHOLDER.findall(built_in("en")[key])})


def resolve(locale: str, model: str, name: str, own: Mapping[str, str]) -> Texts:
    """Return the texts of a variant in one locale: the site's own, else the built-in ones.

    Rich texts come as segments `{"text", "document"?}`, so that nothing has to parse markup later.

    Raises:
        KeyError: a text exists in neither.
    """
    strings = built_in(locale)
    if strings and model in _OWN_WORDS:
        prefix, keys = _OWN_WORDS[model]
        strings = strings | {key: strings[prefix + key] for key in keys}
    chosen = {key: (own.get(key) or strings[key]).replace("{name}", name) for key in text_keys()}
    return {key: segments(text) if key in RICH else text for key, text in chosen.items()}


def missing_texts(locale: str, own: Mapping[str, str]) -> list[str]:
    """Return the keys that neither the site nor the built-in strings have in a locale."""
    strings = built_in(locale)
    return [key for key in text_keys() if not own.get(key) and key not in strings]


def direction(locale: str) -> str:
    """Return `rtl` or `ltr`."""
    return locale_of(locale).direction


def linked_documents(text: str) -> list[str]:
    """Return the kinds of documents that a rich text links to."""
    return [kind for _, kind in _LINK.findall(text)]


def segments(text: str) -> list[Segment]:
    """Split a text at its links `[words](document-kind)`."""
    found: list[Segment] = []
    end = 0
    for link in _LINK.finditer(text):
        if link.start() > end:
            found.append({"text": text[end : link.start()]})
        found.append({"text": link[1], "document": link[2]})
        end = link.end()
    if end < len(text):
        found.append({"text": text[end:]})
    return found


@cache
def _strings(name: str) -> dict[str, str]:
    return dict(yaml.safe_load((_folder() / f"{name}.yaml").read_text("utf-8")))


def _folder() -> Traversable:
    return files(__package__) / "strings"

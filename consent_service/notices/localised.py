"""Values that read differently in each locale, and their resolution in a whole tree."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from babel.units import format_unit

_DURATION = re.compile(r"([1-9]\d{0,4}) (second|minute|hour|day|week|month|year)s?")
SESSION = "session"
EVERY_LOCALE = "*"
_LENGTHS: tuple[Literal["long"], Literal["short"]] = ("long", "short")


@dataclass(frozen=True, slots=True)
class Localised:
    """A text in several locales; one under `*` goes for every locale, such as a proper name."""

    texts: Mapping[str, str]

    def text(self, locale: str) -> str | None:
        """Return the text in a locale."""
        return self.texts.get(locale) or self.texts.get(EVERY_LOCALE)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time such as `13 months`; `count` 0 is the visit itself (`session`)."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read `session` or `COUNT UNIT`.

        Raises:
            ValueError: it is neither.
        """
        if text == SESSION:
            return cls(0, SESSION)
        found = _DURATION.fullmatch(text)
        if found is None:
            raise ValueError("must be `session` or a count and a unit, such as `13 months`")
        return cls(int(found[1]), found[2])

    def in_locale(self, locale: str, session: str) -> str:
        """Return the words of a locale; `session` is its word for the visit."""
        if self.unit == SESSION:
            return session
        unit, babel_locale = f"duration-{self.unit}", locale.replace("-", "_")
        # Some locales have no long pattern for every count; their short one is spelled out.
        forms = (format_unit(self.count, unit, length, locale=babel_locale) for length in _LENGTHS)
        return next((form for form in forms if unit not in form), str(self))

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return self.unit if self.unit == SESSION else f"{self.count} {self.unit}s"


def in_locale(tree: Any, locale: str, words: Callable[[Duration], str] = str) -> Any:
    """Return a tree of dicts and lists with each text in one locale and each duration in words."""
    if isinstance(tree, Localised):
        return tree.text(locale)
    if isinstance(tree, Duration):
        return words(tree)
    if isinstance(tree, Mapping):
        return {key: in_locale(value, locale, words) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [in_locale(value, locale, words) for value in tree]
    return tree


def missing_locales(
    tree: Any, locales: tuple[str, ...], path: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield `(path, locale)` for each text of a tree that lacks a locale."""
    if isinstance(tree, Localised):
        yield from ((path, locale) for locale in locales if not tree.text(locale))
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from missing_locales(value, locales, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list | tuple):
        for position, value in enumerate(tree):
            yield from missing_locales(value, locales, f"{path}.{position}")

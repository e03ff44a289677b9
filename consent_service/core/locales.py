"""Locales: which language, in which script, for which region a tag such as `zh-TW` stands for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from babel.core import get_global

_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}|\d{3}")
_RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
_WRITTEN_AS = {"no": "nb"}
"""What CLDR leaves open: who says Norwegian and no more reads Bokmål."""


@dataclass(frozen=True, slots=True)
class Locale:
    """A language (ISO 639), its script (ISO 15924, empty where unknown) and a region, if named."""

    language: str
    script: str
    region: str | None = None

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.script in _RIGHT_TO_LEFT else "ltr"


def locale_of(tag: str) -> Locale:
    """Return what a tag (BCP 47) stands for, by its present name: `iw` is `he`.

    The script that a tag leaves out is the likely one of its language and region (CLDR).
    """
    first, *others = tag.split("-")
    language, *implied = _present_name(first.lower()).split("_")
    others = [*implied, *others]
    script = next((part.title() for part in others if _SCRIPT.fullmatch(part)), None)
    region = next((part.upper() for part in others if _REGION.fullmatch(part)), None)
    return Locale(language, script or _likely_script(language, region), region)


def written_for(tag: str, written: Iterable[str]) -> str | None:
    """Return which of the written tags a reader of `tag` gets: its own, else its language's.

    None where the language is not among them in that script: nobody gets another one silently.
    """
    by_locale = {locale_of(each): each for each in written}
    wanted = locale_of(tag)
    return by_locale.get(wanted) or by_locale.get(replace(wanted, region=None))


def _present_name(language: str) -> str:
    return str(_WRITTEN_AS.get(language) or get_global("language_aliases").get(language, language))


def _likely_script(language: str, region: str | None) -> str:
    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{region}") or likely.get(language) or ""
    return next((part for part in full.split("_")[1:] if _SCRIPT.fullmatch(part)), "")

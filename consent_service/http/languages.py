"""Which locale a request asks for."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import request

from consent_service.core.locales import Locale, locale_of


def wanted_locale(offered: Sequence[str]) -> str:
    """Return the best of the offered locales: `?lang=`, else Accept-Language, else the first."""
    named = request.args.get("lang", "")
    return (
        _match(named, offered)
        or next((m for lang in _accepted() if (m := _match(lang, offered))), None)
        or offered[0]
    )


def _accepted() -> list[str]:
    return [language for language, quality in request.accept_languages if quality > 0]


def _match(language: str, offered: Sequence[str]) -> str | None:
    """Return the locale of the language and region, else one in its script, else in any script."""
    wanted = locale_of(language)
    nearness: tuple[Callable[[Locale], bool], ...] = (
        lambda locale: locale == wanted,
        lambda locale: locale == replace(wanted, region=None),
        lambda locale: locale.language == wanted.language and locale.script == wanted.script,
        lambda locale: locale.language == wanted.language,
    )
    return next((each for near in nearness for each in offered if near(locale_of(each))), None)

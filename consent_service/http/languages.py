"""Which locale a request asks for."""

from collections.abc import Sequence

from flask import request


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
    """Return the locale that is the language, else one that shares its primary subtag."""
    wanted = language.lower()
    exact = (locale for locale in offered if locale.lower() == wanted)
    primary = wanted.partition("-")[0]
    same = (locale for locale in offered if locale.lower().partition("-")[0] == primary)
    return next(exact, None) or next(same, None)

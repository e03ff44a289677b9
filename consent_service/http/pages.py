"""Pages for people: templates, their words, relative addresses."""

import hashlib
import posixpath
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from babel.core import Locale as CldrLocale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime
from flask import Response, render_template, request

from consent_service.core.clock import format_time
from consent_service.core.locales import locale_of, written_for
from consent_service.http.headers import page_policy
from consent_service.http.languages import wanted_locale

_PACKAGE = "consent_service.web"
_FALLBACK = "en"


@cache
def page_locales() -> tuple[str, ...]:
    """Return the locales that the words of the pages are written in, English first."""
    names = {Path(entry.name).stem for entry in (files(_PACKAGE) / "strings").iterdir()}
    return (_FALLBACK, *sorted(names - {_FALLBACK}))


@cache
def page_strings(locale: str) -> dict[str, str]:
    """Return the words of the pages in a locale, by its language and script, else in English."""
    name = written_for(locale, page_locales()) or _FALLBACK
    return dict(yaml.safe_load((files(_PACKAGE) / "strings" / f"{name}.yaml").read_text("utf-8")))


@cache
def language_name(locale: str) -> str:
    """Return what a language calls itself (CLDR), else its tag."""
    try:
        return CldrLocale.parse(locale, sep="-").get_display_name() or locale
    except (UnknownLocaleError, ValueError):
        return locale


@cache
def asset(name: str) -> bytes:
    """Return the content of a style sheet."""
    return (files(_PACKAGE) / "assets" / name).read_bytes()


def relative_url(target: str) -> str:
    """Return an address relative to the page's, so that pages work behind any path prefix."""
    path, mark, query = target.partition("?")
    folder, name = posixpath.split(path)
    here = posixpath.dirname(request.path)
    return posixpath.join(posixpath.relpath(folder, here), name) + mark + query


def asset_url(name: str) -> str:
    """Return the address of a style sheet, which changes with its content."""
    digest = hashlib.sha256(asset(name)).hexdigest()[:16]
    return relative_url(f"/static/{name}?v={digest}")


def moment(value: datetime, locale: str, *, with_time: bool = False) -> dict[str, str]:
    """Return a time for a page: `iso` for machines, `text` in the words of the locale."""
    babel_locale = locale.replace("-", "_")
    words = (
        format_datetime(value, "long", locale=babel_locale)
        if with_time
        else format_date(value.date(), "long", locale=babel_locale)
    )
    return {"iso": format_time(value), "text": words}


def languages(offered: Sequence[str], current: str) -> list[dict[str, Any]]:
    """Return the choices of a page's language switch."""
    return [
        {
            "locale": locale,
            "name": language_name(locale),
            "current": locale == current,
        }
        for locale in (offered if len(offered) > 1 else ())
    ]


def problem_page(status: int, code: str, title: str, detail: str) -> Response:
    """Return an error page for people, in the words of their language where there are any."""
    locale = wanted_locale(page_locales())
    words = page_strings(locale)
    answer = page(
        "problem.html",
        locale,
        site=None,
        languages=[],
        status=status,
        code=code,
        title=words.get(f"problem_{status}_title", title),
        explanation=words.get(f"problem_{status}_text", detail),
        advice=words.get(f"problem_{status}_advice", ""),
        back=None,
        back_label=None,
    )
    answer.status_code = status
    return answer


def page(
    template: str, locale: str, *, form_targets: tuple[str, ...] = (), **values: Any
) -> Response:
    """Return a rendered page with the policy of its surface."""
    html = render_template(
        template,
        lang=locale,
        direction=locale_of(locale).direction,
        t=page_strings(locale),
        url=relative_url,
        asset=asset_url,
        **values,
    )
    answer = Response(html, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = page_policy(form_targets)
    answer.headers["Cache-Control"] = "private, no-cache"
    # Browsers send `Origin: null` with a form under no-referrer.
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.content_language.add(locale)
    return answer

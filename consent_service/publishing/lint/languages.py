"""Rules about language: one throughout, and one that the linter can read."""

from collections.abc import Iterator

from consent_service.publishing.files import SITE_FILE
from consent_service.publishing.lint.findings import Breach
from consent_service.publishing.lint.view import Examined, Shown
from consent_service.publishing.lint.wording import all_wordings, plain, words_of

_LEAST_WORDS = 8
_LEAST_SMALL_WORDS = 4
_TIMES_MORE = 3
_SAME_WORDS = 4


def mixed_languages(site: Examined) -> Iterator[Breach]:
    """Find texts that are not in the language of their locale."""
    default, *_ = site.source.notice.locales
    shown_by_locale = {shown.locale: shown for shown in site.by_locale()}
    originals = [text for _, text in shown_by_locale[default].prose()]
    for locale, shown in shown_by_locale.items():
        for (field, text), original in zip(shown.prose(), originals, strict=True):
            yield from _foreign(shown, text, field, SITE_FILE)
            if _copied(text, original, locale, default):
                yield Breach(message=f"is the same text in {locale} and {default}", field=field)
    for document in site.source.documents:
        for locale, written in document.texts.items():
            file = f"{document.kind}.{locale}.md"
            if locale in shown_by_locale:
                yield from _foreign(shown_by_locale[locale], written.source, "", file)
            if _copied(written.source, document.texts[default].source, locale, default):
                yield Breach(message=f"is the same text in {locale} and {default}", file=file)


def locale_not_offered(site: Examined) -> Iterator[Breach]:
    """Find locales that lack a text."""
    for locale, what in site.gaps.items():
        yield Breach(message=what, field=f"locales.{site.declared.index(locale)}")


def language_not_known(site: Examined) -> Iterator[Breach]:
    """Find locales whose texts the linter cannot read."""
    known = ", ".join(all_wordings())
    for shown in site.by_locale():
        if shown.wording is None:
            yield Breach(
                message=f"texts in {shown.locale} were not read: the linter knows {known}",
                field=f"locales.{site.declared.index(shown.locale)}",
            )


def language_of(text: str) -> str | None:
    """Return the language that a text is clearly in, of those known; None where it is not clear."""
    words = words_of(text)
    if len(words) < _LEAST_WORDS:
        return None
    counts = {
        language: sum(word in wording.small_words for word in words)
        for language, wording in all_wordings().items()
    }
    best, next_best = sorted(counts, key=lambda language: counts[language], reverse=True)[:2]
    clear = counts[best] >= max(_LEAST_SMALL_WORDS, _TIMES_MORE * counts[next_best])
    return best if clear else None


def _foreign(shown: Shown, text: str, field: str, file: str) -> Iterator[Breach]:
    language = language_of(text)
    if shown.wording and language not in {None, shown.wording.language}:
        message = f"is in {language}, not in {shown.locale}"
        yield Breach(message=message, field=field, file=file)


def _copied(text: str, original: str, locale: str, default: str) -> bool:
    if locale.partition("-")[0] == default.partition("-")[0]:
        return False
    return plain(text) == plain(original) and len(words_of(text)) >= _SAME_WORDS

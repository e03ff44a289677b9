"""The kinds of fields of a site's folder, and the words in which each is asked for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields

from consent_service.notices.localised import EVERY_LOCALE, Duration, Localised
from consent_service.publishing.site_rules import LOCALE, LONG

_WORDS: Mapping[type[fields.Field[Any]], Mapping[str, str]] = {
    fields.Field: {"required": "is missing", "null": "is empty"},
    fields.List: {"invalid": "must be a list"},
    fields.Mapping: {"invalid": "must be a mapping"},
    fields.Enum: {"unknown": "must be one of: {choices}"},
    fields.AwareDateTime: {
        "invalid": "must be a time such as 2027-01-01T00:00:00Z",
        "invalid_awareness": "must name its zone, as 2027-01-01T00:00:00Z does",
    },
}


class Part(Schema):
    """A part of a site's folder. What is wrong reads on from the field's name: `is missing`."""

    error_messages = {"unknown": "is no field here", "type": "must be a mapping"}  # noqa: RUF012 - the library's form

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give a field the words of this project."""
        _reword(field_obj)


def _reword(field: fields.Field[Any]) -> None:
    for kind, words in _WORDS.items():
        if isinstance(field, kind):
            field.error_messages.update(words)
    inner = (getattr(field, name, None) for name in ("inner", "key_field", "value_field"))
    for each in inner:
        if each is not None:
            _reword(each)


class Text(fields.String):
    """A text, and nothing that YAML takes for something else."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        return _text(value)


class Email(fields.Email):
    """An e-mail address."""

    default_error_messages = {"invalid": "must be an e-mail address"}  # noqa: RUF012 - the library's form

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        return _text(value)


class BaseAddress(Text):
    """Where the service answers, without a slash at its end: paths are added to it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        address = _text(value)
        if "?" in address or "#" in address or "@" in address:
            raise ValidationError("must have no query, no fragment and no user: a path is added")
        return address.rstrip("/")


class LocalisedText(fields.Field[Localised]):
    """A text, or a mapping of locales to texts."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Localised:
        texts = {EVERY_LOCALE: value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not texts:
            raise ValidationError("must be a text or a mapping of locales to texts")
        for locale, text in texts.items():
            if not isinstance(locale, str):
                raise ValidationError(f"has a locale that must be a text{_unquoted(locale)}")
            if locale != EVERY_LOCALE:
                LOCALE(locale)
            if text is None or not _text(text).strip():
                raise ValidationError(f"the text in {locale} is empty")
            LONG(text)
        return Localised({locale: text.strip() for locale, text in texts.items()})


class DurationText(fields.Field[Duration]):
    """`session`, or a count and a unit."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Duration:
        try:
            return Duration.parse(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(f"must be a text{_unquoted(value)}")
    return value


def _unquoted(value: Any) -> str:
    """Return what to do where YAML reads a text without quotes, such as `no`, as another value."""
    if isinstance(value, bool):
        word = "yes" if value else "no"
        return f', and YAML reads {word} as {str(value).lower()}: quote it, "{word}"'
    if isinstance(value, int | float | date):
        return f', and YAML reads {value} as a number or a date: quote it, "{value}"'
    return ""

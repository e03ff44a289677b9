"""The one tree of errors; `http.problems` makes answers of it, the command line messages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is its path, such as `decisions.analytics`."""

    field: str
    message: str


def field_errors(messages: Any, path: str = "") -> Iterator[FieldError]:
    """Yield the errors in nested messages as marshmallow collects them."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            whole = path and key == "_schema"
            yield from field_errors(inner, path if whole else f"{path}.{key}".lstrip("."))
    else:
        yield from (FieldError(path, str(message)) for message in messages)


class ServiceError(Exception):
    """Something the caller can act on. `code` is stable and part of the interface."""

    code = "service_error"
    title = "The request could not be served"
    status = 500
    retry_after: int | None = None
    """After how many seconds it may be otherwise, where that can be said."""

    def __init__(self, detail: str, fields: Iterable[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)


class InvalidRequestError(ServiceError):
    """A request that breaks its schema or a rule; names each field."""

    code = "invalid_request"
    title = "The request is not valid"
    status = 422

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidRequestError":
        """Return the error about one field."""
        return cls(f"{field}: {message}", [FieldError(field, message)])


class MalformedRequestError(ServiceError):
    """A body that is no JSON object in UTF-8."""

    code = "malformed_request"
    title = "The body cannot be read"
    status = 400


class NotFoundError(ServiceError):
    """Something named does not exist; subclasses say what."""

    code = "not_found"
    title = "There is no such thing here"
    status = 404


class PreconditionRequiredError(ServiceError):
    """A change that does not say what it was made over."""

    code = "precondition_required"
    title = "The request must say what it changes"
    status = 428


class PreconditionFailedError(ServiceError):
    """What is to be changed is not what the caller has seen."""

    code = "precondition_failed"
    title = "It has changed since it was looked at"
    status = 412


class SettingsError(ServiceError):
    """Settings or files of the operator that the service cannot start with."""

    code = "settings"
    title = "The settings are not complete"


class UnavailableError(ServiceError):
    """The database does not answer."""

    code = "unavailable"
    title = "The service is unavailable for the moment"
    status = 503
    retry_after = 5

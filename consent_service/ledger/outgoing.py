"""Outgoing calls: one POST, handed in wherever it is needed."""

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

_TIMEOUT_SECONDS = 10
_LARGEST_REPLY = 64 * 1024


class CallFailedError(Exception):
    """Nobody answered, or not in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call was answered with; a body beyond 64 KiB is cut."""

    status: int
    body: bytes = field(repr=False)


Post = Callable[[str, bytes, str], Reply]
"""Sends a body of a media type to an address.

Raises:
    CallFailedError: nobody answered.
"""


def post(url: str, body: bytes, media: str) -> Reply:
    """See `Post`."""
    # The opener below knows http and https only.
    headers = {"Content-Type": media}
    asked = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with _opener.open(asked, timeout=_TIMEOUT_SECONDS) as answer:
            return Reply(status=answer.status, body=answer.read(_LARGEST_REPLY))
    except urllib.error.HTTPError as error:
        return Reply(status=error.code, body=error.read(_LARGEST_REPLY))
    except OSError as error:
        raise CallFailedError(f"{url} does not answer: {error}") from error


def _plain_opener() -> urllib.request.OpenerDirector:
    """Return an opener that follows no redirect and opens no file."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


_opener = _plain_opener()

"""Conditions of a request (RFC 9110, section 13): who changes something says what was seen."""

from flask import request

from consent_service.core.errors import PreconditionRequiredError


def creates() -> bool:
    """Tell whether the request is to make something that must not be there: `If-None-Match: *`."""
    return request.if_none_match.star_tag


def seen_tag() -> str:
    """Return the one ETag that If-Match names.

    Raises:
        PreconditionRequiredError: it names none, any, or several.
    """
    tags = request.if_match.as_set()
    if len(tags) != 1:
        raise PreconditionRequiredError('name the ETag that you have seen: `If-Match: "…"`')
    return str(tags.pop())

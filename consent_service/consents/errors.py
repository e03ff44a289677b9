"""Errors that several parts of this feature raise."""

from consent_service.core.errors import NotFoundError


class VisitorUnknownError(NotFoundError):
    """Nothing is on record about a visitor: erased, or never there."""

    code = "visitor_unknown"
    title = "Nothing is on record about this visitor"

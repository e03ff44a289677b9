"""Turns the driver's failures into the service's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from consent_service.core.errors import UnavailableError
from consent_service.db.unit import ConflictError

_RETRIABLE_STATES = {"40001", "40P01"}


@contextmanager
def translated() -> Iterator[None]:
    """Raise `UnavailableError` for a lost database, `ConflictError` for a constraint."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(str(error.orig)) from error
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise UnavailableError("the database does not answer") from error


def may_retry(error: DBAPIError) -> bool:
    """Tell whether a unit may be tried again: lost connection, serialization failure, deadlock."""
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in _RETRIABLE_STATES

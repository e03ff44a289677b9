"""Whether a database fits its anchor.

One that does not must sign nothing: it could contradict what was published before.
"""

from enum import StrEnum

from sqlalchemy import Connection

from consent_service.core.errors import ServiceError
from consent_service.ledger import store_tree
from consent_service.ledger.anchor import Anchored
from consent_service.ledger.model import Log, SignedCheckpoint

_ADOPT = (
    "If this is the only copy of the database that is in use, and the newest, run "
    "`consent-service ledger adopt`"
)
_EPOCH = "Where nothing newer can be found, run `consent-service ledger epoch`"


class Halt(StrEnum):
    """Why a log is not sealed."""

    UNANCHORED = "unanchored"
    COPIED = "copied"
    AHEAD = "ahead"
    BEHIND = "behind"
    BESIDE = "beside"


ADOPTABLE = (Halt.UNANCHORED, Halt.COPIED, Halt.AHEAD)
"""What somebody who knows that this is the newest copy may settle."""


class LogHaltedError(ServiceError):
    """A log that is not sealed until somebody decides how it goes on."""

    code = "log_halted"
    title = "The log is at a halt"
    status = 503

    def __init__(self, halt: Halt, detail: str) -> None:
        super().__init__(detail)
        self.halt = halt


def require_fit(
    connection: Connection, log: Log, newest: SignedCheckpoint | None, anchored: Anchored | None
) -> None:
    """Check that a database may go on from where it is.

    Raises:
        LogHaltedError: it may not; the detail says why and what to do.
    """
    if anchored is not None:
        _require_anchored_part(connection, log, newest, anchored)
    published = newest
    if newest and newest.published_at is None:
        published = store_tree.find_newest(connection, log, published=True)
    if published is None:
        return
    size = published.checkpoint.size
    if anchored is None:
        raise LogHaltedError(
            Halt.UNANCHORED,
            f"{log.tree} has published {size} leaves, and the anchor does not know it: the "
            f"database was moved or copied, or the anchor was lost. {_ADOPT}",
        )
    if size > anchored.size:
        raise LogHaltedError(
            Halt.AHEAD,
            f"{log.tree} has published {size} leaves, its anchor knows {anchored.size}: the anchor "
            f"was set back, or another one was in use. {_ADOPT}",
        )


def _require_anchored_part(
    connection: Connection, log: Log, newest: SignedCheckpoint | None, anchored: Anchored
) -> None:
    """Check that the database holds what the anchor says was published."""
    size = newest.checkpoint.size if newest else 0
    if size < anchored.size:
        raise LogHaltedError(
            Halt.BEHIND,
            f"{log.tree} has {size} leaves here and {anchored.size} were published: the database "
            f"was set back, to a backup perhaps. Put back the newest copy. {_EPOCH}",
        )
    known = store_tree.find_checkpoint(connection, log, anchored.size)
    if known is None or known.checkpoint.root != anchored.root:
        raise LogHaltedError(
            Halt.BESIDE,
            f"{log.tree} had other leaves when its size was {anchored.size} than those that were "
            f"published: this database went another way. Put back the one that published. {_EPOCH}",
        )
    if not anchored.is_own:
        raise LogHaltedError(
            Halt.COPIED,
            f"the anchor of {log.tree} was copied from another place, perhaps with its database. "
            f"If the other one is still in use, this copy must not be. {_ADOPT}",
        )

"""Reads and writes what others say of checkpoints."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select
from sqlalchemy import insert as insert_into

from consent_service.core.notes import decode_base64
from consent_service.ledger.model import Log, SignedCheckpoint
from consent_service.ledger.tables import attestation

COSIGNATURE = "cosignature"
TIMESTAMP = "timestamp"


def insert(  # noqa: PLR0917 - the columns of a row
    tx: Connection, log: Log, size: int, kind: str, name: str, content: str, now: datetime
) -> None:
    """Keep what somebody says of a checkpoint: a signature line, or a stamp in base64."""
    tx.execute(
        insert_into(attestation).values(
            site_id=log.site_id,
            epoch=log.epoch,
            size=size,
            kind=kind,
            name=name,
            content=content,
            created_at=now,
        )
    )


def list_names(connection: Connection, log: Log, size: int) -> set[tuple[str, str]]:
    """Return kind and name of everybody who attested a checkpoint."""
    query = select(attestation.c.kind, attestation.c.name).where(_of(log, size))
    return {(row.kind, row.name) for row in connection.execute(query)}


def full_note(connection: Connection, log: Log, signed: SignedCheckpoint) -> str:
    """Return a checkpoint with the signatures of witnesses behind the log's own."""
    return signed.note + "".join(_contents(connection, log, signed.checkpoint.size, COSIGNATURE))


def find_stamp(connection: Connection, log: Log, size: int) -> bytes | None:
    """Return the time stamp of a checkpoint with its witnesses' signatures, in DER."""
    stamps = _contents(connection, log, size, TIMESTAMP)
    return decode_base64(stamps[0]) if stamps else None


def find_last_size(connection: Connection, log: Log, name: str) -> int:
    """Return the size of the newest checkpoint that a witness signed, 0 where there is none."""
    query = select(func.max(attestation.c.size)).where(
        attestation.c.site_id == log.site_id,
        attestation.c.epoch == log.epoch,
        attestation.c.kind == COSIGNATURE,
        attestation.c.name == name,
    )
    return connection.scalar(query) or 0


def _contents(connection: Connection, log: Log, size: int, kind: str) -> list[str]:
    query = select(attestation.c.content).where(_of(log, size), attestation.c.kind == kind)
    return list(connection.scalars(query.order_by(attestation.c.name)))


def _of(log: Log, size: int) -> ColumnElement[bool]:
    return and_(
        attestation.c.site_id == log.site_id,
        attestation.c.epoch == log.epoch,
        attestation.c.size == size,
    )

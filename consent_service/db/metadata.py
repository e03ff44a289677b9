"""The shared `MetaData`, column types that both engines store alike, and table marks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, MetaData, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from consent_service.core.clock import format_time, parse_time

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id: Final = Uuid(as_uuid=False).with_variant(String(36), "sqlite")
"""An id as text with hyphens: `uuid` on PostgreSQL, text on SQLite."""

Hash: Final = LargeBinary(32)
"""A SHA-256, 32 bytes."""

Tree: Final = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value whose members a query can reach."""

IMMUTABLE: Final = "immutable"
"""Key of `Table.info`: rows may only be inserted; see `db.guards`."""

MOVES: Final = "moves"
"""Key of `Table.info`: the changes that an immutable table allows all the same, as `Move`s."""


@dataclass(frozen=True, slots=True)
class Move:
    """An UPDATE that may be: it sets columns to NULL, all of them, or from NULL to a value, once.

    Every other column stays as it is.
    """

    columns: tuple[str, ...]
    fills: bool = False


class Moment(TypeDecorator[datetime]):
    """A time in UTC, milliseconds: `timestamptz` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the engine."""
        kind = String(24) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a time."""
        return format_time(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read a time."""
        if isinstance(value, str):
            return parse_time(value)
        return value.astimezone(UTC) if value is not None else None

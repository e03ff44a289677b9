"""Tables of who may manage: officers and api keys."""

from sqlalchemy import Column, String, Table, Text

from consent_service.db.metadata import Hash, Id, Moment, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("secret_hash", Hash, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("sites", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)

officer = Table(
    "officer",
    metadata,
    Column("officer_id", Id, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

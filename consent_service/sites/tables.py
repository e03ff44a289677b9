"""The table of sites."""

from sqlalchemy import Column, Integer, String, Table, Text

from consent_service.db.metadata import Id, Moment, metadata

site = Table(
    "site",
    metadata,
    Column("site_id", Id, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("log_origin", String(255), nullable=False),
    Column("managed_by", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("closed_at", Moment),
)

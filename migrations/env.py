"""Runs migrations on the connection that `consent_service.db.migrate` opened and locked."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    transactional_ddl=False,
    compare_type=True,
)
context.run_migrations()

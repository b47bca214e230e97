"""Alembic's environment: it uses the connection of shared.history.alembic_runner."""

from alembic import context

from shared.history.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

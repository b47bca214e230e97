"""How Alembic reaches the database: over the connection that shared.history.migrate hands it."""

from alembic import context

from shared.history.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

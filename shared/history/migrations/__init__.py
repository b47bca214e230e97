"""Alembic's revisions of the database; they are never changed once released."""

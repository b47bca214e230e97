"""Alembic revisions; never changed once released."""

"""Alembic revisions; never changed once released. Files are numbered from 0001, revisions from 0004: see there."""

"""The databases of both kinds."""

from tests.support.databases import database, databases, place, server, template

__all__ = ["database", "databases", "place", "server", "template"]

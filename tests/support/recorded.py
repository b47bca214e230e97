"""What a test asks of a database file, behind the back of our own code."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows that a query finds."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()

"""Databases of both kinds, and SQLite files for what only those can do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.recorder.store import Store, open_store
from tests.support.databases import database, databases, place, server, template

__all__ = ["database", "databases", "place", "server", "template"]


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with all its tables; to migrate each one would take longer than the tests."""
    path = tmp_path_factory.mktemp("empty") / "easun.db"
    open_store(path).close()
    return path


@pytest.fixture
def path(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "easun.db"))


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    yield opened
    opened.close()

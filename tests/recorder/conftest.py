"""A database for each test, of which the migration happened once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.recorder.store import Store, open_store


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

"""Databases of both kinds for tests: SQLite files and PostgreSQL databases, empty or copied."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from _pytest.mark import ParameterSet
from sqlalchemy import make_url

from services.recorder.store import open_store
from shared.history.engine import Place
from tests.support.postgres import Postgres, programs, running_postgres

needs_postgres = pytest.mark.skipif(
    programs() is None, reason="PostgreSQL is not installed: make setup-dev installs Debian's postgresql"
)
ON_SERVER = (needs_postgres, pytest.mark.processes)
KINDS = ["sqlite", pytest.param("postgresql", marks=ON_SERVER)]
numbers = count()


def cases_of_sqlite(names: str, *cases: ParameterSet) -> pytest.MarkDecorator:
    """Run all cases with SQLite, and the first with PostgreSQL too: for what the kind of database decides once."""
    server = pytest.param("postgresql", *cases[0].values, id=f"postgresql-{cases[0].id}", marks=ON_SERVER)
    files = [pytest.param("sqlite", *case.values, id=f"sqlite-{case.id}") for case in cases]
    return pytest.mark.parametrize(f"databases, {names}", [*files, server], indirect=["databases"])


@cache
def empty_database() -> bytes:
    """Return a SQLite file with all its tables."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "easun.db"
        open_store(file).close()
        return file.read_bytes()


class Databases(Protocol):
    """Makes databases of one kind."""

    def create(self) -> Place:
        """Return where an empty database is, or may be created."""
        ...

    def copy(self, source: Place) -> Place:
        """Return a copy of a database that nobody has open."""
        ...


class Files:
    """SQLite files, each in a directory of its own."""

    def __init__(self, directory: Callable[[str], Path]) -> None:
        self._directory = directory

    def create(self) -> Path:
        """Return the path of a file that is not there yet."""
        return self._directory("database") / "easun.db"

    def copy(self, source: Place) -> Path:
        """Copy a file."""
        return Path(shutil.copy(source, self.create()))


class Server:
    """Databases on one PostgreSQL server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def create(self) -> str:
        """Create an empty database."""
        return self._server.create(f"easun{next(numbers)}")

    def copy(self, source: Place) -> str:
        """Create a database from another one."""
        return self._server.create(f"easun{next(numbers)}", template=make_url(str(source)).database or "")


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with running_postgres() as running:
        yield running


@pytest.fixture(scope="session", params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Databases of each kind in turn."""
    if request.param == "sqlite":
        return Files(tmp_path_factory.mktemp)
    return Server(request.getfixturevalue("server"))


@pytest.fixture
def place(databases: Databases) -> Place:
    """An empty database of each kind."""
    return databases.create()


@pytest.fixture(scope="session")
def template(databases: Databases) -> Place:
    """A database of each kind with all its tables; to migrate each one would take longer than the tests."""
    place = databases.create()
    open_store(place).close()
    return place


@pytest.fixture
def database(databases: Databases, template: Place) -> Place:
    """A database of each kind with all its tables."""
    return databases.copy(template)

"""The migrations make exactly the tables that the code uses."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared.errors import ConfigError, StorageError
from shared.history.derived import metadata
from shared.history.engine import writer
from shared.history.migration import HEAD, migrate, revision
from shared.history.tables import from_ms, to_ms
from shared.messages import InverterState
from shared.topics import TOPICS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "easun.db"
    migrate(path)
    return path


def test_migrations_and_tables_agree(database: Path) -> None:
    with writer(database).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(database: Path) -> None:
    before = database.read_bytes()
    migrate(database)
    assert revision(database) == HEAD
    assert database.read_bytes() == before


def test_every_field_of_a_reading_has_its_column() -> None:
    columns = set(metadata.tables["inverter_state"].columns.keys())
    assert columns == {*InverterState.model_fields, "device"} - {"v"}


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    from services.recorder.store import open_store

    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be opened for writing"):
        open_store(tmp_path / "file" / "easun.db")


@pytest.mark.parametrize("ms", [0, 1, 1_795_000_000_123, -1])
def test_moments_survive_the_database(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_a_migration_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE grid_state (here_already TEXT)")
    with pytest.raises(StorageError):
        migrate(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("grid_state",)]


def test_every_whole_number_on_the_wire_fits_the_database() -> None:
    for topic in TOPICS:
        for name, field in topic.payload.model_json_schema()["properties"].items():
            kinds = [field, *field.get("anyOf", []), *field.get("additionalProperties", {}).get("anyOf", [])]
            assert all("minimum" in kind for kind in kinds if kind.get("type") == "integer"), name

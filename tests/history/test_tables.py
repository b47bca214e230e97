"""The migrations create exactly the tables that the code uses."""

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DatabaseError

from services.recorder.store import open_store
from shared.errors import ConfigError, StorageError
from shared.history import migration
from shared.history.database_errors import SchemaError
from shared.history.engine import Place, reader, writer
from shared.history.migration import FIRST, HEAD, migrate, revision
from shared.history.tables import from_ms, grid_state, metadata, to_ms
from shared.messages import InverterState
from shared.topics import TOPICS
from tests.support.recorded import change


def test_migrations_and_tables_agree(place: Place) -> None:
    assert revision(place) is None
    migrate(place)
    assert revision(place) == HEAD
    engine = writer(place)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_no_partition})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not re.search(r"_state_(other|\d{8})$", name or "")


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    migrate(path)
    before = path.read_bytes()
    migrate(path)
    assert revision(path) == HEAD
    assert path.read_bytes() == before


def test_every_field_of_a_reading_has_its_column() -> None:
    columns = set(metadata.tables["inverter_state"].columns.keys())
    assert columns == {*InverterState.model_fields, "device"} - {"v", "clock", "inverters", "silent"}


def test_a_directory_that_is_not_there_may_be_a_disk_that_comes_yet(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be opened for writing: it is not a directory"):
        open_store(tmp_path / "file" / "easun.db")


def test_a_directory_in_place_of_the_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened for writing"):
        open_store(tmp_path)


def test_a_newer_database_is_refused_without_showing_the_password(database: Place) -> None:
    change(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer version") as caught:
        open_store(database)
    assert "hunter2" not in str(caught.value)


def test_a_reader_changes_nothing(database: Place) -> None:
    with reader(database).connect() as connection, pytest.raises(DatabaseError, match=r"read-?only"):
        connection.execute(grid_state.delete())


@pytest.mark.parametrize("ms", [0, 1, 1_795_000_000_123, -1])
def test_times_survive_the_database(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    migration.create(path, FIRST)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE outage")  # which a later migration changes
        before = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    with pytest.raises(SchemaError, match="no such table: outage"):
        migrate(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name, sql FROM sqlite_master").fetchall() == before
    assert revision(path) == FIRST


def test_every_whole_number_on_the_wire_fits_the_database() -> None:
    for topic in TOPICS:
        for name, field in topic.payload.model_json_schema()["properties"].items():
            kinds = [field, *field.get("anyOf", []), *field.get("additionalProperties", {}).get("anyOf", [])]
            assert all("minimum" in kind for kind in kinds if kind.get("type") == "integer"), name

"""A migration that is killed or finds no room leaves the old schema with every row, and is done at the next start."""

import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event

from services.recorder.store import open_store
from shared.errors import StorageError
from shared.history.alembic_runner import MIGRATIONS, upgrade
from shared.history.engine import Place
from shared.history.migration import FIRST, HEAD, migrate, revision
from tests.history.test_migrations import DUSK, ask, reason, written_by_0_1
from tests.support.damaged import contents
from tests.support.databases import Databases
from tests.support.disks import fill_up, small_disk

__all__ = ["small_disk"]

STEPS = len(list(ScriptDirectory(str(MIGRATIONS)).iterate_revisions(HEAD, FIRST)))
ROWS = (
    *("inverter_state", "battery_state", "grid_state", "outage_schedule", "plug_state", "plug_action"),
    *("service_status", "inverter_rollup", "rollup_due", "dead_letter", "packed"),
)


@pytest.fixture(scope="module")
def old(databases: Databases) -> Place:
    place = databases.create()
    written_by_0_1(place)
    return place


def rows(place: Place) -> Any:
    if isinstance(place, Path):
        return contents(place)
    return {table: ask(place, f"SELECT count(*) FROM {table}") for table in ROWS}


def die_at(step: int, place: Place) -> None:
    """Migrate, and end as by kill -9 when a migration is done, or before the commit of all."""
    passed = count()

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE alembic_version") and next(passed) == step:
            os._exit(9)

    def spill(connection: Any, _record: Any) -> None:
        if isinstance(place, Path):  # what does not fit into memory is in the log before the commit
            connection.execute("PRAGMA cache_size=4").close()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "connect", spill)
    event.listen(Engine, "commit", lambda _: os._exit(9))
    upgrade(place, HEAD)


def killed_at(step: int, place: Place) -> bool:
    child = os.fork()
    if not child:
        try:
            die_at(step, place)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_killed_at_any_step(databases: Databases, old: Place) -> None:
    place = databases.copy(old)
    before = rows(place)
    steps = range(STEPS + 1) if isinstance(place, Path) else (0, STEPS // 2, STEPS)
    for step in steps:
        assert killed_at(step, place)
        assert revision(place) == FIRST, step
        assert rows(place) == before, step
    migrate(place)
    assert revision(place) == HEAD
    assert ask(place, "SELECT faults, warnings FROM inverter_state ORDER BY at") == [
        ([], [DUSK, reason("something else")]),
        (None, None),
    ]


def test_a_full_disk_is_waited_for(small_disk: Path, tmp_path: Path) -> None:
    written_by_0_1(tmp_path / "easun.db")
    place = Path(shutil.copy(tmp_path / "easun.db", small_disk))
    before, causes = contents(place), list[str]()
    for leave in (0, 50_000, 100_000):
        filler = fill_up(small_disk, leave=leave)
        with pytest.raises(StorageError) as caught:
            open_store(place)
        causes.append(str(caught.value))
        filler.unlink()
        assert revision(place) == FIRST
        assert contents(place) == before
    assert any("the disk is full" in cause for cause in causes)
    open_store(place).close()
    assert revision(place) == HEAD

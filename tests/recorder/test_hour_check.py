"""An hour that a bad disk has damaged is noticed, reported, left as it is, and taken from a backup."""

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from services.recorder import hour_check
from services.recorder.hour_check import HourCheck
from services.recorder.store import Store
from services.recorder.tools.check import check
from services.recorder.tools.export import ExportRequest, export
from services.recorder.tools.unfold import unfold
from services.recorder.upkeep import Upkeep
from shared.history.engine import Place
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.recorder.test_compress import (
    ALWAYS,
    KYIV,
    OVER,
    database,
    exported,
    filled,
    loads,
    reading,
    store,
    tend,
)
from tests.support.recorded import ask, change

__all__ = ["database", "filled", "store"]

ENGLISH = Localizer(Language.EN, OVER)
DAMAGE = "UPDATE compressed_hour SET data = 'damaged' WHERE device = 'main'"
MARKED = "SELECT device, format FROM compressed_hour WHERE format <> 1 ORDER BY at"
HOURS = "SELECT source, device, at, n, data, format FROM compressed_hour ORDER BY 1, 2, 3"


def sweep(hours: HourCheck) -> HourCheck:
    """Check all hours, and begin again."""
    for _ in range(9):
        hours.work()
    return hours


def codes(hours: HourCheck) -> Sequence[str | None]:
    return [reason.code if reason else None for reason in (hours.unread(), hours.damaged())]


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hour_check, "HOURS", 2)


def test_whole_hours_are_neither_marked_nor_reported(store: Store, database: Place) -> None:
    tend(store)
    before = ask(database, HOURS)
    assert codes(sweep(HourCheck(store, tuple))) == [None, None]
    assert ask(database, HOURS) == before


def test_damaged_hours_are_counted_and_reported_until_they_are_whole(store: Store, database: Place) -> None:
    tend(store)
    before = ask(database, HOURS)
    change(database, DAMAGE)
    hours = sweep(HourCheck(store, tuple))
    assert ask(database, MARKED) == [("main", -1), ("main", -1)]
    reason = hours.damaged()
    assert reason
    assert "2 hours of readings from 01.11.2026 to 01.11.2026 are damaged" in str(reason)
    assert HourCheck(store, tuple).damaged() == reason, "known at once after the next start"
    for source, device, at, _, data, _ in before:  # a card reads wrong once, or its owner restored what it had
        blob = f"X'{bytes(data).hex()}'" if isinstance(database, Path) else f"'\\x{bytes(data).hex()}'::bytea"
        where = f"source = '{source}' AND device = '{device}' AND at = {at}"
        change(database, f"UPDATE compressed_hour SET data = {blob} WHERE {where}")
    assert codes(sweep(hours)) == [None, None]
    assert ask(database, HOURS) == before


def test_the_recorder_reports_it_while_it_runs(store: Store, database: Place) -> None:
    tend(store)
    change(database, DAMAGE)
    clock = [0.0]
    upkeep = Upkeep(store, KYIV, 400, clock=lambda: clock[0])
    for _ in range(9):
        upkeep.work(OVER)
        clock[0] += 60
    assert codes(upkeep.hours) == [None, "storage.damaged_hours"]


def test_a_late_reading_does_not_replace_a_damaged_hour(store: Store, database: Place) -> None:
    """Whoever has a backup still needs to know which hour is missing."""
    tend(store)
    change(database, DAMAGE)
    before = ask(database, "SELECT at, n, data FROM compressed_hour WHERE device = 'main' ORDER BY at")
    store.write([reading(30.5, 9000), reading(141, 7)])
    tend(store, OVER + timedelta(hours=1))
    late = "SELECT load_power_w FROM inverter_state WHERE device = 'main' AND load_power_w > 8000"
    assert ask(database, late) == [(9000,)]
    assert ask(database, "SELECT at, n, data FROM compressed_hour WHERE device = 'main' ORDER BY at")[:2] == before[:2]
    assert len(ask(database, "SELECT at FROM compressed_hour WHERE device = 'main'")) == 3, "later ones are compressed"
    assert codes(sweep(HourCheck(store, tuple))) == [None, "storage.damaged_hours"]


def test_newer_hours_are_neither_checked_nor_marked(store: Store, database: Place) -> None:
    tend(store)
    change(database, "UPDATE compressed_hour SET format = 99, data = 'x' WHERE device = 'main'")
    assert codes(sweep(HourCheck(store, tuple))) == ["storage.unknown_format", None]
    assert ask(database, MARKED) == [("main", 99), ("main", 99)]


@pytest.fixture
def copies(tmp_path: Path) -> Callable[[Path, str], Path]:
    def copy(place: Path, name: str) -> Path:
        return Path(shutil.copy(place, tmp_path / name))

    return copy


@pytest.fixture
def path(store: Store, database: Path) -> Path:
    tend(store)
    store.close()  # all is in one file
    return database


IN_A_FILE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""A server has its own backups."""


@IN_A_FILE
def test_a_damaged_hour_is_taken_from_the_newest_backup_that_has_it(
    store: Store, path: Path, copies: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    before, minutes = ask(path, HOURS), loads(path)
    good = copies(path, "good.db")
    change(path, DAMAGE)
    (tmp_path / "foreign.db").write_text("no database")
    bad = copies(path, "bad.db")
    files = [tmp_path / "gone.db", tmp_path / "foreign.db", bad, good]
    hours = sweep(HourCheck(store, lambda: files))
    assert ask(path, HOURS) == before
    assert loads(path) == minutes
    reason = hours.damaged()
    assert reason
    assert (reason.code, reason.params) == ("storage.restored_hours", {"hours": 2})
    assert codes(HourCheck(store, tuple)) == [None, None]


@IN_A_FILE
def test_a_backup_that_appears_later_mends_a_marked_hour(
    store: Store, path: Path, copies: Callable[[Path, str], Path]
) -> None:
    before, good = ask(path, HOURS), copies(path, "good.db")
    change(path, DAMAGE)
    files: list[Path] = []
    hours = sweep(HourCheck(store, lambda: files))
    assert codes(hours) == [None, "storage.damaged_hours"]
    files.append(good)
    assert codes(sweep(hours)) == [None, "storage.restored_hours"]
    assert ask(path, HOURS) == before


def test_tools_tell_of_damaged_hours(store: Store, database: Place, tmp_path: Path) -> None:
    tend(store)
    change(database, DAMAGE)
    assert "compressed_hour: 2 hours are damaged." in list(check(database, OVER, ENGLISH)), (
        "also before the recorder has noticed"
    )
    sweep(HourCheck(store, tuple))
    told = "2 damaged hours are missing."
    assert told in export(database, ExportRequest("inverter_state", ALWAYS, "jsonl", str(tmp_path / "out")), ENGLISH)
    assert told not in export(
        database, ExportRequest("battery_state", ALWAYS, "jsonl", str(tmp_path / "other")), ENGLISH
    )
    assert told in unfold(database, tmp_path / "unfolded.db", ENGLISH)
    assert exported(database, "inverter_state").count('"main"') == 50

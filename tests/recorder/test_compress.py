"""Older readings are compressed, and no query returns anything else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from services.recorder.tools.check import check
from services.recorder.tools.export import ExportRequest, export, overview
from services.recorder.tools.period import Period
from services.recorder.upkeep import COMPRESS_AFTER, Upkeep
from shared.history.derived import BATTERIES
from shared.history.engine import Place, reader
from shared.history.queries import latest, series
from shared.messages import BatteryState, InverterState
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import BATTERY_STATE, INVERTER_STATE
from tests.support.databases import Databases
from tests.support.recorded import a_reading_a_day, ask, change

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 1, 0, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS = Period()
COUNT = 150
"""Minutes: a part of an hour, two hours, and a part of another one."""
END = START + COUNT * MINUTE
OVER = datetime(2026, 11, 1, 2, tzinfo=UTC) + COMPRESS_AFTER
ENGLISH = Localizer(Language.EN, OVER)
"""Two hours are old enough then."""


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


def reading(minutes: float, load: int | None = None, name: str = "main") -> tuple[Any, Any]:
    message = InverterState(at=after(minutes), load_power_w=load, grid_voltage_v=230.1 + minutes % 7, faults=("f",))
    return to_row(INVERTER_STATE.named(name), message.model_dump_json().encode())


def battery(minutes: float) -> tuple[Any, Any]:
    cells = (3.312, None, 3.3 + minutes % 5 / 1000)
    message = BatteryState(at=after(minutes), cell_voltages_v=cells, cell_delta_v=0.01, heating=False)
    return to_row(BATTERY_STATE.named("jk-1"), message.model_dump_json().encode())


@pytest.fixture(scope="session")
def filled(databases: Databases, template: Place) -> Place:
    """Return a database with readings of two inverters and a battery, rolled up, and all of them still rows."""
    place = databases.copy(template)
    store = open_store(place)
    rows = [row for minute in range(COUNT) for row in (reading(minute, minute), battery(minute))]
    store.write([*rows, *(reading(minute, 5, "garage") for minute in range(10))])
    Upkeep(store, KYIV, 400).finish(after(COUNT))
    store.close()
    return place


@pytest.fixture
def database(databases: Databases, filled: Place) -> Place:
    return databases.copy(filled)


@pytest.fixture
def store(database: Place) -> Iterator[Store]:
    opened = open_store(database)
    yield opened
    opened.close()


def tend(store: Store, now: datetime = OVER, raw_days: int = 400) -> None:
    Upkeep(store, KYIV, raw_days).finish(now)


def loads(place: Place) -> list[float | None]:
    """Return the load of each minute, which no roll-up knows."""
    found = series(reader(place), "main", ["load_power_w"], start=START, end=END, buckets=COUNT)
    return list(found.values["load_power_w"])


def exported(place: Place, table: str, period: Period = ALWAYS) -> str:
    with NamedTemporaryFile(suffix=".jsonl") as file:
        export(place, ExportRequest(table, period, "jsonl", file.name, force=True), ENGLISH)
        return re.sub(r'"version":\d+', '"version":0', Path(file.name).read_text())  # versions are random


def answers(place: Place) -> dict[str, Any]:
    span = Period(after(30), after(70.5))
    tables = ("inverter_state", "battery_state", "inverter_rollup", "battery_rollup")
    wanted: dict[str, Any] = {"start": START, "end": END, "buckets": 7, "source": BATTERIES}
    return {
        **{table: exported(place, table) for table in tables},
        "span": exported(place, "inverter_state", span),
        "loads": loads(place),
        "battery": series(reader(place), "jk-1", ["cell_delta_v", "soh_percent"], **wanted),
        "latest": (latest(reader(place)), latest(reader(place), BATTERIES)),
        "list": [line for line in overview(place, ENGLISH).splitlines() if not line.startswith("compressed_hour")],
    }


def test_compression_changes_no_query(store: Store, database: Place) -> None:
    before = answers(database)
    tend(store)
    assert ask(database, "SELECT source, device, sum(n) FROM compressed_hour GROUP BY 1, 2 ORDER BY 1, 2") == [
        ("battery_state", "jk-1", 100),
        ("inverter_state", "garage", 10),
        ("inverter_state", "main", 100),
    ]
    assert ask(database, "SELECT count(*) FROM inverter_state") == [(50,)]
    assert answers(database) == before
    assert any(
        line.startswith("inverter_state: 160 rows, from 2026-11-01T00:20") for line in check(database, OVER, ENGLISH)
    )


def test_roll_ups_can_be_recomputed_from_compressed_hours(store: Store, database: Place) -> None:
    before = answers(database)
    tend(store)
    change(
        database,
        "DELETE FROM inverter_rollup",
        "INSERT INTO rollup_due SELECT 'inverter_state', 'main', at, 1 FROM battery_rollup WHERE step = 5",
        "INSERT INTO rollup_due SELECT source, 'garage', at, 1 FROM rollup_due ORDER BY at LIMIT 2",
    )
    tend(store)
    assert exported(database, "inverter_rollup") == before["inverter_rollup"]


def test_late_readings_join_their_hour(store: Store, database: Place) -> None:
    tend(store)
    store.write([reading(30.5, 9000), reading(31, 7000)])
    found = series(reader(database), "main", ["load_power_w"], start=after(30), end=after(32), buckets=4)
    assert found.values["load_power_w"] == [30, 9000, 31, None], "seen at once; what was there already stays"
    tend(store)
    assert ask(database, "SELECT sum(n) FROM compressed_hour WHERE device = 'main'") == [(101,)]
    again = series(reader(database), "main", ["load_power_w"], start=after(30), end=after(32), buckets=4)
    assert again == found
    (high,) = ask(database, "SELECT max(load_power_w_max) FROM inverter_rollup")
    assert high == (9000,)


def test_a_damaged_hour_is_a_gap_and_ends_nothing(store: Store, database: Place) -> None:
    tend(store)
    change(database, "UPDATE compressed_hour SET data = 'damaged' WHERE device = 'main'")
    store.write([reading(30.5, 9000)])
    tend(store)
    found = series(reader(database), "main", ["load_power_w"], start=after(30), end=after(31), buckets=2)
    assert found.values["load_power_w"] == [None, 9000]
    assert any(line.startswith("inverter_state: ") for line in check(database, OVER, ENGLISH))


def test_compressed_hours_are_purged_when_due(store: Store, database: Place) -> None:
    hours = "SELECT at FROM compressed_hour WHERE true"
    first = OVER - COMPRESS_AFTER + timedelta(days=30, hours=-1)
    store.write(a_reading_a_day(first, days=30))
    tend(store, now=first - timedelta(days=1), raw_days=30)
    rollups = exported(database, "inverter_rollup")
    tend(store, now=first, raw_days=30)
    assert {at // 3_600_000 % 24 for (at,) in ask(database, f"{hours} AND device <> 'other'")} == {1, 2}
    store.write(a_reading_a_day(OVER + timedelta(days=90), days=30))
    tend(store, now=OVER + timedelta(days=90), raw_days=30)
    assert ask(database, f"{hours} AND device <> 'other'") == []
    assert set(rollups.splitlines()) <= set(exported(database, "inverter_rollup").splitlines())


def test_compression_saves_nine_tenths(path: Path) -> None:
    store = open_store(path)
    size = "SELECT sum(pgsize) FROM dbstat WHERE name = 'battery_state'"
    store.write([battery(COUNT + number / 6) for number in range(6000)])
    (rows,) = ask(path, size)[0]
    tend(store, now=OVER + timedelta(days=5))
    (hours,) = ask(path, "SELECT sum(length(data)) FROM compressed_hour WHERE source = 'battery_state'")[0]
    assert hours < rows / 10
    store.close()


def test_an_hour_of_a_newer_format_is_left_alone_and_said(filled: Place, databases: Databases, tmp_path: Path) -> None:
    place = databases.copy(filled)
    store = open_store(place)
    Upkeep(store, KYIV, 400).finish(OVER)
    change(place, "UPDATE compressed_hour SET format = 99, data = 'x' WHERE device = 'main'")
    store.write([reading(100.5, 7)])  # late, and of that hour
    Upkeep(store, KYIV, 400).finish(OVER)
    assert ask(place, "SELECT DISTINCT device, format FROM compressed_hour WHERE format > 1") == [("main", 99)]
    reason = Upkeep(store, KYIV, 400).hours.unread()
    assert reason
    assert reason.code == "storage.unknown_format"
    assert "garage" in latest(reader(place))
    assert "inverter_state" in overview(place, ENGLISH)
    request = ExportRequest("inverter_state", ALWAYS, "csv", str(tmp_path / "out"))
    assert "rows of inverter_state" in export(place, request, ENGLISH)
    store.close()

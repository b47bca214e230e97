"""Homes in one database: each one is read as if it were alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.dashboard.system.database import rows_by_table
from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.errors import BadMessageError
from shared.history.engine import Place, reader
from shared.history.queries import GridSpan, latest, outages, series
from shared.history.reports import By, energy, outage_records, version
from shared.messages import Grid, GridState, InverterState, Message
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.support.recorded import ask

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KYIV = ZoneInfo("Europe/Kyiv")
HOMES = {"": 0, "home7": 7, "home70": 70, "Home7": 77}
"""Names that begin alike, and how many hundred watts each one uses."""


def row(topic: str, message: Message) -> tuple[Any, Any]:
    return to_row(topic, message.model_dump_json().encode())


def rows_of(home: str) -> list[Any]:
    """Return an hour of a home, without power from a minute of its own on, for ten minutes."""
    prefix, number = f"{home}/" if home else "", HOMES[home] or 1
    begin = START + number % 40 * MINUTE
    rows = []
    for at in (START + minute * MINUTE for minute in range(60)):
        off = begin <= at < begin + 10 * MINUTE
        since = begin if off else (begin + 10 * MINUTE if at > begin else START - MINUTE)
        state = GridState(at=at, state=Grid.OFF if off else Grid.ON, since=since)
        rows.append(row(prefix + GRID_STATE.named(), state))
        rows.append(row(prefix + INVERTER_STATE.named("main"), InverterState(at=at, load_power_w=100 * HOMES[home])))
    return rows


@pytest.fixture
def fleet(database: Place) -> Place:
    store = open_store(database)
    store.write([row for home in HOMES for row in rows_of(home)])
    Upkeep(store, KYIV, 400).finish(START + 2 * 60 * MINUTE)
    store.close()
    return database


def test_each_home_is_read_as_if_it_were_alone(fleet: Place) -> None:
    for home, number in HOMES.items():
        engine, begin, end = reader(fleet, home), START + (number or 1) % 40 * MINUTE, START + 60 * MINUTE
        assert latest(engine) == {"main": START + 59 * MINUTE}
        found = series(engine, "main", ["load_power_w"], start=START, end=end, buckets=2)
        assert found.values["load_power_w"] == [100 * number] * 2
        assert outages(engine, start=START, end=end) == [GridSpan(Grid.OFF, begin, begin + 10 * MINUTE)]
        (record,) = outage_records(engine, start=START, end=end)
        assert (record.start, record.end, record.load_max_w) == (begin, begin + 10 * MINUTE, 100 * number)
        days = energy(engine, "main", first=date(2026, 11, 1), last=date(2026, 12, 1), by=By.MONTH, zone=KYIV)
        assert days[date(2026, 11, 1)]["load_kwh"] == pytest.approx(number / 10 * 59 / 60)
        assert version(engine, "main", start=START - 60 * MINUTE, end=end) is not None
        assert set(rows_by_table(engine, START)["inverter_state"]) == {"main"}
        engine.dispose()


def test_a_home_that_nobody_knows_has_nothing(fleet: Place) -> None:
    engine = reader(fleet, "home")
    assert latest(engine) == {}
    assert outages(engine, start=START, end=START + 60 * MINUTE) == []
    assert rows_by_table(engine, START)["grid_state"] == {}
    engine.dispose()


def test_no_home_has_another_level() -> None:
    with pytest.raises(BadMessageError):
        row("fleet/home7/" + INVERTER_STATE.named("main"), InverterState(at=START))


def test_a_grid_that_stays_on_only_makes_its_run_longer(database: Place) -> None:
    def grids(minute: int, *homes: str, off: str = "") -> list[Any]:
        at = START + minute * MINUTE
        states = {home: (Grid.OFF, at) if home == off else (Grid.ON, START) for home in homes}
        return [
            row(f"{home}/{GRID_STATE.named()}", GridState(at=at, state=state, since=since))
            for home, (state, since) in states.items()
        ]

    store = open_store(database)
    store.write(grids(0, "a", "b"))
    Upkeep(store, KYIV, 400).finish(START + 30 * MINUTE)
    store.write([*grids(1, "a", "b"), *grids(2, "a", "b", off="b")])
    due = ask(database, "SELECT DISTINCT device FROM rollup_due WHERE source = 'grid_state'")
    runs = ask(database, "SELECT home, state, last - at FROM grid_run ORDER BY home, at")
    assert due == [("b/grid",)]
    assert runs == [("a", "on", 120_000), ("b", "on", 60_000), ("b", "off", 0)]
    Upkeep(store, KYIV, 400).finish(START + 30 * MINUTE)
    assert ask(database, "SELECT home, state, last - at FROM grid_run ORDER BY home, at") == runs
    store.close()

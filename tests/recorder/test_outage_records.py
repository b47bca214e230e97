"""Grid runs and outage records in a database, whatever the order in which rows arrive."""

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.engine import Place, reader
from shared.history.reports import Outage, outage_records
from shared.history.tables import to_ms
from shared.messages import DayState, Grid, GridState, InverterState, Message, OutageSchedule, PlannedDay, Window
from shared.topics import GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE
from tests.support.recorded import ask

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
END = START + timedelta(days=1)


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


def row_of(topic: str, message: Message) -> tuple[Any, Any]:
    return to_row(topic, message.model_dump_json().encode())


def grid(minute: float, state: Grid, since: float) -> tuple[Any, Any]:
    return row_of(GRID_STATE.named(), GridState(at=after(minute), state=state, since=after(since)))


def reading(minute: float, name: str = "main", **fields: Any) -> tuple[Any, Any]:
    return row_of(INVERTER_STATE.named(name), InverterState(at=after(minute), **fields))


def record(place: Place, *batches: Sequence[Any]) -> None:
    store = open_store(place)
    for rows in batches:
        store.write(rows)
        Upkeep(store, ZoneInfo("Europe/Kyiv"), 400).finish(END)
    store.close()


def runs(place: Place) -> list[tuple[float, float, str]]:
    start = to_ms(START)
    rows = ask(place, "SELECT at, last, state FROM grid_run ORDER BY at")
    return [((at - start) / 60_000, (last - start) / 60_000, state) for at, last, state in rows]


def outages(place: Place) -> list[Outage]:
    return outage_records(reader(place), start=START - timedelta(days=1), end=END)


def evening() -> list[Any]:
    """Return grid rows of every minute, with an outage from 20 to 61."""
    return [
        *(grid(minute, Grid.ON, 0) for minute in range(20)),
        *(grid(minute, Grid.OFF, 20) for minute in range(20, 61)),
        *(grid(minute, Grid.ON, 61) for minute in range(61, 70)),
    ]


def test_a_late_row_within_a_run_keeps_what_follows_it(database: Place) -> None:
    record(database, evening(), [grid(40.5, Grid.UNKNOWN, 40.5)])
    assert runs(database) == [(0, 19, "on"), (20, 40, "off"), (40.5, 40.5, "unknown"), (41, 60, "off"), (61, 69, "on")]
    (outage,) = outages(database)
    assert (outage.start, outage.end) == (after(20), after(61))


def test_late_rows_join_the_runs_on_both_sides(database: Place) -> None:
    rows = evening()
    record(database, [*rows[:30], *rows[50:]], rows[30:50])
    assert runs(database) == [(0, 19, "on"), (20, 60, "off"), (61, 69, "on")]


STATES = st.lists(
    st.tuples(st.integers(0, 120), st.sampled_from(Grid), st.integers(0, 4)),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[0],
)


@settings(max_examples=25)
@given(states=STATES, cut=st.integers(0, 20))
@example(states=[(40, Grid.UNKNOWN, 0), *((minute, Grid.OFF, 0) for minute in range(20, 61) if minute != 40)], cut=1)
def test_any_order_gives_the_same_runs_and_outages(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, states: list[tuple[int, Grid, int]], cut: int
) -> None:
    directory = tmp_path_factory.mktemp("orders")
    rows = [grid(minute, state, minute - minute % (since + 1)) for minute, state, since in states]
    piecemeal, at_once = (Path(shutil.copy(empty, directory / name)) for name in ("piecemeal.db", "at_once.db"))
    record(piecemeal, rows[:cut], rows[cut:])
    record(at_once, sorted(rows, key=lambda row: row[1][1]))
    for table in ("grid_run", "outage"):
        assert ask(piecemeal, f"SELECT * FROM {table} ORDER BY 1") == ask(at_once, f"SELECT * FROM {table} ORDER BY 1")


def test_late_rows_before_keep_an_outage_that_starts_with_the_last_row_with_power(database: Place) -> None:
    rows = [grid(55, Grid.OFF, 55), grid(57, Grid.ON, 57), grid(59, Grid.OFF, 56)]
    record(database, rows, [grid(12, Grid.OFF, 12)])
    found = [(outage.start, outage.end) for outage in outages(database)]
    assert found == [(after(12), after(17)), (after(55), after(57)), (after(57), None)]


def test_figures_are_of_the_outage_only(database: Place) -> None:
    outside: dict[str, Any] = {"battery_power_w": -6000, "load_power_w": 5000}
    rows = [
        reading(18, battery_soc_percent=100, **outside),
        reading(20, battery_soc_percent=90, battery_power_w=-600, load_power_w=700),
        *(reading(minute, battery_power_w=-600, load_power_w=800) for minute in range(21, 61)),
        reading(61, battery_soc_percent=60, battery_power_w=-600, load_power_w=600),
        reading(63, battery_soc_percent=20, **outside),
    ]
    record(database, [*evening(), *rows])
    (outage,) = outages(database)
    assert (outage.soc_from_percent, outage.soc_to_percent, outage.load_max_w) == (90, 60, 800)
    assert outage.battery_kwh == pytest.approx(0.6 * 41 / 60)


def test_figures_follow_late_readings(database: Place) -> None:
    record(database, evening(), [reading(30, load_power_w=700)], [reading(31, load_power_w=900)])
    assert [outage.load_max_w for outage in outages(database)] == [900]


def test_figures_of_two_inverters_are_summed_and_their_charge_averaged(database: Place) -> None:
    rows = [
        reading(minute, name, battery_soc_percent=soc, load_power_w=load, battery_power_w=-600)
        for name, soc, load in (("main", 80, 700), ("garage", 60, 300), ("all", 70, 1000))  # their sum counts once
        for minute in range(20, 62)
    ]
    record(database, [*evening(), *rows, reading(30, "silent")])
    (outage,) = outages(database)
    assert (outage.soc_from_percent, outage.soc_to_percent, outage.load_max_w) == (70, 70, 1000)
    assert outage.battery_kwh == pytest.approx(2 * 0.6 * 41 / 60)


def schedule(published: float, *windows: tuple[float, float]) -> tuple[Any, Any]:
    message = OutageSchedule(
        at=after(published),
        queue="4.1",
        days=(PlannedDay(day=date(2026, 11, 23), state=DayState.PLANNED, confirmed_at=after(published)),),
        windows=tuple(Window(start=after(start), end=after(end)) for start, end in windows),
    )
    return row_of(OUTAGE_SCHEDULE.named(), message)


def delays(place: Place) -> list[tuple[bool | None, float | None, float | None]]:
    return [(outage.planned, outage.start_late_min, outage.end_late_min) for outage in outages(place)]


def test_an_outage_is_late_by_what_was_known_when_it_began_and_when_it_ended(database: Place) -> None:
    record(database, evening())
    assert delays(database) == [(None, None, None)]
    record(database, [schedule(-60, (0, 50)), schedule(-30, (15, 55)), schedule(21, (20, 61))])
    assert delays(database) == [(True, 5, 0)]
    record(database, [schedule(20, (25, 65))])
    assert delays(database) == [(True, -5, 0)], "published at that very moment"
    record(database, [schedule(62, (20, 90))])
    assert delays(database) == [(True, -5, 0)], "what came after its end says nothing of it"


def test_an_outage_that_nobody_had_a_schedule_for_is_judged_by_the_first_that_knows_its_day(database: Place) -> None:
    record(database, evening())
    record(database, [schedule(200, (15, 55))])
    assert delays(database) == [(True, 5, 6)]
    record(database, [schedule(300)])
    assert delays(database) == [(True, 5, 6)]

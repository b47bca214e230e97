"""What is made of rows in a real database: roll-ups, outages, an end for old rows; in any order, through any kill."""

import math
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from services.recorder.upkeep import Upkeep
from shared.history.derived import BATTERIES, INVERTERS
from shared.history.engine import Place, reader
from shared.history.queries import grid_spans, series
from shared.history.reports import By, Outage, energy, outage_records, statistics
from shared.history.tables import to_ms
from shared.messages import (
    BatteryState,
    DayState,
    Grid,
    GridState,
    InverterState,
    Message,
    OutageSchedule,
    PlannedDay,
    Window,
)
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE
from tests.support.databases import cases_of_sqlite
from tests.support.recorded import a_reading_a_day, ask

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 22, 22, tzinfo=UTC)
"""Midnight in Kyiv."""
MINUTE = timedelta(minutes=1)
LATER = START + timedelta(days=2)


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


def row_of(topic: str, message: Message) -> tuple[Any, Any]:
    return to_row(topic, message.model_dump_json().encode())


def reading(at: datetime, **fields: Any) -> tuple[Any, Any]:
    return row_of(INVERTER_STATE.named("main"), InverterState(at=at, **fields))


def grid(minutes: float, state: Grid, since: float) -> tuple[Any, Any]:
    return row_of(GRID_STATE.named(), GridState(at=after(minutes), state=state, since=after(since)))


def copied(empty: Path, path: Path) -> Path:
    shutil.copy(empty, path)
    return path


def record(place: Place, rows: Sequence[Any], now: datetime = LATER, raw_days: int = 400) -> None:
    store = open_store(place)
    store.write(rows)
    tend(store, now, raw_days)
    store.close()


def tend(store: Store, now: datetime = LATER, raw_days: int = 400) -> None:
    Upkeep(store, KYIV, raw_days).finish(now)


def rollups(place: Place) -> list[Any]:
    """Return all roll-ups of inverters without their versions, which are random."""
    names = ", ".join(column.name for column in INVERTERS.rollup.columns if column.name != "version")
    return ask(place, f"SELECT {names} FROM inverter_rollup ORDER BY device, step, at")


def sunny(at: datetime, midnight: datetime) -> int:
    """Return the watts of a known day: half a sine from 6 to 18 o'clock."""
    hours = (at - midnight) / timedelta(hours=1)
    return round(5000 * max(0.0, math.sin((hours - 6) / 12 * math.pi))) if 6 <= hours <= 18 else 0


def test_the_energy_of_a_known_day(database: Place) -> None:
    moments = [START + number * MINUTE for number in range(24 * 60)]
    rows = [reading(at, pv_power_w=sunny(at, START), load_power_w=500, battery_power_w=-300) for at in moments]
    record(database, rows)
    (told,) = energy(
        reader(database), "main", first=date(2026, 11, 23), last=date(2026, 11, 24), by=By.DAY, zone=KYIV
    ).values()
    assert told["pv_kwh"] == pytest.approx(5 * 24 / math.pi, rel=1e-3)
    assert told["load_kwh"] == pytest.approx(0.5 * 24, rel=1e-3)
    assert told["battery_in_kwh"] == 0
    assert told["battery_out_kwh"] == pytest.approx(0.3 * 24, rel=1e-3)
    assert told["grid_in_kwh"] is None, "what the inverter does not say is unknown"


@cases_of_sqlite(
    "day, hours",
    pytest.param(date(2026, 10, 25), 25, id="autumn"),
    pytest.param(date(2026, 3, 29), 23, id="spring"),
    pytest.param(date(2026, 11, 23), 24, id="usual"),
)
def test_days_are_as_long_as_they_were(database: Place, day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    record(database, [reading(noon + number * MINUTE, load_power_w=1000) for number in range(-24 * 60, 24 * 60, 3)])
    told = energy(reader(database), "main", first=day, last=day + timedelta(days=1), by=By.DAY, zone=KYIV)
    assert told[day]["load_kwh"] == pytest.approx(hours)


@cases_of_sqlite(
    "counters, expected",
    pytest.param([0.0, 0.5, 1.1], 1.1, id="the-counter-is-preferred"),
    pytest.param([90.0, 0.4, 1.1], 1.0, id="no-counter-beyond-belief"),
    pytest.param([None, None, None], 1.0, id="without-one-the-integral"),
)
def test_the_inverters_own_counter(database: Place, counters: list[float | None], expected: float) -> None:
    rows = [
        reading(after(number), pv_power_w=1000, pv_energy_today_kwh=counters[min(2, number * 3 // 60)])
        for number in range(61)
    ]
    record(database, rows)
    told = energy(reader(database), "main", first=date(2026, 11, 23), last=date(2026, 11, 24), by=By.DAY, zone=KYIV)
    assert told[date(2026, 11, 23)]["pv_kwh"] == pytest.approx(expected, rel=1e-3)


def test_by_week_month_and_year(database: Place) -> None:
    minutes = [24 * 60 * day + minute for day in range(9) for minute in range(11)]
    record(database, [reading(after(minute), load_power_w=600) for minute in minutes])
    engine, first, last = reader(database), date(2026, 11, 1), date(2027, 1, 1)
    sums = {by: energy(engine, "main", first=first, last=last, by=by, zone=KYIV) for by in By}
    assert [len(sums[by]) for by in By] == [9, 2, 2, 1]
    assert sums[By.MONTH][date(2026, 12, 1)]["load_kwh"] == pytest.approx(0.1)
    assert sums[By.YEAR][date(2026, 1, 1)]["load_kwh"] == pytest.approx(0.9)


SOME = st.lists(
    st.tuples(st.integers(0, 200), st.integers(-3000, 3000)), min_size=1, max_size=25, unique_by=lambda pair: pair[0]
)


@settings(max_examples=20)
@given(rows=SOME, cuts=st.lists(st.integers(1, 24), max_size=3).map(sorted))
def test_any_order_and_any_cut_gives_the_same(
    empty: Path, tmp_path_factory: Any, rows: list[Any], cuts: list[int]
) -> None:
    directory = tmp_path_factory.mktemp("order")
    for name in ("piecemeal.db", "at once.db"):
        copied(empty, directory / name)
    messages = [reading(after(minute), grid_power_w=watts) for minute, watts in rows]
    record(directory / "piecemeal.db", messages[: cuts[0]] if cuts else messages)
    store = open_store(directory / "piecemeal.db")
    for begin, end in zip(cuts, [*cuts[1:], len(messages)], strict=True) if cuts else ():
        store.write(messages[begin:end])
        tend(store)
    record(directory / "at once.db", sorted(messages, key=lambda row: row[1][1]))
    assert rollups(directory / "piecemeal.db") == rollups(directory / "at once.db")


def test_a_kill_between_the_commit_and_the_roll_up_loses_nothing(database: Place) -> None:
    store = open_store(database)
    store.write([reading(after(number), load_power_w=600) for number in range(11)])
    running = "SELECT step, n, load_power_w_mean, load_kwh FROM inverter_rollup ORDER BY at"
    assert ask(database, running) == [(5, 5, 600, None), (5, 5, 600, None), (5, 1, 600, None)]  # killed here
    tend(open_store(database))
    assert ask(database, "SELECT n, load_kwh FROM inverter_rollup WHERE step = 1440") == [(11, pytest.approx(0.1))]
    assert ask(database, "SELECT * FROM rollup_due") == []


def test_a_roll_up_that_breaks_off_is_still_due(database: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(database)
    store.write([reading(after(0), load_power_w=600)])
    with monkeypatch.context() as patch:
        patch.setattr("services.recorder.upkeep.settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tend(store)
    assert len(rollups(database)) == 1, "the running step alone"
    tend(store)
    assert len(rollups(database)) == 3


def test_a_reading_that_arrives_twice_counts_once_in_the_running_step(database: Place) -> None:
    store = open_store(database)
    store.write([reading(after(number), load_power_w=100 * number, pv_power_w=None) for number in range(3)])
    store.write([reading(after(number), load_power_w=100 * number, pv_power_w=number) for number in range(1, 5)])
    running = "SELECT n, load_power_w_min, load_power_w_mean, load_power_w_max, pv_power_w_mean FROM inverter_rollup"
    assert ask(database, running) == [(5, 0, 200, 400, 3.5)]
    store.write([reading(after(4.5), load_power_w=800, pv_power_w=1)])
    assert ask(database, running) == [(6, 0, pytest.approx(300), 800, pytest.approx((3.5 * 5 + 1) / 6))]
    before = rollups(database)
    store.write([reading(after(4.5), load_power_w=9000)])
    assert rollups(database) == before
    tend(store)
    assert ask(database, f"{running} WHERE step = 5") == [(6, 0, 300, 800, pytest.approx(8 / 3))]


def test_what_is_not_rolled_up_yet_is_in_the_chart(database: Place) -> None:
    record(database, [reading(after(number), load_power_w=100) for number in range(60)])
    store = open_store(database)
    store.write([reading(after(60 + number), load_power_w=300) for number in range(60)])
    found = series(reader(database), "main", ["load_power_w"], start=START, end=after(120), buckets=24)
    assert found.values["load_power_w"] == [100] * 12 + [300] * 12
    tend(store)
    again = series(reader(database), "main", ["load_power_w"], start=START, end=after(120), buckets=24)
    assert again == found


def test_a_battery(database: Place) -> None:
    record(
        database,
        [
            row_of(BATTERY_STATE.named("jk-1"), BatteryState(at=after(n), power_w=-1200.0, cell_delta_v=0.01 * n))
            for n in range(31)
        ],
    )
    assert ask(database, "SELECT in_kwh, out_kwh, cell_delta_v_max FROM battery_rollup WHERE step = 1440") == [
        (0, pytest.approx(0.6), pytest.approx(0.3))
    ]
    engine, end = reader(database), after(30)
    found = series(engine, "jk-1", ["cell_delta_v"], source=BATTERIES, start=START, end=end, buckets=6, highs=True)
    assert found.values["cell_delta_v"][0] == pytest.approx(0.02)
    assert found.high["cell_delta_v"][0] == pytest.approx(0.04)


def the_evening() -> list[Any]:
    """Return rows of an outage from 60 to 240, planned from 50 to 230, an inverter that feeds the home meanwhile."""
    plan = OutageSchedule(
        at=after(-60),
        queue="4.1",
        days=(PlannedDay(day=date(2026, 11, 23), state=DayState.PLANNED, confirmed_at=after(-60)),),
        windows=(Window(start=after(50), end=after(230)),),
    )
    rows = [row_of(OUTAGE_SCHEDULE.named(), plan)]
    for minute in range(0, 300):
        off = 60 <= minute < 240
        rows.append(grid(minute, Grid.OFF if off else Grid.ON, 60 if off else (240 if minute >= 240 else 0)))
        watts = -1000 if off else 0
        rows.append(
            reading(
                after(minute),
                battery_power_w=watts,
                battery_soc_percent=100 - max(0, min(180, minute - 60)) / 6,
                load_power_w=900 + (minute == 100) * 800,
            )
        )
    return rows


def check_the_evening(place: Place) -> None:
    (found,) = outage_records(reader(place), start=START, end=LATER)
    assert (found.start, found.end, found.planned) == (after(60), after(240), True)
    assert (found.start_late_min, found.end_late_min) == (10, 10)
    assert found.battery_kwh == pytest.approx(3, rel=0.01)
    assert (found.soc_from_percent, found.soc_to_percent) == (100, 70)
    assert found.load_max_w == 1700


@cases_of_sqlite("pieces", *(pytest.param(pieces, id=f"pieces-{pieces}") for pieces in (7, 1, 2)))
def test_an_outage_as_a_record(database: Place, pieces: int) -> None:
    rows = the_evening()
    for piece in range(pieces):
        record(database, rows[piece * len(rows) // pieces : (piece + 1) * len(rows) // pieces])
    check_the_evening(database)
    assert ask(database, "SELECT count(*) FROM grid_run") == [(3,)]


def test_an_outage_of_late_data(database: Place) -> None:
    rows = the_evening()
    record(database, rows[300:])
    record(database, rows[:300])
    check_the_evening(database)


def test_an_outage_that_lasts(database: Place) -> None:
    rows = [row for row in the_evening() if row[1][1] < reading(after(200))[1][1]]
    record(database, rows, now=after(200))
    (found,) = outage_records(reader(database), start=START, end=LATER)
    assert (found.end, found.planned, found.end_late_min) == (None, True, None)


def test_shades_from_runs_and_from_rows_are_the_same(database: Place) -> None:
    rows = the_evening()
    store = open_store(database)
    store.write(rows)
    before = grid_spans(reader(database), start=after(30), end=after(280))
    tend(store)
    assert grid_spans(reader(database), start=after(30), end=after(280)) == before
    assert [span.state for span in before] == [Grid.ON, Grid.OFF, Grid.ON]


def outage(start: float, end: float | None, planned: bool | None) -> Outage:
    finish = None if end is None else after(end)
    return Outage(after(start), finish, planned, *[None] * 8)


def test_statistics() -> None:
    records = [outage(-60, 60, True), outage(23 * 60, 25 * 60, False), outage(47 * 60, None, None)]
    found = statistics(records, start=START, end=LATER, now=after(47.5 * 60), zone=KYIV)
    assert (found.count, found.total, found.longest) == (3, 210 * MINUTE, 120 * MINUTE)
    assert found.planned_share == 0.5
    assert found.hours == {date(2026, 11, 23): 2.0, date(2026, 11, 24): 1.5}
    assert found.by_month() == {date(2026, 11, 1): 3.5}


def test_old_readings_go_and_what_was_made_of_them_stays(database: Place) -> None:
    record(database, [reading(after(number), load_power_w=600) for number in range(180)])
    record(database, a_reading_a_day(after(90) + timedelta(days=30), days=30))
    before = rollups(database)
    record(database, [], now=after(90) + timedelta(days=30), raw_days=30)
    compressed = "SELECT min(at), sum(n) FROM compressed_hour WHERE device = 'main'"
    assert ask(database, compressed) == [(to_ms(after(60)), 120)], "whole hours"
    record(database, [reading(after(10.5), load_power_w=9000)], now=after(90) + timedelta(days=30), raw_days=30)
    assert rollups(database) == before, "late data does not spoil what was made of more"


def test_the_file_gives_back_what_is_free(path: Path) -> None:
    record(path, [reading(after(number), load_power_w=600) for number in range(3000)])
    record(path, a_reading_a_day(LATER + timedelta(days=60), days=30))
    pages = ask(path, "PRAGMA page_count")[0][0]
    record(path, [], now=LATER + timedelta(days=60), raw_days=30)
    assert ask(path, "PRAGMA page_count")[0][0] < pages / 2


@pytest.mark.parametrize("midnight", [date(2026, 10, 22), date(2026, 3, 26)], ids=["autumn", "spring"])
@cases_of_sqlite(
    "buckets",
    pytest.param(8, id="a-day-all-the-same"),
    pytest.param(7, id="a-day-each"),
    pytest.param(20, id="some-hours"),
)
def test_a_chart_of_days_shows_each_day_though_clocks_change(database: Place, midnight: date, buckets: int) -> None:
    first = datetime.combine(midnight, time(), KYIV)
    noon = first.astimezone(UTC) + timedelta(hours=12)
    record(database, [reading(noon + timedelta(days=day), load_power_w=day) for day in range(8)], now=noon)
    start, end = first.astimezone(UTC), (first + timedelta(days=7)).astimezone(UTC)  # local midnights
    found = series(reader(database), "main", ["load_power_w"], start=start, end=end, buckets=buckets)
    assert found.step % timedelta(hours=1) == timedelta(0)
    assert [value for value in found.values["load_power_w"] if value is not None] == [0, 1, 2, 3, 4, 5, 6]


@settings(max_examples=60)
@given(start=st.integers(-2000, 9000), length=st.integers(1, 9000), buckets=st.integers(1, 400))
@example(start=5, length=606, buckets=11)
@example(start=-101, length=602, buckets=11)
def test_a_chart_of_any_period_has_each_reading_once(long: Path, start: int, length: int, buckets: int) -> None:
    end = after(start + length)
    found = series(reader(long), "main", ["load_power_w"], start=after(start), end=end, buckets=buckets, highs=True)
    assert len(found.moments) <= buckets
    assert found.start <= after(start) < found.start + found.step
    assert end <= found.start + len(found.moments) * found.step
    width = 60 if found.step >= 60 * MINUTE and found.start.minute == 0 else 5 if found.step >= 5 * MINUTE else 1
    last = -(-(start + length) // width) * width  # of whole roll-ups
    inside = [minute for minute in range(0, EVERY * LONG, EVERY) if found.start <= after(minute) < after(last)]
    buckets_of: dict[int, list[int]] = {}
    for minute in inside:
        buckets_of.setdefault((after(minute) - found.start) // found.step, []).append(minute)
    inside_each = [buckets_of.get(index) for index in range(len(found.moments))]
    assert list(found.high["load_power_w"]) == [one and max(one) for one in inside_each]
    expected = [one and fmean(one) for one in inside_each]
    assert found.values["load_power_w"] == [one if one is None else pytest.approx(one) for one in expected]


EVERY, LONG = 7, 900
"""A reading in seven minutes for four days and some hours, of a load that rises by a watt a minute."""


@pytest.fixture(scope="module")
def long(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = copied(empty, tmp_path_factory.mktemp("long") / "easun.db")
    record(path, [reading(after(minute), load_power_w=minute) for minute in range(0, EVERY * LONG, EVERY)])
    return path


def test_another_zone_cuts_the_days_anew(database: Place) -> None:
    record(database, [reading(after(number), load_power_w=600) for number in range(-30, 31)])
    store = open_store(database)
    Upkeep(store, ZoneInfo("UTC"), 400).finish(LATER)
    assert ask(database, "SELECT n, at FROM inverter_rollup WHERE step = 1440") == [
        (61, int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000))
    ]


def test_a_moment_of_work_is_bounded(path: Path) -> None:
    store = open_store(path)
    store.write([reading(after(24 * 60 * day), load_power_w=day) for day in range(8)])
    ticks = iter(number * 0.15 for number in range(100))
    upkeep = Upkeep(store, KYIV, 400, clock=lambda: next(ticks))
    upkeep.work(LATER)
    assert 0 < ask(path, "SELECT count(*) FROM rollup_due")[0][0] < 8


def test_much_at_once_is_not_left_for_a_minute(path: Path) -> None:
    clock = [0.0]
    store = open_store(path)
    upkeep = Upkeep(store, KYIV, 400, clock=lambda: clock[0])
    upkeep.work(LATER)
    store.write([reading(after(number), load_power_w=600) for number in range(10)])
    clock[0] += 10
    upkeep.work(LATER)
    assert ask(path, "SELECT count(*) FROM rollup_due") != [(0,)], "it rests"
    upkeep.run_now()
    clock[0] += 10
    upkeep.work(LATER)
    assert ask(path, "SELECT count(*) FROM rollup_due") == [(0,)]

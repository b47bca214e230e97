"""The sum of several inverters before there were several, and after: the sum of one is that one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history import reports
from shared.history.derived import FIVE_MINUTES, HOUR_MS, INVERTERS, STEP_MS
from shared.history.derived import HOUR as HOURLY
from shared.history.engine import Engine, Place, reader
from shared.history.house import FOREVER, Device, Part, Pause, Stretch, parts, stretches
from shared.history.queries import Session, due_since, latest, recorded_devices, series
from shared.history.reports import By
from shared.history.tables import to_ms
from shared.live_figures import ALL
from shared.messages import InverterState
from shared.topics import INVERTER_STATE
from tests.support.databases import Databases

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 11, 20, 22, tzinfo=UTC)
"""A midnight in Kyiv."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERY = timedelta(minutes=5)
GROWN = START + DAY + 13 * HOUR + 20 * timedelta(minutes=1)
SHRUNK = START + 2 * DAY + 10 * HOUR + 10 * timedelta(minutes=1)
END = START + 4 * DAY
MAIN_W, SHED_W = 1200, 600
DAYS = [date(2026, 11, 21) + number * DAY for number in range(4)]


def home() -> Iterator[tuple[str, datetime, int]]:
    """Yield the readings of an inverter, of a second one that is there for a while, and of their sum."""
    for at in (START + number * EVERY for number in range((END - START) // EVERY)):
        yield "main", at, MAIN_W
        if GROWN <= at < SHRUNK:
            yield "shed", at, SHED_W
            yield ALL, at, MAIN_W + SHED_W


def filled(place: Place, *, prefix: str = "") -> None:
    store = open_store(place)
    store.write(
        [
            to_row(
                prefix + INVERTER_STATE.named(name),
                InverterState(at=at, load_power_w=watts, grid_power_w=watts).model_dump_json().encode(),
            )
            for name, at, watts in home()
        ]
    )
    Upkeep(store, KYIV, 400).finish(END)
    store.close()


@pytest.fixture(scope="module")
def house(databases: Databases) -> Engine:
    """A home that had two inverters for a while, and another one beside it."""
    place = databases.create()
    filled(place, prefix="home7/")
    return reader(place, "home7")


def energy_from(start: datetime, end: datetime) -> float:
    """Return the kWh that the house drew, as far as readings say; of the last step of the sum nobody does."""
    together = max(timedelta(), min(end, SHRUNK - EVERY) - max(start, GROWN))
    unknown = max(timedelta(), min(end, SHRUNK) - max(start, SHRUNK - EVERY))
    last = max(timedelta(), end - max(start, END - EVERY))
    return ((end - start - unknown - last) * MAIN_W + together * SHED_W) / HOUR / 1000


def test_the_sum_comes_first_with_the_time_of_the_house(house: Engine) -> None:
    assert [device.name for device in recorded_devices(house)] == [ALL, "main", "shed"]
    assert recorded_devices(house)[0] == Device(ALL, START, END - EVERY)
    assert latest(house)["shed"] == SHRUNK - EVERY


def test_days_are_of_the_house(house: Engine) -> None:
    days = reports.energy(house, ALL, first=DAYS[0], last=DAYS[-1] + DAY, by=By.DAY, zone=KYIV)
    expected = [energy_from(START + number * DAY, START + (number + 1) * DAY) for number in range(4)]
    assert [days[day]["load_kwh"] for day in DAYS] == pytest.approx(expected)
    alone = reports.energy(house, "main", first=DAYS[1], last=DAYS[2], by=By.DAY, zone=KYIV)
    assert alone[DAYS[1]]["load_kwh"] == pytest.approx(24 * MAIN_W / 1000)


def test_a_tariff_is_of_the_house(house: Engine) -> None:
    day = reports.energy_by_day(house, ALL, start=START + DAY, end=START + 2 * DAY)[0]
    assert day.start == START + DAY
    expected = [energy_from(START + DAY + n * HOUR, START + DAY + (n + 1) * HOUR) for n in range(24)]
    assert day.by_hour == pytest.approx(expected)


def test_hours_and_sums_are_of_the_house(house: Engine) -> None:
    hours = reports.energy_by_hour(house, ALL, start=START, end=END)
    load = list(INVERTERS.energies).index("load_kwh")
    expected = {to_ms(START) + n * HOUR_MS: energy_from(START + n * HOUR, START + (n + 1) * HOUR) for n in range(96)}
    assert {at: kwh[load] for at, kwh in hours.items()} == pytest.approx(expected)
    for start, end in ((START, END), (START + DAY, START + 2 * DAY), (START - 70 * DAY, END)):
        kwh, known = reports.energy_between(house, ALL, start=start, end=end)
        assert kwh["load_kwh"] == pytest.approx(energy_from(max(start, START), end))
        assert known == pytest.approx((end - max(start, START)) / (end - start), rel=0.01)


@pytest.mark.parametrize("minutes", [1, 5, 60, 120])
def test_curves_are_of_the_house(house: Engine, minutes: int) -> None:
    step = timedelta(minutes=minutes)
    start, end = START + 20 * HOUR, START + 3 * DAY
    with Session(house) as session:
        found = series(session, ALL, ["load_power_w"], start=start, end=end, buckets=(end - start) // step)
    known = [(at, watts) for at, watts in zip(found.moments, found.values["load_power_w"], strict=True) if watts]
    assert known[0][1] == known[-1][1] == MAIN_W
    assert {watts for at, watts in known if GROWN + step < at < SHRUNK - step} == {MAIN_W + SHED_W}
    assert {watts for at, watts in known if at < GROWN - step or at > SHRUNK + step} == {MAIN_W}
    assert len(known) == len(found.moments) or step < EVERY


@pytest.mark.parametrize("step", [2 * HOUR, DAY])
def test_flows_are_of_the_house(house: Engine, step: timedelta) -> None:
    found = reports.flows(house, ALL, start=START, end=END, step=step)
    for index, (load, grid) in enumerate(zip(found.values["load_w"], found.values["grid_in_w"], strict=True)):
        begin = START + index * step
        together = max(timedelta(), min(begin + step, SHRUNK) - max(begin, GROWN))
        expected = MAIN_W + SHED_W * together / step
        assert load == pytest.approx(expected)
        assert grid == pytest.approx(expected, rel=0.05)


def test_a_version_and_what_is_due_are_of_the_house(house: Engine) -> None:
    first = reports.version(house, ALL, start=START, end=START + DAY)
    assert first is not None
    assert first == reports.version(house, "main", start=START, end=START + DAY)
    assert reports.version(house, ALL, start=START + DAY, end=START + 2 * DAY) != reports.version(
        house, "main", start=START + DAY, end=START + 2 * DAY
    )
    assert due_since(house, INVERTERS.raw, ALL, start=START, end=END) is None


def test_late_readings_of_the_only_inverter_make_the_house_due(database: Place) -> None:
    filled(database)
    store = open_store(database)
    late = InverterState(at=START + HOUR + EVERY / 2, load_power_w=MAIN_W).model_dump_json().encode()
    store.write([to_row(INVERTER_STATE.named("main"), late)])
    store.close()
    engine = reader(database)
    assert reports.version(engine, ALL, start=START, end=START + DAY) is None
    assert due_since(engine, INVERTERS.raw, ALL, start=START, end=END) == START + HOUR


def test_one_inverter_is_the_house_while_there_is_no_second(database: Place) -> None:
    """Two inverters, for some hours and later for a day one, then one that is silent: then the sum is unknown."""
    alone = [(START + 6 * HOUR, START + 9 * HOUR), (START + 15 * HOUR + EVERY, START + 50 * HOUR)]
    silent, end = (START + 52 * HOUR, START + 54 * HOUR), START + 55 * HOUR
    states, expected = [], []
    for at in (START + number * EVERY for number in range((end - START) // EVERY)):
        told: list[tuple[str, int | None]] = [("main", MAIN_W)]
        if silent[0] <= at < silent[1]:
            told.append((ALL, None))
        elif not any(begin <= at < again for begin, again in alone):
            told += [("shed", SHED_W), (ALL, MAIN_W + SHED_W)]
        states += [(name, InverterState(at=at, load_power_w=watts)) for name, watts in told]
        expected.append(told[-1][1])
    store = open_store(database)
    store.write([to_row(INVERTER_STATE.named(name), one.model_dump_json().encode()) for name, one in states])
    Upkeep(store, KYIV, 400).finish(end)
    store.close()
    with Session(reader(database)) as session:
        found = series(session, ALL, ["load_power_w"], start=START, end=end, buckets=len(expected))
        sums = [reports.energy_between(session, ALL, start=begin, end=again)[0] for begin, again in alone]
    assert found.values["load_power_w"] == expected
    for (begin, again), kwh in zip(alone, sums, strict=True):
        assert kwh["load_kwh"] == pytest.approx((again - begin) / HOUR * MAIN_W / 1000, rel=0.05)


def device(name: str, first: float, last: float) -> Device:
    """Return a device that was recorded between two hours."""
    return Device(name, START + first * HOUR, START + last * HOUR)


def at(hours: float) -> int:
    return to_ms(START + hours * HOUR)


def until(hours: float) -> int:
    return at(hours) + STEP_MS


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([device("main", 0, 9)], [Stretch("main")], id="one-alone"),
        pytest.param(
            [device(ALL, 2, 9), device("main", 2, 9), device("shed", 2, 9)], [Stretch(ALL)], id="always-several"
        ),
        pytest.param(
            [device(ALL, 2, 9), device("main", 0, 9), device("shed", 2, 9)],
            [Stretch("main", -FOREVER, at(2)), Stretch(ALL, at(2))],
            id="grown",
        ),
        pytest.param(
            [device(ALL, 2, 5), device("main", 2, 9), device("shed", 2, 5.5)],
            [Stretch(ALL, -FOREVER, until(5)), Stretch("main", until(5))],
            id="shrunk",
        ),
        pytest.param(
            [device(ALL, 2, 5), device("main", 2, 5.5), device("shed", 2, 5.5)], [Stretch(ALL)], id="all-are-silent"
        ),
        pytest.param(
            [device(ALL, 4, 9), device("left", 2, 9), device("main", 0, 1), device("right", 4, 9)],
            [Stretch("main", -FOREVER, until(1)), Stretch("left", at(2), at(4)), Stretch(ALL, at(4))],
            id="renamed-before",
        ),
        pytest.param(
            [device(ALL, 4, 9), device("left", 2, 9), device("right", 0, 9)],
            [Stretch("right", -FOREVER, at(2)), Stretch(ALL, at(4))],
            id="two-without-a-sum-have-none",
        ),
        pytest.param([device("left", 0, 9), device("right", 0, 9)], [], id="nobody-can-say"),
    ],
)
def test_stretches(devices: list[Device], expected: list[Stretch]) -> None:
    found = stretches(ALL, devices)
    assert found == expected
    assert stretches("main", devices) == [Stretch("main")]


SHED_AND_MAIN = [device(ALL, 0, 99), device("main", 0, 99), device("shed", 0, 99)]


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        pytest.param([], [Stretch(ALL)], id="nobody-was-recorded"),
        pytest.param([device("main", 10, 19), device("shed", 10, 19)], [Stretch(ALL)], id="two-without-a-sum"),
        pytest.param(
            [device("main", 12, 17)],
            [Stretch(ALL, -FOREVER, at(10)), Stretch("main", at(10), at(20)), Stretch(ALL, at(20))],
            id="one-alone",
        ),
        pytest.param(
            [device("main", 10, 13), device("shed", 15, 19)],
            [
                Stretch(ALL, -FOREVER, at(10)),
                Stretch("main", at(10), until(13)),
                Stretch("shed", at(15), at(20)),
                Stretch(ALL, at(20)),
            ],
            id="one-after-the-other",
        ),
    ],
)
def test_a_pause_of_the_sum(devices: list[Device], expected: list[Stretch]) -> None:
    assert stretches(ALL, SHED_AND_MAIN, [Pause(at(10), at(20), devices)]) == expected


def hour_of(ms: int) -> tuple[int, int]:
    return ms // HOUR_MS * HOUR_MS, ms // HOUR_MS * HOUR_MS + HOUR_MS


@given(
    cuts=st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True).map(sorted),
    start=st.integers(0, 5),
    hours=st.integers(0, 5),
    is_open=st.booleans(),
)
def test_parts_are_each_five_minutes_once(cuts: list[int], start: int, hours: int, *, is_open: bool) -> None:
    """Every step is in the roll-ups of the device whose time it is, whatever takes over from what."""
    found = [Stretch(str(a), a * STEP_MS, b * STEP_MS) for a, b in pairwise(cuts)]
    if is_open:
        found = [Stretch("early", -FOREVER, cuts[0] * STEP_MS), *found, Stretch("late", cuts[-1] * STEP_MS)]
    begin, end = start * HOUR_MS, (start + hours) * HOUR_MS

    def covered(ps: list[Part]) -> list[tuple[int, str]]:
        steps = []
        for part in ps:
            width = HOUR_MS if part.step == HOURLY else STEP_MS
            for unit in range(-(-part.start // width) * width, part.end, width):
                steps += [(step, part.device) for step in range(unit, unit + width, STEP_MS)]
        return steps

    whole = covered(parts(found, begin, end, HOURLY, hour_of))
    assert sorted(whole) == sorted(covered(parts(found, begin, end, FIVE_MINUTES, hour_of)))
    assert len({step for step, _ in whole}) == len(whole)

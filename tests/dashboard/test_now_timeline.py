"""The strip of 24 hours, without a browser: what is shaded where, and what nobody knows."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.markup import tree
from services.dashboard.now.energy_today import energy_today
from services.dashboard.now.recorded_parts import PAST, TODAY, recorded
from services.dashboard.now.time_axis import AHEAD, AXIS_STEPS, BACK, BUCKETS, axis
from services.dashboard.now.timeline import live_layer, recorded_layer, stretches
from services.dashboard.pages import PageContext, ViewOptions
from services.dashboard.settings import DashboardSettings
from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.history.engine import reader
from shared.history.queries import GridSpan
from shared.messages import (
    Certainty,
    DayState,
    Grid,
    GridState,
    InverterState,
    OutageSchedule,
    Outlook,
    PlannedDay,
    Window,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import INVERTER_STATE
from tests.dashboard.harness import record
from tests.dashboard.view_text import words
from tests.support.outlooks import outlook

KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 11, 23, 12, tzinfo=KYIV).astimezone(UTC)
LOCALIZER = Localizer(Language.EN, NOON, KYIV)


def at(hours: float) -> datetime:
    """Return a moment by the hours from noon."""
    return NOON + timedelta(hours=hours)


def spans(*given: tuple[Grid, float, float]) -> list[GridSpan]:
    return [GridSpan(state, at(begin), at(end)) for state, begin, end in given]


def mains(state: Grid = Grid.ON, *, since: float, said: float = 0) -> GridState:
    return GridState(at=at(said), state=state, since=at(since))


def plan(*windows: Window, states: tuple[DayState, ...] = (DayState.PLANNED, DayState.PLANNED)) -> OutageSchedule:
    days = [PlannedDay(day=at(24 * ahead).date(), state=state, confirmed_at=NOON) for ahead, state in enumerate(states)]
    return OutageSchedule(at=NOON, queue="5.2", days=tuple(days), windows=windows, fetched_at=NOON)


def window(begin: float, end: float, certainty: Certainty = Certainty.DEFINITE) -> Window:
    return Window(start=at(begin), end=at(end), certainty=certainty)


def drawn(layer: list) -> list[tuple[str, float, float]]:
    """Return the bands of a layer: the look, and from where to where in percent."""
    (_, _, children), *_ = tree(layer)
    return [
        (look, float(given["style"]["left"][:-1]), float(given["style"]["width"][:-1]))
        for _, given, _ in children
        if (look := given["className"].removeprefix("band band-")) != given["className"]
    ]


def test_the_axis_begins_at_whole_five_minutes():
    span = axis(at(0.1) + timedelta(seconds=17))
    assert (span.start, span.now) == (at(-11 - 55 / 60), at(0.1))
    assert span.end - span.start == BACK + AHEAD
    assert axis(NOON).percent(NOON) == 50


@pytest.mark.parametrize(
    ("known", "grid", "expected"),
    [
        pytest.param(
            spans((Grid.ON, -12, -6), (Grid.OFF, -6, -4), (Grid.ON, -4, 0)),
            mains(since=-4),
            [(Grid.OFF, -6, -4)],
            id="an-outage",
        ),
        pytest.param([], mains(since=-20), [], id="known-without-a-record"),
        pytest.param([], mains(since=-3), [(Grid.UNKNOWN, -12, -3)], id="nobody-recorded-what-was-before"),
        pytest.param([], None, [(Grid.UNKNOWN, -12, 0)], id="nothing-known"),
        pytest.param(
            spans((Grid.ON, -12, -1)),
            mains(Grid.OFF, since=-1),
            [(Grid.OFF, -1, 0)],
            id="an-outage-that-is-not-recorded-yet",
        ),
        pytest.param(
            spans((Grid.ON, -12, -5), (Grid.UNKNOWN, -5, -4), (Grid.ON, -4, 0)),
            mains(since=-4),
            [(Grid.UNKNOWN, -5, -4)],
            id="unknown-is-no-outage",
        ),
        pytest.param(
            spans((Grid.ON, -12, -2)),
            mains(since=-12, said=-2),
            [(Grid.UNKNOWN, -2, 0)],
            id="silent-for-two-hours",
        ),
        pytest.param(spans((Grid.ON, -12, 0)), mains(since=20, said=24), [], id="a-clock-wrong-by-a-day"),
    ],
)
def test_what_was(known, grid, expected):
    assert stretches(known, grid, axis(NOON)) == spans(*expected)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(
            BrokerState(connected=True, grid=mains(since=-4), schedule=plan(window(-3, 0), window(6, 9.5))),
            [("planned", 37.5, 12.5), ("planned", 75.0, 14.58)],
            id="planned",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(since=-4), schedule=plan(window(6, 9, Certainty.POSSIBLE))),
            [("possible", 75.0, 12.5)],
            id="possible",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(Grid.OFF, since=-1), schedule=plan()),
            [("off", 45.83, 4.17)],
            id="an-outage-shows-at-once",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(Grid.OFF, since=0.003, said=0.004), schedule=plan()),
            [("off", 50.0, 0.0)],
            id="even-in-its-first-seconds",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(since=-5, said=-2), schedule=plan()),
            [("unknown", 41.67, 8.33)],
            id="silence-is-unknown",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(since=-4)),
            [("unpublished", 50.0, 50.0)],
            id="no-schedule-is-never-no-outages",
        ),
        pytest.param(
            BrokerState(
                connected=True,
                grid=mains(since=-4),
                schedule=plan(window(1, 2), states=(DayState.WAITING, DayState.PLANNED)),
            ),
            [("planned", 54.17, 4.17), ("unpublished", 50.0, 4.17), ("unpublished", 58.33, 41.67)],
            id="a-day-that-is-awaited",
        ),
        pytest.param(
            BrokerState(connected=True, grid=mains(since=24, said=24), schedule=plan()), [], id="a-clock-wrong-by-a-day"
        ),
    ],
)
def test_what_is_and_what_is_planned(snapshot, expected):
    shown = drawn(live_layer(snapshot, 76, LOCALIZER, READING_HOLDS))
    assert [look for look, *_ in shown] == [look for look, *_ in expected]
    for (_, *place), (_, *right) in zip(shown, expected, strict=True):
        assert place == pytest.approx(right, abs=0.02)


def test_screen_readers_are_told_what_is_drawn():
    known = BrokerState(connected=True, grid=mains(since=-4), schedule=plan(window(6, 9.5)))
    (_, given, _), *_ = tree(live_layer(known, None, LOCALIZER, READING_HOLDS))
    assert given["aria-label"] == "Now and scheduled: Scheduled: 18:00 – 21:30. No forecast of the charge"


def test_hours_are_those_on_the_wall():
    ticks = [text for _, given, (text,) in tree(live_layer(BrokerState(), None, LOCALIZER, READING_HOLDS))[1:]]
    assert ticks == ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]


@pytest.mark.parametrize("hour", range(24))
def test_where_there_is_little_room_every_other_hour_is_named(hour: int) -> None:
    at = replace(LOCALIZER, now=LOCALIZER.now.replace(hour=hour))
    drawn = tree(live_layer(BrokerState(), None, at, READING_HOLDS))[1:]
    named = [text for _, given, (text,) in drawn if given["className"] == "tick"]
    assert named == [text for _, _, (text,) in drawn if int(text[:2]) % 6 == 0]


def mask(charge: list[float | None], kind: str) -> str:
    (_, _, children), *_ = tree(recorded_layer([], None, charge, LOCALIZER))
    shapes = {given["className"]: given["style"]["--shape"] for _, given, _ in children[-1][2]}
    return unquote(shapes.get(f"shape-{kind}", ""))


def test_a_gap_in_the_charge_is_not_bridged():
    assert "d='M0.5 50L1.5 49.5M3 20L4 20'" in mask([50, 50.5, None, 80], "line")
    assert "d='M0.5 100L0.5 50L1.5 49.5L1.5 100ZM3 100L3 20L4 20L4 100Z'" in mask([50, 50.5, None, 80], "area")
    assert mask([None, None], "line") == ""


@given(st.lists(st.none() | st.floats(0, 100), max_size=BUCKETS))
def test_any_charge_makes_a_path_of_numbers(charge):
    drawn_path = re.search(r" d='([^']*)'", mask(charge, "line"))
    assert bool(drawn_path) == any(value is not None for value in charge)
    assert not drawn_path or re.fullmatch(r"[ML0-9. ]+", drawn_path[1])


def site(path, grid: GridState | None = None) -> PageContext:
    known = BrokerState(connected=True, grid=grid)
    return PageContext(lambda: known, reader(path), lambda: LOCALIZER, DashboardSettings(_env_file=None))


def test_what_was_recorded_is_read(tmp_path):
    record(tmp_path / "easun.db", NOON, days=1, every=timedelta(minutes=5), summed_up=True)
    found = recorded(site(tmp_path / "easun.db", mains(since=-2)), LOCALIZER, ViewOptions())
    layer = found[PAST]
    ((look, left, width),) = drawn(layer)
    assert look == "off"
    assert (left, width) == pytest.approx((29.17, 12.5), abs=0.5)
    charge = tree(layer)[0][2][-1][2]
    assert [given["className"] for _, given, _ in charge] == ["shape-area", "shape-line"]
    assert "From the sun 10.2 kWh" in words(found[TODAY])


def test_what_is_not_summed_up_yet_is_unknown_and_not_nothing(tmp_path):
    record(tmp_path / "easun.db", NOON, days=1, every=timedelta(minutes=5), summed_up=True)
    store = open_store(tmp_path / "easun.db")
    late = InverterState(at=at(-2.01), load_power_w=400)
    store.write([to_row(INVERTER_STATE.named("smg2"), late.model_dump_json().encode())])
    store.close()
    assert recorded(site(tmp_path / "easun.db"), LOCALIZER, ViewOptions())[TODAY] == []


def test_nothing_recorded_is_unknown_and_no_error(tmp_path):
    found = recorded(site(tmp_path / "easun.db"), LOCALIZER, ViewOptions())
    assert drawn(found[PAST]) == [("unknown", 0.0, 50.0)]
    assert found[TODAY] == []


def test_a_broken_history_is_shown_in_the_strip(tmp_path):
    (tmp_path / "easun.db").write_bytes(b"no database" * 1000)
    layer = recorded(site(tmp_path / "easun.db", mains(since=-20)), LOCALIZER, ViewOptions())[PAST]
    assert drawn(layer[:1]) == []
    assert "The history cannot be read" in tree(layer)[1][2][0]


def forecast(found: Outlook | None, *, connected: bool = True) -> list:
    """Return what the live layer draws between the bands and the present moment."""
    known = BrokerState(connected=connected, grid=mains(since=-4), outlook=found)
    (_, given, children), *_ = tree(live_layer(known, 62, LOCALIZER, READING_HOLDS))
    return [given["aria-label"], *(one for one in children if "band" not in one[1]["className"].split())]


def test_the_forecast_is_a_band_with_its_median_the_reserve_and_the_charge_at_the_end_of_an_outage():
    label, band, median, reserve, end, *_ = forecast(outlook("ample", NOON))
    looks = [one[1]["className"] for one in (band, median, reserve, end)]
    assert looks == ["shape-band", "shape-median", "reserve-line", "end-dot end-right"]
    assert reserve[1]["style"] == {"bottom": "10%", "left": "50.0%"}
    assert (words(end), end[1]["style"]["left"]) == ("62 %", "70.83%")
    assert "At 17:00 about 62 % will be left, most likely 54 % to 66 %" in label.replace("\u00a0", " ")
    path = re.search(r" d='M144 38L([^']*)'", unquote(median[1]["style"]["--shape"]))
    assert path
    places = [float(one.split()[0]) for one in path[1].split("L")]
    assert places == sorted(places)
    assert places[-1] <= AXIS_STEPS


@pytest.mark.parametrize(
    "found",
    [None, outlook("ample", at(-1)), outlook("ample", NOON, strip=None), outlook("ample", NOON, charge=None)],
    ids=["none", "stale", "without-a-strip", "without-a-charge"],
)
def test_where_there_is_no_forecast_nothing_is_drawn_and_a_sentence_is_shown(found: Outlook | None):
    label, note, *rest = forecast(found)
    assert words(note) == "No forecast of the charge"
    assert "No forecast of the charge" in label
    assert [one[1]["className"] for one in rest] == ["now-line", "now-dot"]


def test_a_forecast_of_before_the_broker_went_is_not_drawn():
    assert words(forecast(outlook("ample", NOON), connected=False)[1]) == "No forecast of the charge"


@given(st.integers(0, 11), st.sampled_from(["ample", "barely", "short", "emergency", "no_plan"]))
def test_a_forecast_of_any_age_stays_within_the_strip(age_min: int, situation: str):
    for one in forecast(outlook(situation, NOON - timedelta(minutes=age_min)))[1:3]:
        path = re.search(r" d='([^']*)'", unquote(one[1]["style"]["--shape"]))
        assert path
        places = [tuple(map(float, place.split())) for place in re.split("[MLZ]", path[1]) if place]
        assert all(AXIS_STEPS / 2 <= x <= AXIS_STEPS and 0 <= y <= 100 for x, y in places)


def test_the_energy_of_today_has_only_what_is_known_and_not_nothing():
    known = {"pv_kwh": 0.0, "grid_in_kwh": 3.24, "grid_out_kwh": 0.01, "load_kwh": 8.06, "battery_in_kwh": 2.0}
    assert words(energy_today(known, 0.95, LOCALIZER)) == "Today From the grid 3.2 kWh Used 8.1 kWh"
    assert words(energy_today(known, 0.5, LOCALIZER)).startswith("Today, as far as it is recorded From")
    assert energy_today(dict.fromkeys(known), 1, LOCALIZER) == []

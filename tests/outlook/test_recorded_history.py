"""The recorder's database becomes the history and the plan, and replay prints a forecast from it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.outlook.forecast import forecast
from services.outlook.record import Record
from services.outlook.recorded_history import plan_of, read_history
from services.outlook.replay import main
from services.outlook.settings import OutlookSettings
from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.health import Health
from shared.history.engine import reader
from shared.history.past_schedules import schedule_at
from shared.messages import (
    ActionOutcome,
    BatteryState,
    Certainty,
    DayState,
    Grid,
    GridState,
    InverterState,
    OutageSchedule,
    PlannedDay,
    PlugAction,
    Window,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE, PLUG_ACTION

NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
START = NOW - timedelta(days=2)
DAY = NOW.date()


def window(start: float, end: float, certainty: Certainty = Certainty.DEFINITE) -> Window:
    return Window(start=NOW + timedelta(hours=start), end=NOW + timedelta(hours=end), certainty=certainty)


def schedule(at: datetime, *windows: Window, states: dict[date, DayState] | None = None) -> OutageSchedule:
    states = states or {START.date() + timedelta(days=day): DayState.PLANNED for day in range(4)}
    days = tuple(PlannedDay(day=day, state=state, confirmed_at=at) for day, state in states.items())
    return OutageSchedule(at=at, queue="3.1", days=days, windows=windows, fetched_at=at)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of an inverter with a battery and a plug; no power from 8 to 12."""
    file = tmp_path_factory.mktemp("outlook") / "easun.db"
    messages = []
    for step in range(2 * 288):
        at = START + timedelta(minutes=5 * step + 1)
        off = 8 <= at.hour < 12
        since = at.replace(hour=8, minute=0) if off else at.replace(hour=12, minute=0) - timedelta(days=at.hour < 8)
        soc = 100 - 12.0 * (at.hour - 8 + at.minute / 60) if off else min(100.0, 52 + 20 * max(0, at.hour - 12))
        power = -600 if off else 900 if soc < 100 else 0
        messages += [
            (INVERTER_STATE.named("main"), InverterState(at=at, load_power_w=500, battery_power_w=power)),
            (
                BATTERY_STATE.named("jk"),
                BatteryState(at=at, soc_percent=soc, remaining_ah=soc, voltage_v=51.2, power_w=power),
            ),
            (GRID_STATE.named(), GridState(at=at, state=Grid.OFF if off else Grid.ON, since=since)),
        ]
    past = [window(-32, -28), window(-8, -4)]
    messages += [
        (OUTAGE_SCHEDULE.named(), schedule(START, *past)),
        (OUTAGE_SCHEDULE.named(), schedule(NOW - timedelta(hours=1), *past, window(2, 6), window(10, 12))),
        (OUTAGE_SCHEDULE.named(), schedule(NOW + timedelta(hours=1), *past, window(2, 14))),
    ]
    for number, on in enumerate((True, False)):
        at = NOW - timedelta(hours=3 - number)
        done = PlugAction(at=at, on=on, by="grid", outcome=ActionOutcome.DONE)
        messages += [(PLUG_ACTION.named("boiler"), done)]
    messages.append((PLUG_ACTION.named("lamp"), PlugAction(at=NOW, on=True, by="grid", outcome=ActionOutcome.FAILED)))
    store = open_store(file)
    rows = [to_row(topic, message.model_dump_json().encode()) for topic, message in messages]
    for first in range(0, len(rows), 500):
        store.write(rows[first : first + 500])
    store.close()
    return file


def test_the_record_is_read(path):
    history = read_history(reader(path), NOW, time_zone="Europe/Kyiv", days=3)
    load, grid = np.array(history.load_w), np.array(history.grid_on)
    assert np.nanmedian(load) == 500
    assert (grid == 0).sum() == pytest.approx(96, abs=2)
    assert np.nanmin(np.array(history.battery_power_w)) == -600
    assert np.nanmin(np.array(history.bms_soc_percent)) == pytest.approx(53, abs=2)
    assert history.nominal_wh == pytest.approx(5120, rel=0.02)
    assert history.plug_events == {
        "boiler": [(history.plug_events["boiler"][0][0], True), (NOW.timestamp() - 7200, False)]
    }
    assert [(end - start) / 3600 for start, end in history.planned][:2] == [4, 4]


def test_the_plan_is_that_of_its_time(path):
    plan = plan_of(schedule_at(reader(path), NOW), NOW)
    assert plan is not None
    assert [(one.start, one.end) for one in plan.outages if one.end > NOW] == [
        (NOW + timedelta(hours=2), NOW + timedelta(hours=6)),
        (NOW + timedelta(hours=10), NOW + timedelta(hours=12)),
    ]
    assert plan.known_until == datetime(2026, 11, 24, 22, tzinfo=UTC)


def test_an_outage_whose_power_is_late_stays_in_the_plan_for_some_hours():
    late = plan_of(schedule(NOW, window(-14, -7), window(-4, -0.2), window(20, 21)), NOW)
    assert late is not None
    assert [one.end for one in late.outages] == [NOW - timedelta(minutes=12), NOW + timedelta(hours=21)]


def test_what_a_newer_version_dropped_is_kept_apart():
    newer = schedule(NOW, window(20, 21)).model_copy(update={"superseded": (window(-20, -16), window(-1, 3))})
    found = plan_of(newer, NOW)
    assert found is not None
    assert [one.end for one in found.outages] == [NOW + timedelta(hours=21)]
    assert [one.end for one in found.dropped] == [NOW + timedelta(hours=3)]


@pytest.mark.parametrize("state", [DayState.WAITING, DayState.UNKNOWN])
def test_a_day_that_is_not_published_is_unknown_whatever_the_days_around_it_say(state: DayState):
    states = {DAY - timedelta(days=1): DayState.PLANNED, DAY: state, DAY + timedelta(days=1): DayState.PLANNED}
    midnight = datetime(2026, 11, 22, 22, tzinfo=UTC)
    for now, one in ((NOW, window(20, 22)), (midnight + timedelta(minutes=5), window(-20, -18))):
        found = plan_of(schedule(now, one, states=states), now)
        assert found is not None
        assert [(one.start, one.end) for one in found.outages] == [(one.start, one.end)]
        assert found.known_until == midnight


def test_an_unpublished_day_is_unknown_and_an_emergency_holds_no_window():
    assert plan_of(None, NOW) is None
    waiting = schedule(NOW, states={DAY: DayState.WAITING})
    assert plan_of(waiting, NOW) is None
    emergency = plan_of(schedule(NOW, window(1, 2), states={DAY: DayState.EMERGENCY}), NOW)
    assert emergency is not None
    assert emergency.emergency
    assert not emergency.outages


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param(
            "en",
            (
                "Forecast of 23.11.2026 18:00",
                "Outage 20:00 – 24:00: the battery will last, with 3 h 10 min to spare",
                "At its end ",
                "Charge at 18:00: 100 %, by the BMS",
                "the reserve of 15 %",
                "Capacity of the battery: ",
                "times the usual: 1.00 (from 8 h)",
            ),
            id="english",
        ),
        pytest.param(
            "uk",
            (
                "Прогноз на 23.11.2026 18:00",
                "Відключення 20:00 – 24:00: батареї вистачить, запас на 3 год 10 хв",
                "Наприкінці лишиться ",
                "Заряд о 18:00 – 100 %, за даними BMS",
                "резерву 15 %",
                "Ємність батареї: ",
                "разів: 1,00 (дані: 8 год)",
            ),
            id="ukrainian",
        ),
    ],
)
def test_replay_prints_the_forecast_as_it_would_have_been(path, capsys, monkeypatch, language, expected):
    monkeypatch.setenv("BOT_LANGUAGE", language)
    before = path.read_bytes()
    main([str(path), "--at", "2026-11-23T16:00:00+00:00", "--reserve", "15"])
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert not [one for one in expected if one not in said], said
    assert path.read_bytes() == before


@pytest.mark.parametrize(("language", "said"), [("en", "There is no file "), ("uk", "none.db немає.")])
def test_replay_of_no_database_says_so(tmp_path, capsys, monkeypatch, language, said):
    monkeypatch.setenv("BOT_LANGUAGE", language)
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "none.db")])
    assert stopped.value.code == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--zone=Kyiv", ('no time zone "Kyiv"', "поясу «Kyiv» немає")),
        ("--zone=../etc", ("no time zone", "поясу «../etc» немає")),
        ("--at=yesterday", ('"yesterday" is not a moment', "«yesterday» не схоже на мить")),
        ("--at=0001-01-01", ("is not a moment of a record", "не схоже на мить із запису")),
        ("--at=9999-12-31", ("is not a moment of a record", "не схоже на мить із запису")),
        ("--reserve=nan", ('"nan" is not a percentage', "«nan» не відсотки")),
        ("--reserve=300", ('"300" is not a percentage', "«300» не відсотки")),
    ],
)
def test_replay_says_what_is_wrong_with_an_option(path, capsys, monkeypatch, option, said):
    for language, words in zip(("en", "uk"), said, strict=True):
        monkeypatch.setenv("BOT_LANGUAGE", language)
        with pytest.raises(SystemExit) as stopped:
            main([str(path), option])
        assert stopped.value.code == 2
        assert words in capsys.readouterr().err


def test_every_learned_figure_and_what_it_is_based_on_has_words(path):
    found = forecast(read_history(reader(path), NOW, time_zone="Europe/Kyiv"), NOW, None)
    units = {"h", "days", "outages", "points"}
    assert {one.unit for one in found.learned.values()} <= units
    for language in Language:
        localizer = Localizer(language, NOW)
        assert all(localizer(f"outlook.{name}") for name in found.learned)
        assert all(localizer(f"outlook.evidence_{unit}") for unit in units)


def readings(file: Path, start: datetime, end: datetime) -> None:
    """Record an inverter between two moments."""
    store = open_store(file)
    steps = range(int((end - start) / timedelta(minutes=5)))
    states = (InverterState(at=start + timedelta(minutes=5 * step), load_power_w=500) for step in steps)
    rows = [to_row(INVERTER_STATE.named("main"), one.model_dump_json().encode()) for one in states]
    for first in range(0, len(rows), 500):
        store.write(rows[first : first + 500])
    store.close()


def test_what_a_backup_brings_later_is_read_with_the_next_forecast(tmp_path):
    file = tmp_path / "easun.db"
    readings(file, NOW - timedelta(hours=2), NOW)
    record = Record(OutlookSettings(db_path=file), Health())
    assert NOW.timestamp() - np.array(record.refresh(NOW).time)[0] == pytest.approx(7200, abs=300)
    readings(file, NOW - timedelta(days=9), NOW - timedelta(days=7))
    later = record.refresh(NOW + timedelta(minutes=5))
    assert (NOW.timestamp() - np.array(later.time)[0]) / 86400 == pytest.approx(9, abs=0.01)

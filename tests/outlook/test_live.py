"""What is measured now goes into the history, and a change of it asks for another forecast."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from services.outlook.forecast import forecast
from services.outlook.history import History
from services.outlook.live import (
    AT_ONCE_S,
    EVERY_S,
    SOON_S,
    basis_of,
    joined,
    pause_s,
    plugs_of,
    since_when,
    with_live,
)
from services.outlook.message import to_message
from services.outlook.punctuality import actual_outages
from services.outlook.steps import to_steps
from shared.broker_state import BrokerState
from shared.messages import (
    BatteryState,
    DayState,
    Grid,
    GridState,
    InverterState,
    OutageSchedule,
    PlannedDay,
    PlugInfo,
    PlugState,
    Scorecard,
    Verdict,
    Window,
)
from tests.outlook.home import NOW, home

BMS = {"jk": BatteryState(at=NOW, soc_percent=64)}
EMPTY = History(time=(), time_zone="UTC")


def state(
    *, load_w: int = 500, grid: Grid = Grid.ON, since_h: float = 5.0, at: datetime = NOW, **more: Any
) -> BrokerState:
    inverter = InverterState(at=at, load_power_w=load_w, battery_power_w=-load_w, battery_soc_percent=64)
    return BrokerState(
        grid=GridState(at=at, state=grid, since=NOW - timedelta(hours=since_h)), inverters={"main": inverter}, **more
    )


def test_without_any_record_the_charge_of_now_is_forecast_from():
    found = forecast(with_live(EMPTY, state(), NOW), NOW, None)
    assert found.charge is not None
    assert found.charge.percent == 64
    assert {one.name for one in found.unknown} >= {"no_schedule", "no_load", "capacity_assumed"}
    assert found.holds_until_s[1] is not None


def test_a_stale_reading_is_none():
    found = forecast(with_live(EMPTY, state(at=NOW - timedelta(hours=1)), NOW), NOW, None)
    assert found.charge is None
    assert found.outages == ()


def test_an_outage_that_nobody_recorded_is_known_from_its_beginning():
    off = state(grid=Grid.OFF, since_h=2.5)
    history = with_live(EMPTY, off, NOW)
    ((began, _),) = actual_outages(to_steps(history, NOW.timestamp()))
    assert began == pytest.approx(NOW.timestamp() - 2.5 * 3600, abs=300)
    outlook = since_when(to_message(forecast(history, NOW, None), NOW, Scorecard()), off, NOW)
    (running,) = outlook.outages
    assert running.running
    assert running.start == NOW - timedelta(hours=2.5)
    assert running.verdict is Verdict.UNKNOWN


def test_the_recorded_past_is_kept_where_it_was_not_read_anew():
    whole = home(days=4)
    cut = int(np.flatnonzero(np.array(whole.time) >= NOW.timestamp() - 86400)[0])
    old = home(days=4, columns={"load_w": np.full(len(whole.time), 111.0), "nominal_wh": 5000.0})
    columns = ("time", "load_w", "battery_power_w", "soc_percent", "grid_on")
    tail = replace(whole, **{name: np.array(getattr(whole, name))[cut:] for name in columns})
    found = joined(old, tail, float(np.array(tail.time)[0]))
    assert len(found.time) == len(whole.time)
    assert set(np.array(found.load_w)[:cut]) == {111.0}
    assert np.array_equal(np.array(found.load_w)[cut:], np.array(whole.load_w)[cut:])
    assert found.planned == whole.planned
    assert found.nominal_wh == 5000


def plan(*hours: float, fetched: datetime = NOW) -> OutageSchedule:
    windows = [Window(start=NOW + timedelta(hours=hour), end=NOW + timedelta(hours=hour + 2)) for hour in hours]
    day = PlannedDay(day=NOW.date(), state=DayState.PLANNED, confirmed_at=fetched)
    return OutageSchedule(at=fetched, queue="5.2", days=(day,), windows=tuple(windows), fetched_at=fetched)


def info(priority: int, *, follows: bool = True) -> PlugInfo:
    return PlugInfo(
        at=NOW, name="", gangs={}, enabled=follows, protected=False, follows_grid=follows, priority=priority
    )


def boiler(*, on: bool) -> dict[str, PlugState]:
    return {"boiler": PlugState(at=NOW, name="Boiler", on=on)}


@pytest.mark.parametrize(
    ("used", "present", "pause"),
    [
        pytest.param(state(), state(), EVERY_S, id="nothing"),
        pytest.param(state(), state(grid=Grid.OFF), AT_ONCE_S, id="power-went"),
        pytest.param(state(), state(since_h=0), AT_ONCE_S, id="it-went-and-came-back"),
        pytest.param(state(schedule=plan(2)), state(schedule=plan(3)), AT_ONCE_S, id="another-plan"),
        pytest.param(
            state(schedule=plan(2)),
            state(schedule=plan(2, fetched=NOW + timedelta(minutes=9))),
            EVERY_S,
            id="same-plan",
        ),
        pytest.param(state(plugs=boiler(on=True)), state(plugs=boiler(on=False)), AT_ONCE_S, id="a-plug"),
        pytest.param(state(load_w=500), state(load_w=800), EVERY_S, id="a-lamp"),
        pytest.param(state(load_w=500), state(load_w=2500), SOON_S, id="a-kettle"),
        pytest.param(state(load_w=4000), state(load_w=5000), EVERY_S, id="a-kettle-in-a-kitchen"),
        pytest.param(state(), state(batteries=BMS), SOON_S, id="a-bms-is-heard"),
        pytest.param(BrokerState(), BrokerState(batteries=BMS), AT_ONCE_S, id="the-first-charge-of-all"),
        pytest.param(BrokerState(batteries=BMS), BrokerState(), SOON_S, id="the-last-charge-of-all-is-gone"),
        pytest.param(state(batteries=BMS), state(), SOON_S, id="a-bms-is-silent"),
        pytest.param(state(batteries=BMS), state(grid=Grid.OFF), AT_ONCE_S, id="silent-as-power-went"),
    ],
)
def test_what_changes_much_asks_for_another_forecast(used: BrokerState, present: BrokerState, pause: float):
    before, after = (basis_of(one, NOW, trusted=True) for one in (used, present))
    assert pause_s(before, after) == pause


def test_a_protected_plug_is_not_to_be_switched_off():
    router = PlugState(at=NOW, name="Router", on=True, protected=True)
    assert [one.id for one in plugs_of(BrokerState(plugs={"router": router, **boiler(on=True)}))] == ["boiler"]


@pytest.mark.parametrize(
    ("infos", "follows"),
    [
        pytest.param({}, [("boiler", False), ("desk", False)], id="nothing-is-known-of-them"),
        pytest.param({"boiler": info(1), "desk": info(2)}, [("desk", True), ("boiler", True)], id="first-goes-first"),
        pytest.param({"boiler": info(2), "desk": info(2)}, [("boiler", True), ("desk", True)], id="equals-by-id"),
        pytest.param({"desk": info(2, follows=False)}, [("desk", False), ("boiler", False)], id="outages-leave-it-on"),
    ],
)
def test_plugs_are_in_the_order_in_which_outages_switch_them_off(
    infos: dict[str, PlugInfo], follows: list[tuple[str, bool]]
):
    plugs = {"desk": PlugState(at=NOW, name="Desk", on=True), **boiler(on=True)}
    found = plugs_of(BrokerState(plugs=plugs, plug_infos=infos))
    assert [(one.id, one.follows_grid) for one in found] == follows


@pytest.mark.parametrize(
    ("on", "by", "since_h", "is_shed"),
    [
        pytest.param(False, "grid", 1, True, id="by-the-outage"),
        pytest.param(False, "telegram:1", 1, False, id="by-a-person"),
        pytest.param(True, "grid", 1, False, id="it-is-on"),
        pytest.param(None, "grid", 1, True, id="by-the-outage-and-silent-since-then"),
        pytest.param(None, "grid", 9, False, id="without-power-since-the-outage-began"),
        pytest.param(None, None, None, False, id="never-switched"),
    ],
)
def test_only_what_the_outage_has_switched_off_may_come_back_in_it(
    on: bool | None, by: str | None, since_h: float | None, is_shed: bool
):
    since = None if since_h is None else NOW - timedelta(hours=since_h)
    plug = PlugState(at=NOW, name="Boiler", on=on, switched_by=by, since=since)
    (found,) = plugs_of(state(grid=Grid.OFF, since_h=5, plugs={"boiler": plug}))
    assert found.is_shed is is_shed


def test_the_clock_being_set_asks_for_another_forecast():
    before, after = basis_of(state(), NOW, trusted=False), basis_of(state(), NOW, trusted=True)
    assert pause_s(before, after) == AT_ONCE_S
    assert NOW.tzinfo is UTC

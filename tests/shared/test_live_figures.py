"""How long the charge lasts, and whose word counts: as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.broker_state import BrokerState
from shared.freshness import BATTERY_HOLDS, PLUG_HOLDS, STATUS_HOLDS
from shared.live_figures import (
    LiveFigures,
    accepts_charge,
    is_battery_live,
    is_clock_unset,
    is_plug_live,
    is_service_running,
    is_service_working,
    live_figures,
    live_inverter,
    load_w,
    packs,
)
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    Contact,
    Grid,
    GridState,
    InverterState,
    PlugState,
    ServiceClock,
    ServiceHealth,
    ServiceStatus,
)

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def battery(**fields: datetime | float | None) -> BatteryState:
    usual = {"remaining_ah": 200.0, "voltage_v": 52.0, "power_w": -520.0, "soc_percent": 20.0}
    return BatteryState.model_validate({"at": NOW} | usual | fields)


def inverter(**fields: float | None) -> InverterState:
    return InverterState.model_validate({"at": NOW, "battery_soc_percent": 80.0, "battery_power_w": -1040} | fields)


@pytest.mark.parametrize(
    ("pack", "unit", "hours"),
    [
        pytest.param(battery(), inverter(), 10, id="by-the-bms"),
        pytest.param(battery(power_w=None), inverter(), 5, id="by-the-inverter-where-the-bms-does-not-say"),
        pytest.param(battery(power_w=None), None, None, id="nobody-knows-the-power"),
        pytest.param(battery(power_w=0.0), inverter(), None, id="at-rest"),
        pytest.param(battery(power_w=-1e-9), inverter(), None, id="noise-of-the-sensor"),
        pytest.param(battery(remaining_ah=-5.0), inverter(), None, id="cannot-be-true"),
        pytest.param(battery(power_w=300.0), inverter(), None, id="charging"),
        pytest.param(battery(remaining_ah=None), inverter(), None, id="charge-unknown"),
        pytest.param(battery(soc_percent=None), inverter(), 17.5, id="percent-by-the-inverter"),
        pytest.param(battery(soc_percent=None), None, None, id="percent-unknown"),
        pytest.param(battery(soc_percent=8.0), inverter(), 0, id="below-the-cut-off-of-the-inverter"),
        pytest.param(battery(voltage_v=None), inverter(), None, id="voltage-unknown"),
        pytest.param(None, inverter(), None, id="without-a-bms-the-capacity-is-unknown"),
    ],
)
def test_runtime(pack, unit, hours):
    assert LiveFigures(battery=pack, inverter=unit).runtime == (None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    ("pack", "unit_age_s", "is_known"),
    [(battery(), 60, True), (battery(power_w=None), 1, True), (battery(power_w=None), 60, False)],
)
def test_what_was_measured_before_an_event_says_nothing_of_what_follows(pack, unit_age_s, is_known):
    unit = inverter().model_copy(update={"at": NOW - timedelta(seconds=unit_age_s)})
    figures = LiveFigures(battery=pack, inverter=unit)
    assert (figures.runtime_after(NOW - timedelta(seconds=30)) is not None) is is_known
    assert figures.runtime_after(NOW) is None


def test_the_bms_knows_the_charge_better_than_the_inverter():
    assert LiveFigures(battery=battery(), inverter=inverter()).soc_percent == 20
    assert LiveFigures(battery=battery(soc_percent=None), inverter=inverter()).soc_percent == 80
    assert LiveFigures().soc_percent is None


def test_the_load_is_that_of_both_outputs():
    assert load_w(inverter(load_power_w=300, total_load_power_w=700)) == 700
    assert LiveFigures(inverter=inverter(load_power_w=300)).load_w == 300
    assert load_w(None) is None


def test_the_sum_counts_while_it_is_live():
    known = BrokerState(batteries={"all": battery(soc_percent=60), "b": battery(), "a": battery()})
    assert live_figures(known, NOW + BATTERY_HOLDS).battery == known.batteries["all"]
    assert live_figures(known, NOW + BATTERY_HOLDS + timedelta(seconds=1)).battery is None
    assert [name for name, _ in packs(known.batteries)] == ["a", "b"]


def test_a_single_battery_is_the_whole_battery() -> None:
    known = BrokerState(batteries={"a": battery()})
    assert live_figures(known, NOW).battery == known.batteries["a"]
    old = battery(at=NOW - timedelta(days=2))
    left_behind = BrokerState(batteries={"all": old, "a": battery(), "removed": old})
    assert live_figures(left_behind, NOW).battery == known.batteries["a"], "a sum of earlier times does not hide it"
    no_sum_yet = BrokerState(batteries={"a": battery(), "b": battery()})
    assert live_figures(no_sum_yet, NOW).battery is None, "none of several is the whole"


@pytest.mark.parametrize("interval_s", [10, 180, 3600, 86_400])
def test_a_reading_counts_until_the_next_is_overdue(interval_s: int) -> None:
    infos = {"a": BatteryInfo(at=NOW, address="C8:47", name="", interval_s=interval_s)}
    known = BrokerState(batteries={"a": battery(), "all": battery()}, battery_infos=infos)
    due = NOW + timedelta(seconds=interval_s)
    for device in ("a", "all"):
        assert is_battery_live(known, device, due + timedelta(minutes=1))
        assert not is_battery_live(known, device, due + BATTERY_HOLDS + timedelta(seconds=1))


def test_a_sum_of_batteries_none_of_which_answers_is_not_live() -> None:
    silent = battery().model_copy(update={"packs": ()})
    assert live_figures(BrokerState(batteries={"all": silent}), NOW).battery is None


def test_grid_and_inverter_count_while_they_are_fresh():
    grid = GridState(at=NOW, state=Grid.ON, since=NOW)
    old = InverterState(at=NOW - timedelta(seconds=15))
    known = BrokerState(grid=grid, inverters={"b": inverter(), "a": old})
    assert live_inverter(known, NOW) == "a"
    assert live_figures(known, NOW, timedelta(seconds=10)) == LiveFigures(grid, known.inverters["b"])
    assert live_figures(known, NOW + timedelta(seconds=11), timedelta(seconds=10)) == LiveFigures()


def test_a_battery_is_live_while_it_answers():
    known = BrokerState(batteries={"a": battery()})
    assert is_battery_live(known, "a", NOW)
    assert not is_battery_live(known, "a", NOW + timedelta(hours=1))
    assert not is_battery_live(known, "b", NOW)
    silent = {"a": Availability(at=NOW, state=Contact.OFFLINE, since=NOW)}
    assert not is_battery_live(replace(known, battery_availability=silent), "a", NOW)


@pytest.mark.parametrize(
    ("silent", "summed", "shown"),
    [
        pytest.param((), (), "a", id="all-answer"),
        pytest.param(("a",), (), "b", id="one-is-known-not-to-answer"),
        pytest.param(("a", "b"), (), None, id="none-answers"),
        pytest.param((), ("a", "b"), "all", id="the-sum"),
        pytest.param(("a",), ("a", "b"), "all", id="the-sum-says-what-it-does-not-know"),
        pytest.param(("a", "b"), ("a", "b"), None, id="a-sum-of-none-is-of-the-past"),
    ],
)
def test_an_inverter_that_does_not_answer_has_no_figures_however_young_its_reading_is(silent, summed, shown):
    inverters = {"a": inverter(load_power_w=1), "b": inverter(load_power_w=2)}
    if summed:
        inverters["all"] = inverter(load_power_w=3).model_copy(update={"inverters": summed})
    contacts = {name: Availability(at=NOW, state=Contact.OFFLINE, since=NOW) for name in silent}
    state = BrokerState(inverters=inverters, inverter_availability=contacts)
    assert live_inverter(state, NOW) == shown
    assert live_figures(state, NOW).load_w == (inverters[shown].load_power_w if shown else None)


@pytest.mark.parametrize(
    ("state", "age", "running", "working"),
    [
        pytest.param(ServiceHealth.ONLINE, timedelta(0), True, True, id="online"),
        pytest.param(ServiceHealth.DEGRADED, STATUS_HOLDS, True, True, id="with-a-problem"),
        pytest.param(ServiceHealth.DISABLED, timedelta(0), True, False, id="with-nothing-to-do"),
        pytest.param(ServiceHealth.OFFLINE, timedelta(0), False, False, id="goodbye"),
        pytest.param(ServiceHealth.ONLINE, STATUS_HOLDS * 2, False, False, id="silent"),
        pytest.param(None, timedelta(0), False, False, id="never-heard"),
    ],
)
def test_a_service_runs_while_it_repeats_its_status(
    state: ServiceHealth | None, age: timedelta, running: bool, working: bool
) -> None:
    at = NOW - age
    status = None if state is None else ServiceStatus(at=at, since=at, state=state, version="0.1")
    assert (is_service_running(status, NOW), is_service_working(status, NOW)) == (running, working)


@pytest.mark.parametrize(
    ("reachable", "age", "live"),
    [(True, timedelta(0), True), (None, PLUG_HOLDS, True), (False, timedelta(0), False), (True, PLUG_HOLDS * 2, False)],
)
def test_a_plug_is_live_while_it_answers_and_is_read(reachable: bool | None, age: timedelta, live: bool) -> None:
    assert is_plug_live(PlugState(at=NOW - age, name="Boiler", on=True, reachable=reachable), NOW) is live


@pytest.mark.parametrize(
    ("allowed", "accepts"),
    [
        pytest.param([True], True, id="allowed"),
        pytest.param([False], False, id="forbidden"),
        pytest.param([None], None, id="not-said"),
        pytest.param([], None, id="no-bms"),
        pytest.param([False, False], False, id="forbidden-by-all"),
        pytest.param([False, True], True, id="one-of-several-is-not-all"),
        pytest.param([None, True], True, id="one-is-enough"),
        pytest.param([False, None], None, id="the-other-may-allow-it"),
    ],
)
def test_a_battery_accepts_charge_unless_every_bms_forbids_it(allowed: list[bool | None], accepts: bool | None):
    packs = {f"jk{number}": battery(charging_mosfet=one) for number, one in enumerate(allowed)}
    assert accepts_charge(BrokerState(batteries=packs), NOW) is accepts


def test_whether_a_silent_battery_accepts_charge_is_unknown():
    for silent in (
        {"batteries": {"jk": battery(charging_mosfet=False, at=NOW - timedelta(hours=1))}},
        {
            "batteries": {"jk": battery(charging_mosfet=False)},
            "battery_availability": {"jk": Availability(at=NOW, state=Contact.OFFLINE, since=NOW)},
        },
    ):
        assert accepts_charge(BrokerState(**silent), NOW) is None


def status(state: ServiceHealth, *, trusted: bool | None, at: datetime = NOW) -> ServiceStatus:
    clock = None if trusted is None else ServiceClock(trusted=trusted, boot="b", uptime_s=60)
    return ServiceStatus(at=at, since=at, state=state, clock=clock, version="1")


@pytest.mark.parametrize(
    ("state", "trusted", "age", "unset"),
    [
        pytest.param(ServiceHealth.ONLINE, False, timedelta(0), True, id="unset"),
        pytest.param(ServiceHealth.DISABLED, False, timedelta(0), True, id="with-nothing-to-do-it-runs-too"),
        pytest.param(ServiceHealth.ONLINE, True, timedelta(0), False, id="set"),
        pytest.param(ServiceHealth.ONLINE, None, timedelta(0), False, id="not-said"),
        pytest.param(ServiceHealth.OFFLINE, False, timedelta(0), None, id="of-who-is-gone"),
        pytest.param(ServiceHealth.ONLINE, False, STATUS_HOLDS * 2, None, id="of-who-is-silent"),
    ],
)
def test_the_clocks_of_the_services_that_run_count(
    state: ServiceHealth, trusted: bool | None, age: timedelta, unset: bool | None
) -> None:
    known = BrokerState(services={"poller": status(state, trusted=trusted, at=NOW - age)})
    assert is_clock_unset(known, NOW) is unset

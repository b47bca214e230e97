from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.battery import CAPACITY_WH, ONE_WAY_EFFICIENCY, Battery
from simulators.house import RATED_W, TICK_S, House
from simulators.mains import KYIV, GridMode, windows
from simulators.sun import clear_sky_share

START = datetime(2026, 11, 20, tzinfo=KYIV)
OUTAGES = windows("08:00-11:00,18:00-21:30")

starts = st.integers(1_700_000_000, 1_900_000_000).map(lambda at_s: datetime.fromtimestamp(at_s, UTC))
seeds = st.integers(0, 2**31 - 1)
levels = st.floats(0, 100)
modes = st.sampled_from(GridMode)


def house(start=START, seed=1, outages=OUTAGES, soc=None, mode=GridMode.AUTO):
    made = House(start, seed=seed, outages=outages)
    made.set_grid(mode)
    if soc is not None:
        made.set_soc(soc)
    return made


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=KYIV)


@given(starts, seeds, levels, modes, st.lists(st.floats(0.1, 20_000), min_size=1, max_size=8))
@settings(max_examples=25)
def test_energy_is_conserved_and_everything_stays_in_its_limits(start, seed, soc, mode, spans):
    home = house(start, seed, soc=soc, mode=mode)
    for span in spans:
        home.step(span)
        seen = home.truth()
        discharge = max(0, -seen.battery_power_w)
        charge = max(0, seen.battery_power_w)
        assert seen.pv_power_w + seen.grid_power_w + discharge == seen.load_power_w + charge + seen.losses_w
        assert min(seen.losses_w, seen.pv_power_w, seen.load_power_w, seen.grid_power_w) >= 0
        assert 0 <= home.battery.stored_wh <= CAPACITY_WH
        assert 0 <= seen.battery_soc_percent <= 100
        assert 40 < seen.battery_voltage_v < 58
        assert seen.load_power_w <= RATED_W
        if seen.grid_on:
            assert 225 <= seen.grid_voltage_v <= 238
            assert 49.95 <= seen.grid_frequency_hz <= 50.05
        else:
            assert (seen.grid_voltage_v, seen.grid_frequency_hz, seen.grid_power_w) == (0.0, 0.0, 0)
        assert bool(seen.warning_bits & 1) is not seen.grid_on


@given(seeds, st.floats(30, 90), st.integers(1, 400))
@settings(max_examples=30)
def test_what_the_battery_takes_is_what_it_then_holds(seed, soc, ticks):
    home = house(seed=seed, soc=soc)
    expected = home.battery.stored_wh
    for _ in range(ticks):
        power_w = home.truth().battery_power_w
        expected += power_w * (ONE_WAY_EFFICIENCY if power_w > 0 else 1 / ONE_WAY_EFFICIENCY) * TICK_S / 3600
        home.step(TICK_S)
    assert home.battery.stored_wh == pytest.approx(expected)


@given(starts, seeds, st.lists(st.floats(0.01, 3000), min_size=1, max_size=10))
@settings(max_examples=40)
def test_steps_of_any_size_lead_to_the_same_state(start, seed, spans):
    stepped, jumped = house(start, seed), house(start, seed)
    for span in spans:
        stepped.step(span)
        stepped.truth()
    jumped.advance_to(stepped.now)
    assert stepped.truth() == jumped.truth()


def test_another_seed_is_another_life():
    lives = [house(seed=seed) for seed in (1, 2)]
    for life in lives:
        life.step(86_400)
    assert lives[0].truth() != lives[1].truth()


@pytest.mark.parametrize(
    ("at", "grid_on", "since"),
    [
        pytest.param("2026-11-20T07:59:59", True, "2026-11-20T00:00", id="before"),
        pytest.param("2026-11-20T08:00:00", False, "2026-11-20T08:00", id="begins"),
        pytest.param("2026-11-20T10:59:59", False, "2026-11-20T08:00", id="last-second"),
        pytest.param("2026-11-20T11:00:00", True, "2026-11-20T11:00", id="is-back"),
        pytest.param("2026-11-22T19:00:00", False, "2026-11-22T18:00", id="every-day"),
    ],
)
def test_the_timetable_is_in_local_time(at, grid_on, since):
    home = house()
    home.advance_to(local(at))
    seen = home.truth()
    assert (seen.grid_on, seen.grid_since) == (grid_on, local(since))
    assert seen.mode_code == (2 if grid_on else 3)


def test_an_outage_may_run_over_midnight():
    home = house(outages=windows("23:00-01:00"))
    seen = []
    for hour in range(0, 25, 1):
        home.advance_to(START + timedelta(hours=hour))
        seen.append(home.truth().grid_on)
    assert [hour for hour, on in enumerate(seen) if not on] == [0, 23, 24]


@pytest.mark.parametrize("text", ["", "none"])
def test_no_outages(text):
    assert windows(text) == ()


@pytest.mark.parametrize("text", ["8-9", "08:00", "08:00-08:00", "25:00-26:00", "08:00-24:30", "08:00-09:00,", "x"])
def test_a_misspelt_timetable_is_refused(text):
    with pytest.raises(ValueError, match="is not a window such as"):
        windows(text)


def test_a_command_beats_the_timetable():
    home = house()
    home.step(100)
    home.set_grid(GridMode.OFF)
    assert not home.truth().grid_on
    assert home.truth().grid_since == START + timedelta(seconds=100)
    home.set_grid(GridMode.ON)
    home.advance_to(local("2026-11-20T09:00"))
    assert home.truth().grid_on
    home.set_grid(GridMode.AUTO)
    assert not home.truth().grid_on


def test_an_empty_battery_without_grid_switches_the_output_off_until_it_has_recovered():
    home = house(local("2026-11-20T02:00"), soc=11, mode=GridMode.OFF)
    assert home.truth().mode_code == 3
    home.step(3600)
    seen = home.truth()
    assert (seen.mode_code, seen.load_power_w, seen.output_voltage_v, seen.output_frequency_hz) == (1, 0, 0.0, 0.0)
    assert seen.warning_bits == 1 << 0 | 1 << 8 | 1 << 12
    home.set_soc(15)
    assert home.truth().mode_code == 1
    home.set_soc(21)
    assert home.truth().mode_code == 3
    assert home.truth().load_power_w > 0


def test_the_grid_feeds_the_home_whatever_the_battery_holds():
    home = house(soc=0, mode=GridMode.ON)
    seen = home.truth()
    assert seen.mode_code == 2
    assert seen.load_power_w > 0
    assert seen.grid_charging_power_w > 1000
    assert seen.battery_power_w == seen.grid_charging_power_w


def test_without_grid_and_sun_the_battery_feeds_the_home():
    seen = house(soc=80, mode=GridMode.OFF).truth()
    assert seen.battery_power_w == -(seen.load_power_w + seen.losses_w)
    assert seen.battery_current_a < 0


def test_the_sun_charges_the_battery_in_an_outage():
    home = house(local("2026-06-20T00:00"), soc=40, mode=GridMode.AUTO, outages=())
    home.advance_to(local("2026-06-20T13:00"))
    home.set_grid(GridMode.OFF)
    home.set_soc(40)
    seen = home.truth()
    assert seen.pv_power_w > seen.load_power_w
    assert seen.battery_power_w > 0


def test_a_full_battery_takes_nothing_and_the_sun_is_turned_down():
    home = house(local("2026-06-20T13:00"), soc=100, mode=GridMode.OFF)
    seen = home.truth()
    assert seen.battery_power_w in (0, -1)
    assert seen.pv_power_w < 1000 + 1.2 * seen.load_power_w


def test_the_charge_tapers_off():
    limits = [Battery(CAPACITY_WH * soc / 100).charge_limit_w() for soc in (92, 95, 98, 99.5, 100)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] > 5000
    assert limits[-1] == 0


def test_the_voltage_rises_with_the_charge():
    voltages = [Battery(CAPACITY_WH * soc / 100).open_voltage_v for soc in range(101)]
    assert voltages == sorted(voltages)
    assert 43 < voltages[0] < voltages[-1] < 56


def test_the_sun_of_kyiv():
    def share(text):
        return clear_sky_share(datetime.fromisoformat(text).timestamp())

    assert share("2026-06-20T00:00+03:00") == 0
    assert 0.7 < share("2026-06-20T13:00+03:00") < 1.05
    assert 0.3 < share("2026-12-21T12:00+02:00") < share("2026-06-20T13:00+03:00")
    assert share("2026-12-21T16:30+02:00") == 0
    assert share("2026-06-20T20:00+03:00") > 0


def test_numbers_move_every_few_seconds():
    home = house(mode=GridMode.ON)
    seen = set()
    for _ in range(12):
        home.step(5)
        now = home.truth()
        seen.add((now.load_power_w, now.grid_voltage_v))
    assert len(seen) == 12


def test_todays_energy_begins_anew_at_local_midnight():
    home = house(local("2026-06-20T00:00"))
    home.advance_to(local("2026-06-20T23:59:50"))
    before = home.truth()
    home.step(20)
    after = home.truth()
    assert before.pv_energy_today_kwh > 1
    assert after.pv_energy_today_kwh == 0
    assert after.pv_energy_total_kwh == before.pv_energy_total_kwh

import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest

from services.poller.grid import GridLimits, restore
from services.poller.kept_grid import KeptGrid
from shared.conditions.inverter import MAINS_LOST
from shared.messages import Grid, Mode
from simulators.history import grid_state, inverter_state, keep_grid, truths
from simulators.registers import Layout
from simulators.settings import WorldSettings
from tests.simulators.truths import truth
from tests.support.fork_server import run_module
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

NOW = datetime(2026, 11, 23, 19, 10, 33, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setenv("HOUSE_SEED", "7")
    return WorldSettings(_env_file=None)


def test_the_past_ends_in_the_state_from_which_serve_goes_on(world):
    past = world.new_house(NOW)
    seen = list(truths(past, NOW, 60))
    past.advance_to(NOW)
    served = world.new_house(NOW)
    served.advance_to(NOW)
    assert past.truth() == served.truth()
    assert timedelta(0) <= NOW - seen[-1].house_time < timedelta(seconds=60)


def test_it_begins_at_local_midnight(world):
    first = next(truths(world.new_house(NOW, days=3), NOW, 60))
    assert first.house_time == datetime(2026, 11, 19, 22, 1, tzinfo=UTC)


def test_transitions_are_those_of_the_timetable(world):
    states = [grid_state(seen) for seen in truths(world.new_house(NOW), NOW, 300)]
    changes = [next(group) for _, group in itertools.groupby(states, key=lambda state: state.transition_id)]
    assert [change.transition_id for change in changes] == [
        "on-2026-11-21T22:00:00.000Z",
        "off-2026-11-22T06:00:00.000Z",
        "on-2026-11-22T09:00:00.000Z",
        "off-2026-11-22T16:00:00.000Z",
        "on-2026-11-22T19:30:00.000Z",
        "off-2026-11-23T06:00:00.000Z",
        "on-2026-11-23T09:00:00.000Z",
        "off-2026-11-23T16:00:00.000Z",
    ]
    assert all(state.since <= state.at for state in states)


def test_the_poller_starts_with_the_last_change_of_the_past(world, tmp_path):
    house = world.new_house(NOW)
    house.advance_to(NOW)
    file = tmp_path / "grid/last.json"
    keep_grid(file, house.truth())
    last = KeptGrid(file).last
    assert last
    assert (last.state, last.since) == (Grid.OFF, datetime(2026, 11, 23, 16, tzinfo=UTC))
    track = restore(last, NOW + timedelta(minutes=3), GridLimits())
    assert (track.confirmed, track.confirmed_since) == (Grid.OFF, last.since)


def test_an_outage_as_a_message():
    state = grid_state(truth(grid_on=False, grid_voltage_v=0.0, grid_frequency_hz=0.0))
    assert (state.state, state.voltage_v, state.frequency_hz) == (Grid.OFF, 0.0, 0.0)
    assert state.transition_id == "off-2026-11-23T09:00:00.000Z"


def test_a_classic_reading():
    state = inverter_state(truth(warning_bits=1), Layout.CLASSIC)
    assert (state.mode, state.grid_voltage_v, state.battery_soc_percent) == (Mode.MAINS, 230.4, 66)
    assert state.warnings == (MAINS_LOST(),)
    assert (state.inverter_charging_power_w, state.grid_charging_power_w) == (700, None)
    assert (state.pv1_current_a, state.pv1_power_w, state.pv_energy_today_kwh) == (1.0, None, None)


def test_a_k11_reading():
    state = inverter_state(truth(), Layout.K11)
    assert (state.inverter_charging_power_w, state.grid_charging_power_w) == (None, 700)
    assert (state.pv1_power_w, state.pv2_power_w, state.pv_energy_today_kwh) == (220, 180, 3.21)
    assert state.bus_voltage_v is None


def test_all_of_it_reaches_recorders_and_nobody_else_and_nothing_is_kept(broker, viewer):
    env = broker.env() | {"INVERTER_NAME": "home", "MQTT_OUTBOX": "100"}
    done = run_module("simulators", "history", "--days", "1", "--every", "120", env=env)
    assert done.returncode == 0, done.stderr
    count = int(done.stderr.split(" messages of poller")[0].split()[-1])
    eventually(lambda: len(viewer.on("replay/inverter/home/state")) == count // 2, "every reading")
    eventually(lambda: len(viewer.on("replay/grid/state")) == count // 2, "every state of the grid")
    assert count >= 1440
    assert {topic for topic, _, _ in viewer.messages} == {"replay/inverter/home/state", "replay/grid/state"}
    moments = [message["at"] for message in viewer.on("replay/inverter/home/state")]
    assert moments == sorted(moments)
    assert broker_keeps(broker) == []


def broker_keeps(broker):
    """Return what a newcomer gets, who knows by the answer to a second request that there is nothing more to come."""
    answered = threading.Event()
    with Viewer(broker, "dashboard") as newcomer:
        newcomer.client.on_unsubscribe = lambda *_: answered.set()
        newcomer.client.unsubscribe("#")
        assert answered.wait(PATIENCE_S)
        return newcomer.messages

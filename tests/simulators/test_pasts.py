"""The past of batteries and schedule: what the other services would have published of the simulated house."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.messages import DayState, OutageSchedule
from shared.outages import day_of
from simulators.history import PASTS
from simulators.settings import HistorySettings
from tests.support.fork_server import run_module
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 23, 19, 10, 33, tzinfo=UTC)


def past(account: str, days: int = 3, every_s: int = 1800, **given: Any) -> list[tuple[Any, Any, str]]:
    settings = HistorySettings(_env_file=None, inverter_name="home", **given)
    return [
        (message, topic, name)
        for topic, message, name in PASTS[account](settings, settings.new_house(NOW, days), NOW, every_s)
    ]


def test_cells_add_up_to_their_pack_and_drift_apart_when_it_is_full():
    by_name: dict[str, list[Any]] = {}
    for state, _, name in past("bms", days=5):
        by_name.setdefault(name, []).append(state)
    assert set(by_name) == {"c84780000001", "c84780000002", "all"}
    one, other = by_name["c84780000001"], by_name["c84780000002"]
    assert all(abs(sum(state.cell_voltages_v) - state.voltage_v) < 0.1 for state in (*one, *other))
    assert {state.cell_delta_v for state in one} <= {0.003, 0.004, 0.005}
    assert max(state.cell_delta_v for state in other) > 0.03
    assert all(state.cell_delta_v < 0.01 for state in other if state.soc_percent < 90)
    assert [state.current_a for state in by_name["all"]] == pytest.approx(
        [2 * state.current_a for state in one], abs=0.11
    )


def test_a_single_battery_has_no_sum():
    assert {name for _, _, name in past("bms", house_batteries=1)} == {"c84780000001"}
    assert past("bms", house_batteries=0) == []


def test_each_evening_the_next_day_appeared():
    versions = [schedule for schedule, _, _ in past("schedule")]
    assert [str(version.at) for version in versions] == [
        "2026-11-19 22:00:00+00:00",
        *(f"2026-11-{day} 18:00:00+00:00" for day in (20, 21, 22, 23)),
    ]
    for earlier, later in pairwise(versions):
        both = {one.day for one in earlier.days} & {one.day for one in later.days}
        assert both, "a day keeps its plan"
        for day in both:
            assert day_of(earlier, day).windows == day_of(later, day).windows
    assert {day.state for version in versions for day in version.days} == {DayState.PLANNED}
    begins = {version.windows[0].start.time() for version in versions}
    assert len(begins) == 3, "on time, too early and too late"
    assert past("schedule", house_outages="none")[0][0].days[0].state is DayState.NO_OUTAGES


def test_an_outage_over_midnight_is_one_window_even_where_the_clocks_change():
    settings = HistorySettings(_env_file=None, inverter_name="home", house_outages="22:00-06:00")
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    for _, schedule, _ in PASTS["schedule"](settings, settings.new_house(now, 4), now, 0):
        assert isinstance(schedule, OutageSchedule)
        for one, next_one in pairwise(schedule.windows):
            assert one.end < next_one.start
        longest = max(window.end - window.start for window in schedule.windows)
        assert longest <= timedelta(hours=9)


@pytest.mark.parametrize(
    ("account", "topics"),
    [
        ("bms", {"replay/battery/c84780000001/state", "replay/battery/c84780000002/state", "replay/battery/all/state"}),
        ("schedule", {"replay/outage/schedule"}),
    ],
)
def test_each_account_may_publish_its_past(broker, viewer, account, topics):
    env = broker.env() | {"INVERTER_NAME": "home"}
    done = run_module("simulators", "history", f"--account={account}", "--days=1", "--every=3600", env=env)
    assert done.returncode == 0, done.stderr
    count = int(done.stderr.split(f" messages of {account}")[0].split()[-1])
    eventually(lambda: len(viewer.messages) == count, "every message")
    assert {topic for topic, _, _ in viewer.messages} == topics

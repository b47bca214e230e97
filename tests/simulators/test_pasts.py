"""The past of batteries and schedule: what the other services would have published of the simulated house."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messages import DayState, OutageSchedule
from shared.outages import day_of
from simulators.history import PASTS
from simulators.jk.cells import KNEE_PERCENT, cell_voltages
from simulators.jk.past import HouseBattery, battery_states
from simulators.settings import HistorySettings
from tests.support.fork_server import run_module
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 23, 19, 10, 33, tzinfo=UTC)


def versions(now: datetime = NOW, days: int = 3, **given: Any) -> list[OutageSchedule]:
    settings = HistorySettings(_env_file=None, inverter_name="home", **given)
    found = [message for _, message, _ in PASTS["schedule"](settings, settings.new_house(now, days), now, 0)]
    return [message for message in found if isinstance(message, OutageSchedule)]


@given(st.floats(44, 57), st.floats(0, 100), st.integers(0, 15))
def test_cells_add_up_to_their_pack_and_drift_apart_when_it_is_full(volts: float, soc: float, number: int) -> None:
    cells = cell_voltages(volts, soc, number)
    spread = max(cells) - min(cells)
    assert sum(cells) == pytest.approx(volts, abs=0.07)
    assert spread < 0.0061 or (soc > KNEE_PERCENT and number % 2)
    full = cell_voltages(volts, 100, 1)
    assert max(full) - min(full) > 0.03


@pytest.mark.parametrize(
    ("count", "names"),
    [(0, []), (1, ["c84780000001"]), (2, ["c84780000001", "c84780000002", "all"])],
)
def test_packs_share_the_current_of_the_house(count: int, names: list[str]) -> None:
    found = dict(battery_states(HouseBattery(NOW, 53.1, -12.4, 71), count))
    assert list(found) == names
    for name in names:
        assert found[name].current_a == pytest.approx(-12.4 if name == "all" else -12.4 / count, abs=0.05)
    assert "all" not in names or found["all"].packs == tuple(names[:2])


def test_each_evening_the_next_day_appeared() -> None:
    past = versions()
    assert [str(version.at) for version in past] == [
        "2026-11-19 22:00:00+00:00",
        *(f"2026-11-{day} 18:00:00+00:00" for day in (20, 21, 22, 23)),
    ]
    for earlier, later in pairwise(past):
        both = {one.day for one in earlier.days} & {one.day for one in later.days}
        assert both, "a day keeps its plan"
        for day in both:
            assert day_of(earlier, day).windows == day_of(later, day).windows
    assert {day.state for version in past for day in version.days} == {DayState.PLANNED}
    assert len({version.windows[0].start.time() for version in past}) == 3, "on time, too early and too late"
    assert versions(house_outages="none")[0].days[0].state is DayState.NO_OUTAGES


def test_an_outage_over_midnight_is_one_window_even_where_the_clocks_change() -> None:
    for version in versions(datetime(2026, 10, 25, 12, tzinfo=UTC), 4, house_outages="22:00-06:00"):
        assert all(one.end < following.start for one, following in pairwise(version.windows))
        assert max(window.end - window.start for window in version.windows) <= timedelta(hours=9)


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

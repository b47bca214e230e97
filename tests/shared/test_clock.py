"""This machine's clock: when it is trusted, and what it says about the times of messages."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.broker_state import BrokerState, state_by_clock
from shared.clock import Clock
from shared.errors import ConfigError
from shared.freshness import fresh
from shared.machine import Machine, SimulatedMachine
from shared.messages import ClockStamp, Grid, GridState, InverterState, OutageSchedule
from shared.trusted_time import (
    LEAP,
    LONG_AGO,
    SETTLE_S,
    STEP,
    UNSET_UNTIL,
    ClockChange,
    HostTime,
    after_look,
    elapsed,
    is_unset,
    restate,
    this_boot_only,
    unset_start,
)
from tests.support.unset_clock import TRUE_START, UnsetHost

DAYS, YEARS = timedelta(days=1), timedelta(days=365)
MINUTE = timedelta(minutes=1)
WRONG = [
    pytest.param(-2 * DAYS, id="two-days-behind"),
    pytest.param(2 * DAYS, id="two-days-ahead"),
    pytest.param(datetime(1970, 1, 1, tzinfo=UTC) - TRUE_START, id="1970"),
    pytest.param(datetime(2120, 1, 1, tzinfo=UTC) - TRUE_START, id="2120"),
    pytest.param(timedelta(0), id="right-but-unproven"),
]


def host_time(*, synchronised: bool | None, backed: bool = False, at: datetime = TRUE_START) -> HostTime:
    return HostTime(at, "boot", 60.0, synchronised, backed)


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        pytest.param(host_time(synchronised=True), True, id="set-from-the-network"),
        pytest.param(host_time(synchronised=False), False, id="never-set"),
        pytest.param(host_time(synchronised=None), True, id="no-kernel-to-ask"),
        pytest.param(host_time(synchronised=False, backed=True), True, id="a-battery-clock-agrees"),
        pytest.param(
            host_time(synchronised=True, at=datetime(2021, 1, 1, tzinfo=UTC)), False, id="older-than-the-program"
        ),
        pytest.param(host_time(synchronised=True, at=datetime(2120, 1, 1, tzinfo=UTC)), False, id="in-2120"),
    ],
)
def test_what_speaks_for_a_clock(host: HostTime, trusted: bool) -> None:
    assert after_look(None, host).trusted is trusted


def test_trust_outlasts_the_kernels_flag() -> None:
    host = UnsetHost(synchronised=True)
    clock = Clock(host)
    host.wait(9 * 3600)
    host.synchronised = False  # as the kernel reports without a server after nine hours
    clock.look()
    assert clock.trusted


def test_a_clock_that_is_set_by_hand_is_not_trusted_until_it_is_put_back() -> None:
    host = UnsetHost(synchronised=True)
    clock = Clock(host)
    host.set_by_hand(2 * DAYS)
    clock.look()
    assert not clock.trusted
    host.set_by_hand(timedelta(0))
    clock.look()
    assert clock.trusted


def test_a_leap_of_a_synchronised_clock_must_stand_before_it_is_believed() -> None:
    host = UnsetHost(synchronised=True)
    clock = Clock(host)
    host.ahead = 94 * YEARS
    for _ in range(4):  # two minutes in 2120
        host.wait(30)
        clock.look()
        assert not clock.trusted
    host.ahead = timedelta(0)
    clock.look()
    assert clock.trusted
    host.ahead = LEAP + MINUTE
    clock.look()
    assert not clock.trusted
    host.wait(SETTLE_S + 1)
    clock.look()
    assert clock.trusted


def test_always_means_always() -> None:
    host = UnsetHost(-2 * DAYS)
    clock = Clock(host, always_trusted=True)
    assert clock.trusted
    assert clock.stamp(GridState(at=clock.now(), state=Grid.ON, since=clock.now())).clock is None


def test_listeners_learn_how_far_the_clock_was_moved() -> None:
    host, changes = UnsetHost(-2 * DAYS), list[ClockChange]()
    clock = Clock(host)
    clock.on_change(changes.append)
    host.wait(600)
    host.synchronise()
    clock.look()
    clock.look()
    (change,) = changes
    assert change.trusted
    assert change.since == unset_start("boot-0")
    assert change.since + change.by == TRUE_START - timedelta(seconds=20)


@pytest.mark.parametrize("ahead", WRONG)
def test_what_was_measured_before_the_clock_was_set_gets_its_true_time(ahead: timedelta) -> None:
    host = UnsetHost(ahead)
    clock = Clock(host)
    true_since = host.true
    since = clock.now()
    host.wait(300)
    true_at = host.true
    reading = clock.stamp(GridState(at=clock.now(), state=Grid.OFF, since=since, last_known_since=TRUE_START - YEARS))
    host.wait(300)
    host.synchronise()
    clock.look()
    assert clock.trusted
    corrected = restate(GridState.model_validate_json(reading.model_dump_json()), clock.track.started)
    assert (corrected.at, corrected.since) == (true_at, true_since)
    assert corrected.last_known_since == TRUE_START - YEARS, "a moment before the boot was not taken from it"


def test_no_stamp_while_the_clock_is_set() -> None:
    clock = Clock(UnsetHost(synchronised=True))
    message = clock.stamp(InverterState(at=clock.now()))
    assert "clock" not in json.loads(message.model_dump_json())


@pytest.mark.parametrize("ahead", [-2 * DAYS, 2 * DAYS], ids=["behind", "ahead"])
def test_a_servers_time_gets_no_stamp(ahead: timedelta) -> None:
    host = UnsetHost(ahead)
    schedule = OutageSchedule(at=host.true, queue="4.1")
    assert Clock(host).stamp(schedule).clock is None


STEPS = st.one_of(
    st.tuples(st.just("read"), st.integers(1, 3600)),
    st.tuples(st.just("set"), st.integers(-3000, 40_000)),
    st.tuples(st.just("sync"), st.just(0)),
    st.tuples(st.just("reboot"), st.integers(-3000, 40_000)),
)


@given(st.integers(-3000, 40_000), st.lists(STEPS, max_size=30))
def test_corrected_times_are_the_truth_and_in_order(first: int, steps: list[tuple[str, int]]) -> None:
    host = UnsetHost(first * timedelta(hours=1))
    clock = Clock(host)
    readings: list[tuple[datetime, InverterState]] = []
    started: dict[str, datetime] = {}
    for step, value in steps:
        if step == "read":
            host.wait(value)
            readings.append((host.true, clock.stamp(InverterState(at=clock.now()))))
        elif step == "set":
            host.set_by_hand(value * timedelta(hours=1))
        elif step == "sync":
            host.synchronise()
        else:
            host.reboot(value * timedelta(hours=1))
            clock = Clock(host)  # no process outlives a boot
        clock.look()
        at, status = clock.status()
        if status.trusted:
            started[status.boot] = at - timedelta(seconds=status.uptime_s)
    dated = [
        (true, restate(reading, started[reading.clock.boot]) if reading.clock else reading)
        for true, reading in readings
        if reading.clock is None or reading.clock.boot in started
    ]
    assert [reading.at for _, reading in dated] == [true for true, _ in dated]


def grid(clock: Clock) -> GridState:
    return clock.stamp(GridState(at=clock.now(), state=Grid.OFF, since=clock.now()))


@pytest.mark.parametrize("ahead", WRONG)
def test_a_live_reading_stays_live_and_an_old_one_old_when_the_clock_is_set(ahead: timedelta) -> None:
    host = UnsetHost(ahead)
    clock = Clock(host)
    live, old = grid(clock), GridState(at=TRUE_START - 20 * MINUTE, state=Grid.ON, since=TRUE_START - DAYS)
    host.wait(30)
    for _ in range(2):
        now = clock.now()
        for message, expected in ((live, True), (old, False)):
            shown = state_by_clock(BrokerState(grid=message), clock.track).grid
            assert shown is not None
            assert fresh(shown.at, now, 2 * MINUTE) is expected
        host.synchronise()
        clock.look()


def test_a_clock_that_is_behind_does_not_make_what_was_before_the_boot_live_when_it_gets_there() -> None:
    host = UnsetHost(-40 * MINUTE)
    clock = Clock(host)
    old = GridState(at=TRUE_START - MINUTE, state=Grid.ON, since=TRUE_START - DAYS)
    host.wait(39 * 60)
    shown = state_by_clock(BrokerState(grid=old), clock.track).grid
    assert shown is not None
    assert not fresh(shown.at, clock.now(), 3 * MINUTE)


def test_the_unset_times_of_another_boot_are_long_ago_and_its_real_ones_stay() -> None:
    clock = Clock(UnsetHost(-2 * DAYS))
    other = GridState(
        at=unset_start("another") + MINUTE,
        state=Grid.OFF,
        since=TRUE_START,
        clock=ClockStamp(boot="another", uptime_s=60.0),
    )
    shown = state_by_clock(BrokerState(grid=other), clock.track).grid
    assert shown is not None
    assert (shown.at, shown.since) == (LONG_AGO, TRUE_START)


def test_this_machine_answers() -> None:
    host, again = Machine().read(), Machine().read()
    assert host.boot == again.boot
    assert 0 < host.uptime_s <= again.uptime_s
    assert abs(host.started - again.started) < timedelta(seconds=1)


def test_a_simulated_machine(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"boot": "b", "ahead_s": -3600}')
    machine = SimulatedMachine(file)
    assert abs(machine.read().at + timedelta(hours=1) - datetime.now(UTC)) < timedelta(seconds=2)
    assert machine.read().synchronised is False
    file.write_text('{"aehad_s": 1}')
    with pytest.raises(ConfigError, match="SIMULATED_CLOCK"):
        machine.read()


@given(
    st.lists(st.tuples(st.floats(0.1, 600), st.floats(-1.9, 1.9)), min_size=1, max_size=50),
    st.booleans(),
)
def test_time_never_goes_back_where_a_clock_is_slewed_or_a_leap_second_is_inserted(
    moves: list[tuple[float, float]], is_set: bool
) -> None:
    host = UnsetHost(synchronised=is_set)
    clock = Clock(host)
    last = clock.now()
    for seconds, by in moves:
        host.wait(seconds)
        host.ahead += by * timedelta(seconds=1)
        assert clock.now() > last, "two readings have two times"
        last = clock.now()
        clock.look()
        assert clock.now() >= last
        last = clock.now()


def test_our_time_is_that_of_the_clock_again_after_a_leap_second() -> None:
    host = UnsetHost(synchronised=True)
    clock = Clock(host)
    host.ahead = -timedelta(seconds=1)
    for _ in range(12):
        host.wait(1)
        clock.look()
    assert abs(clock.now() - host.read().at) < timedelta(milliseconds=1)


@pytest.mark.parametrize("ahead", WRONG)
def test_a_duration_is_the_same_before_and_after_the_clock_is_set(ahead: timedelta) -> None:
    host, kept = UnsetHost(ahead), dict[str, datetime]()
    clock = Clock(host)
    kept["since"], kept["before the boot"] = clock.now(), TRUE_START - DAYS

    def move(change: ClockChange) -> None:
        kept.update(change.moved(kept))

    clock.on_change(move)
    host.wait(600)
    for _ in range(2):
        assert clock.now() - kept["since"] == timedelta(minutes=10)
        assert kept["before the boot"] == TRUE_START - DAYS
        host.synchronise()
        clock.look()


@given(st.lists(st.integers(-3600 * 24 * 400, 3600 * 24 * 400), max_size=6), st.integers(0, 3600))
def test_durations_survive_any_steps_of_a_clock_that_is_believed(steps: list[int], seconds: int) -> None:
    host = UnsetHost(synchronised=True)
    clock = Clock(host, always_trusted=True)
    kept = {"since": clock.now()}
    clock.on_change(lambda change: kept.update(change.moved(kept)))
    for step in steps:
        host.wait(seconds)
        host.ahead += timedelta(seconds=step)
        before = clock.now() - kept["since"]
        clock.look()
        assert abs(clock.now() - kept["since"] - before) <= STEP


def test_what_was_saved_in_another_boot_has_no_time() -> None:
    host = UnsetHost(-2 * DAYS)
    clock = Clock(host)
    saved = (clock.now(), TRUE_START)
    host.wait(60)
    clock.look()
    assert this_boot_only(saved, clock.track) == saved
    host.reboot(-DAYS)
    assert this_boot_only(saved, Clock(host).track) == (LONG_AGO, TRUE_START)
    assert elapsed(LONG_AGO, Clock(host).now()) is None
    assert elapsed(TRUE_START, Clock(host).now()) is None


@given(st.text(max_size=40), st.floats(0, 3600 * 24 * 600))
def test_unset_times_cannot_be_mistaken_for_real_ones(boot: str, uptime_s: float) -> None:
    at = unset_start(boot) + timedelta(seconds=uptime_s)
    assert is_unset(at)
    assert LONG_AGO < at < UNSET_UNTIL

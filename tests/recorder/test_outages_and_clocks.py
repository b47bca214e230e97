"""Random homes: boots, clocks that are wrong, set and lost, and outages. What is recorded is what really happened."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.poller import grid
from services.poller.grid import GridLimits, GridReading
from services.recorder.outage_rules import OutageSpan, find_outages
from shared.clock import Clock
from shared.history.grid_run import SILENCE, GridRun, merge_runs
from shared.history.tables import from_ms, to_ms
from shared.messages import Grid, GridState
from shared.trusted_time import by_clock, restate
from tests.support.unset_clock import TRUE_START, UnsetHost

LIMITS = GridLimits()
POLL_S = 10
SLACK = timedelta(seconds=2 * POLL_S + 1)
MINUTE_MS = 60_000


class Home:
    """A poller, a broker that keeps its last message, and a recorder, over any number of boots; and the truth."""

    def __init__(self) -> None:
        self.host = UnsetHost(synchronised=True)
        self.power = True
        self.outages: list[list[datetime | None]] = []
        self.measured: list[tuple[datetime, GridState]] = []
        self.started: dict[str, datetime] = {}
        self.retained: GridState | None = None
        self.boot()

    def boot(self) -> None:
        """Start the poller, which continues from what the broker has."""
        self.clock = Clock(self.host)
        last = self.retained and by_clock(self.retained, self.clock.track)
        self.track = grid.restore(last, self.clock.now(), LIMITS)
        self.clock.on_change(lambda change: setattr(self, "track", grid.after_clock_change(self.track, change)))

    def poll(self, times: int) -> None:
        """Read the grid and publish."""
        for _ in range(times):
            self.host.wait(POLL_S)
            self.clock.look()
            at = self.clock.now()
            volts, hertz = (230.0, 50.0) if self.power else (0.0, 0.0)
            self.track = grid.after_reading(self.track, GridReading(at, volts, hertz), LIMITS)
            if not (self.track.state is Grid.UNKNOWN and self.track.pending):
                self.retained = self.clock.stamp(grid.to_message(self.track, at))
                self.measured.append((self.host.true, self.retained))
            now, status = self.clock.status()
            if status.trusted:
                self.started[status.boot] = now - timedelta(seconds=status.uptime_s)

    def switch(self) -> None:
        """Let power go or come back."""
        self.power = not self.power
        if self.power:
            self.outages[-1][1] = self.host.true
        else:
            self.outages.append([self.host.true, None])
        self.poll(4)

    def dated(self) -> list[tuple[datetime, GridState]]:
        """Return what the recorder could date, with the true moment of each."""
        known = (one for one in self.measured if one[1].clock is None or one[1].clock.boot in self.started)
        return [
            (true, restate(message, self.started[message.clock.boot]) if message.clock else message)
            for true, message in known
        ]

    def recorded(self) -> list[OutageSpan]:
        """Return the outages that come of it."""
        rows = sorted((to_ms(message.at), message) for _, message in self.dated())
        runs = merge_runs(GridRun(at, at, row.state, to_ms(row.since)) for at, row in rows)
        transitions = {at: row.transition_id for at, row in rows}
        return list(find_outages(runs, SILENCE // timedelta(milliseconds=1), transitions))


def run(steps: list[tuple[str, int]]) -> Home:
    """Return the home after the steps, and after its clock was set in the end."""
    home = Home()
    home.poll(4)
    does: dict[str, Callable[[int], None]] = {
        "poll": lambda value: home.poll(abs(value) % 60),
        "switch": lambda _: home.switch(),
        "set by hand": lambda value: home.host.set_by_hand(value * timedelta(hours=1)),
        "slew": lambda value: setattr(home.host, "ahead", home.host.ahead + (value % 3 - 1) * timedelta(seconds=1)),
        "sync": lambda _: home.host.synchronise(),
        "restart": lambda _: home.boot(),
    }
    for step, value in (*steps, ("sync", 0)):
        if step == "reboot":
            home.host.reboot(value * timedelta(minutes=1), seconds=40 + abs(value) % 2000)
            home.boot()
        else:
            does[step](value)
        home.poll(4)
    return home


KINDS = ("poll", "switch", "set by hand", "slew", "sync", "restart", "reboot")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-200_000, 200_000)), max_size=14)
LEARNS = STEPS.map(
    lambda steps: [one for step in steps for one in ((("sync", 0), step) if step[0] == "reboot" else (step,))]
)
"""Every boot learns the time before it ends."""


@settings(max_examples=60)
@given(LEARNS)
@example([("switch", 0), ("reboot", -40), ("poll", 59), ("poll", 59), ("switch", 0)])
@example([("switch", 0), ("reboot", -130_000), ("poll", 59), ("reboot", 40), ("sync", 0), ("poll", 9), ("switch", 0)])
@example([("reboot", -40), ("switch", 0), ("sync", 0), ("reboot", -40), ("switch", 0), ("sync", 0)])
@example([("set by hand", 1_000_000), ("switch", 0), ("poll", 12), ("set by hand", 0), ("switch", 0)])
def test_the_recorded_outages_are_the_true_ones(steps: list[tuple[str, int]]) -> None:
    home = run(steps)
    found = [(from_ms(one.start), None if one.end is None else from_ms(one.end)) for one in home.recorded()]
    assert len(found) == len(home.outages), "each once"
    for (start, end), (began, ended) in zip(found, home.outages, strict=True):
        assert began is not None
        assert abs(start - began) <= SLACK
        assert (end is None) is (ended is None)
        assert end is None or ended is None or abs(end - ended) <= SLACK


@settings(max_examples=60)
@given(STEPS)
def test_no_reading_is_dated_wrong_and_none_is_lost(steps: list[tuple[str, int]]) -> None:
    """Whether a boot learns the time or not: a boot that does not keeps its readings apart."""
    home = run(steps)
    dated = home.dated()
    assert all(abs(message.at - true) <= timedelta(seconds=3 + len(steps)) for true, message in dated)
    assert len({message.at for _, message in dated}) == len(dated), "two readings never have the same time"
    assert all(message.at >= message.since for _, message in dated), "no duration is negative"
    apart = [message for _, message in home.measured if message.clock and message.clock.boot not in home.started]
    assert len(apart) + len(dated) == len(home.measured)
    truth = [(began or TRUE_START, ended or home.host.true) for began, ended in home.outages]
    for one in home.recorded():
        start, end = from_ms(one.start), home.host.true if one.end is None else from_ms(one.end)
        assert any(began - SLACK <= start and end <= ended + SILENCE + SLACK for began, ended in truth), (
            "none is invented"
        )

"""The machine's clock leaps while messages of the grid are on their way: no plug follows a grid that was not so.

Poller and plugs notice a leap each on its own, and look at the clock once a second, or later on a busy machine.
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.poller import grid
from services.poller.grid import GridLimits, GridReading
from services.tuya import grid_rules
from services.tuya.grid_rules import Rules
from services.tuya.journal import Journal
from services.tuya.targets import due
from shared.clock import Clock
from shared.messages import Grid, GridState
from shared.topics import GRID_STATE
from shared.trusted_time import SETTLE_S, ClockChange, by_clock
from tests.support.unset_clock import UnsetHost
from tests.tuya.facts import PLUGS

LEAPS = [
    timedelta(days=2),
    timedelta(days=94 * 365),
    timedelta(hours=-3),
    timedelta(minutes=40),
    timedelta(seconds=-20),
]
RULES = Rules(turn_off=True, turn_on=True, restore_delay=timedelta(0), restore_pause=timedelta(0))
LIMITS = GridLimits()


class Home:
    """A poller, the plugs, and the broker between them, on one machine."""

    def __init__(self) -> None:
        self.host = UnsetHost(synchronised=True)
        self.polling, self.plugging = Clock(self.host), Clock(self.host)
        self.polling.on_change(self._on_pollers_change)
        self.plugging.on_change(self._on_plugs_change)
        self.mains = True
        self.track = grid.unknown_grid(self.polling.now())
        self.on_the_way: deque[tuple[bytes, bool]] = deque()
        """Messages, each with how the mains were when it was published."""
        self.journal = Journal(handled="before")
        self.known: GridState | None = None
        self.was = True
        """How the mains were when the last message was published that has arrived."""

    def _on_pollers_change(self, change: ClockChange) -> None:
        self.track = grid.after_clock_change(self.track, change)

    def _on_plugs_change(self, change: ClockChange) -> None:
        self.journal, self.known = change.moved((self.journal, self.known))

    def turn(self) -> None:
        self.mains = not self.mains

    def read(self) -> None:
        """Read twice, as the poller does where a change shows, and publish."""
        for _ in range(2):
            at, volts = self.polling.now(), 230.0 if self.mains else 0.0
            self.track = grid.after_reading(self.track, GridReading(at, volts, volts / 4.6), LIMITS)
        message = self.polling.stamp(grid.to_message(self.track, at))
        self.on_the_way.append((message.model_dump_json().encode(), self.mains))

    def arrive(self) -> None:
        """Let the oldest message arrive, and act on it as the service does."""
        if not self.on_the_way:
            return
        payload, self.was = self.on_the_way.popleft()
        message, now = by_clock(GRID_STATE.parse(payload), self.plugging.track), self.plugging.now()
        if not grid_rules.is_news(message, now) or grid_rules.is_outdated(message, self.known, now):
            return
        self.known = message
        self.journal = grid_rules.on_grid(self.journal, message, PLUGS, RULES, now, stable_for=timedelta(0))

    def due(self) -> set[bool]:
        """Return what plugs would be switched to now."""
        now = self.plugging.now()
        return {one.on for plug in PLUGS.values() for one in due(self.journal, plug, RULES, self.known, now)}


Step = Callable[[Home], None]
PLAIN: dict[str, Step] = {
    "turn": Home.turn,
    "read": Home.read,
    "arrive": Home.arrive,
    "poller looks": lambda home: home.polling.look(),
    "plugs look": lambda home: home.plugging.look(),
    "undone": lambda home: home.host.synchronise(),
}
STEPS = st.one_of(
    st.sampled_from(sorted(PLAIN)),
    st.tuples(st.sampled_from(LEAPS), st.booleans()),
    st.floats(0.1, 20),
)
"""What can happen; a leap that somebody has made by hand or that the network has brought; or some seconds pass."""


def play(home: Home, step: str | float | tuple[timedelta, bool]) -> None:
    match step:
        case str():
            PLAIN[step](home)
        case (timedelta() as ahead, by_hand):
            home.host.ahead, home.host.synchronised = ahead, not by_hand
        case float():
            home.host.wait(step)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_no_plug_follows_a_grid_that_was_not_so_and_all_follow_in_the_end(
    steps: list[str | float | tuple[timedelta, bool]],
) -> None:
    home = Home()
    home.read()
    for step in steps:
        play(home, step)
        assert home.due() <= {home.was}
        left = {name: one for name, one in home.journal.targets.items() if one.on is not home.was}
        home.journal = home.journal.model_copy(update={"targets": left})  # a plug follows at once
    home.host.synchronise()
    for _ in range(3):
        home.polling.look()
        home.plugging.look()
        home.host.wait(SETTLE_S)  # whoever has trusted a clock that was wrong waits so long for this one
        home.read()
        while home.on_the_way:
            home.arrive()
    assert home.journal.handled == home.track.transition_id
    assert home.track.state is (Grid.ON if home.mains else Grid.OFF)
    assert home.known
    assert home.known.state is home.track.state

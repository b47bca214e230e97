"""The house in real time or faster."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.messages import iso
from simulators.house import House, Truth
from simulators.mains import GridMode
from simulators.registers import Layout, Words, words_of

log = logging.getLogger("house")

FASTEST = 3600.0


class LiveHouse:
    """A house tied to the system clock. House time runs `speed` times as fast as real time.

    It follows the wall clock of the host, not its uptime: after a night in suspend it is morning in the house, too.
    """

    def __init__(
        self, house: House, layout: Layout, *, speed: float = 1.0, clock: Callable[[], float] = time.time
    ) -> None:
        self.words_at: datetime | None = None
        self._house = house
        self._layout = layout
        self._speed = speed
        self._clock = clock
        self._seen_s = house.now.timestamp()
        self._grid_was_on = house.truth().grid_on

    @property
    def speed(self) -> float:
        """The factor of house time to real time."""
        return self._speed

    @property
    def grid_mode(self) -> GridMode:
        """The mode of the mains: by command or by the timetable."""
        return self._house.grid_mode

    def truth(self) -> Truth:
        """Return the current state."""
        self._catch_up()
        truth = self._house.truth()
        if truth.grid_on != self._grid_was_on:
            self._grid_was_on = truth.grid_on
            log.info("The grid is %s since %s.", "on" if truth.grid_on else "off", iso(truth.grid_since))
        return truth

    def words(self) -> Words:
        """Return the registers as they are now."""
        words = words_of(self._layout, self.truth())
        self.words_at = datetime.now(UTC)
        return words

    def set_speed(self, factor: float) -> None:
        """Change the speed of house time."""
        self._catch_up()
        self._speed = factor
        log.info("House time runs %g times as fast as real time.", factor)

    def set_grid(self, mode: GridMode) -> None:
        """Cut the mains, bring it back, or leave it to the timetable."""
        self._catch_up()
        self._house.set_grid(mode)
        log.info("Mains mode: %s.", mode)
        self.truth()

    def set_soc(self, percent: float) -> None:
        """Set the battery's state of charge."""
        self._catch_up()
        self._house.set_soc(percent)
        log.info("The battery is at %g %%.", percent)

    def _catch_up(self) -> None:
        now_s = self._clock()
        passed_s = max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        self._house.advance_to(self._house.now + timedelta(seconds=passed_s * self._speed))

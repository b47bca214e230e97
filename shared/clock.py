"""This machine's clock: the time, whether it is trusted, and what messages say about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.machine import Host, this_host
from shared.messages import ClockStamp, Message, ServiceClock
from shared.trusted_time import STEP, ClockTrack, HostTime, after_look

M = TypeVar("M", bound=Message)

LONGEST_AGE = timedelta(hours=1)
"""A reading is published long before it is that old; an older time was not taken from our clock."""


@dataclass(frozen=True)
class ClockChange:
    """The clock was set: its times grow `by` this much, and it is trusted from now on or not."""

    by: timedelta
    trusted: bool


class Clock:
    """This machine's clock, watched. Whoever keeps moments registers with `on_change` to move them when it is set."""

    def __init__(self, host: Host | None = None, *, always_trusted: bool = False) -> None:
        self._host = host
        self._always = always_trusted
        self._listeners: list[Callable[[ClockChange], None]] = []
        self._track = after_look(None, self._read())

    @property
    def track(self) -> ClockTrack:
        """What is known of the clock since the last look."""
        return replace(self._track, trusted=self.trusted)

    @property
    def trusted(self) -> bool:
        """Whether the clock is set, as far as was known at the last look."""
        return self._always or self._track.trusted

    def now(self) -> datetime:
        """Return the time; a change of the clock is announced first."""
        return self._look().at

    def on_change(self, listener: Callable[[ClockChange], None]) -> None:
        """Call `listener` whenever the clock has been set, or begins or ceases to be trusted."""
        self._listeners.append(listener)

    def stamp(self, message: M) -> M:
        """Return the message with boot and uptime of the moment it was measured, while the clock is not trusted.

        A time that this boot cannot have measured, such as a server's, gets no stamp.
        """
        host = self._look()
        age = host.at - message.at
        if self.trusted or not -STEP <= age <= min(LONGEST_AGE, timedelta(seconds=host.uptime_s)):
            return message
        uptime_s = round(host.uptime_s - age.total_seconds(), 3)
        return message.model_copy(update={"clock": ClockStamp(boot=host.boot, uptime_s=max(0.0, uptime_s))})

    def status(self) -> tuple[datetime, ServiceClock]:
        """Return the time and what a service says about it in its status."""
        host = self._look()
        return host.at, ServiceClock(boot=host.boot, uptime_s=round(host.uptime_s, 3), trusted=self.trusted)

    def _read(self) -> HostTime:
        return (self._host or this_host()).read()

    def _look(self) -> HostTime:
        host = self._read()
        before, self._track = self._track, after_look(self._track, host)
        track = self._track
        if before.boot != track.boot:
            return host
        by = track.started - before.started
        if abs(by) > STEP or track.trusted != before.trusted:
            for listener in self._listeners:
                listener(ClockChange(by, trusted=self.trusted))
        return host


def utc_now() -> datetime:
    """Return the moment: the clock of every service, where none is given."""
    return this_host().read().at

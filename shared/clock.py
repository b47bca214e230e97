"""This machine's clock: the time, whether it is trusted, and what messages say about it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from shared.machine import Host, this_host
from shared.messages import ServiceClock
from shared.trusted_time import (
    MILLISECOND,
    STEP,
    UNSET_FROM,
    ClockChange,
    ClockTrack,
    HostTime,
    M,
    after_look,
    stamped,
)

LOOK_S = 1.0
"""How often a service checks the clock of its machine."""


class Clock:
    """This machine's time: by its clock, as last checked, or by the time since boot while the clock is not set.

    It never goes back, not even at a leap second, except when the clock is set: code that keeps moments registers with
    `on_change` to move them. `look` belongs to the event loop; everything else may be called from any thread.
    """

    def __init__(self, host: Host | None = None, *, always_trusted: bool = False) -> None:
        self._host = host
        self._always = always_trusted
        self._listeners: list[Callable[[ClockChange], None]] = []
        self._track = self._looked(None, self._read())
        self._lock = Lock()
        self._last = UNSET_FROM

    @property
    def track(self) -> ClockTrack:
        """What is known about the clock since the last look."""
        return self._track

    @property
    def trusted(self) -> bool:
        """Whether the clock was set at the last look."""
        return self._track.trusted

    def now(self) -> datetime:
        """Return the time."""
        with self._lock:
            at = self._track.started + timedelta(seconds=self._read().uptime_s)
            self._last = at if at >= self._last else self._last + MILLISECOND
            return self._last

    def look(self) -> None:
        """Check whether the clock was set or slewed, and announce that if it matters."""
        before, track = self._track, self._looked(self._track, self._read())
        by = track.started - before.started
        if abs(by) > STEP or track.trusted != before.trusted:
            with self._lock:
                self._track, self._last = track, UNSET_FROM
            for listener in self._listeners:
                listener(ClockChange(by, trusted=track.trusted, since=before.started))
        else:
            self._track = track

    def on_change(self, listener: Callable[[ClockChange], None]) -> None:
        """Call `listener` whenever the clock has been set, or begins or ceases to be trusted."""
        self._listeners.append(listener)

    def stamp(self, message: M) -> M:
        """Return the message as it is published: stamped with this boot while the clock is not set."""
        return stamped(message, self._track)

    def status(self) -> tuple[datetime, ServiceClock]:
        """Return the time, and what a service's status says about it."""
        host, track = self._read(), self._track
        at = track.started + timedelta(seconds=host.uptime_s)
        return at, ServiceClock(boot=host.boot, uptime_s=round(host.uptime_s, 3), trusted=track.trusted)

    def _read(self) -> HostTime:
        return (self._host or this_host()).read()

    def _looked(self, before: ClockTrack | None, host: HostTime) -> ClockTrack:
        track = after_look(before, host)
        return replace(track, trusted=True) if self._always else track


_this: Clock | None = None


def this_clock() -> Clock:
    """Return the clock of this process."""
    return _this or use_clock(Clock())


def use_clock(clock: Clock) -> Clock:
    """Make this the clock of the process; call it before anything asks for the time."""
    global _this  # noqa: PLW0603 - a process has one clock
    _this = clock
    return clock


def utc_now() -> datetime:
    """Return the time by the clock of this process."""
    return this_clock().now()

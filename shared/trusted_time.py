"""Trusted time, pure: whether a clock is set, and what a moment of an unset clock really was.

A Raspberry Pi has no clock battery: it boots minutes to months behind, and jumps when the internet is back. All
processes of a host share the boot id and the time since boot, whatever the clock shows. So a moment is a boot and an
uptime, and a clock is described by the moment of boot that it implies, `started`.

While the clock is not set we do not use it. Our times then count from the boot: in the 1970s, from a different moment
for each boot. So they are consistent, cannot be mistaken for real ones, and are converted as soon as it is known when
the boot really was.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from zlib import crc32

from pydantic import BaseModel

from shared.messages import ClockStamp, Message

T = TypeVar("T")
M = TypeVar("M", bound=Message)

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""The program is younger, so a clock that shows an earlier time is wrong."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""A clock that shows a later time is wrong, whoever has set it."""
UNSET_FROM = datetime(1970, 1, 1, tzinfo=UTC)
UNSET_UNTIL = datetime(1980, 1, 1, tzinfo=UTC)
UNSET_STARTS_S = 8 * 365 * 24 * 3600
"""Boots with an unset clock begin within this many seconds of 1970; no boot lasts the two years that are left."""
LONG_AGO = datetime(1960, 1, 1, tzinfo=UTC)
"""A moment of another boot with an unset clock: before everything that we know."""
STEP = timedelta(seconds=2)
"""A clock that is being slewed moves by less than this between two looks, against the time since boot."""
LEAP = timedelta(hours=1)
"""A clock that was right needs no correction as large as this: it must prove itself again."""
SETTLE_S = 600.0
"""How long a clock that has leapt must stay as it is."""
YEARS = timedelta(days=3650)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class HostTime:
    """What a host reports at one instant.

    synchronised: the kernel reports that its clock was set from the network and not by hand since; None if it does not
    report that. backed: a battery clock agrees, or the host of this virtual machine has set it.
    """

    at: datetime
    boot: str
    uptime_s: float
    synchronised: bool | None
    backed: bool = False

    @property
    def started(self) -> datetime:
        """The moment of boot by the wall clock; it changes only when the clock is set."""
        return self.at - timedelta(seconds=self.uptime_s)

    @property
    def is_possible(self) -> bool:
        """Whether the clock shows a possible date."""
        return EARLIEST <= self.at < LATEST

    @property
    def is_plausible(self) -> bool:
        """Whether anything confirms the clock, and it shows a possible date."""
        return (self.synchronised is not False or self.backed) and self.is_possible


@dataclass(frozen=True)
class ClockTrack:
    """What is known about a clock: whether it is trusted, and the moment of boot by it when it last was (`proven`).

    shown is the moment of boot by the wall clock, looked_at_s the uptime of the last look, leapt_at_s the uptime at
    which a trusted clock moved so far that it must prove itself.
    """

    boot: str
    shown: datetime
    looked_at_s: float
    trusted: bool
    synchronised: bool
    proven: datetime | None = None
    leapt_at_s: float | None = None

    @property
    def started(self) -> datetime:
        """The moment of boot by our times."""
        return self.shown if self.trusted else unset_start(self.boot)


@dataclass(frozen=True)
class ClockChange:
    """From now on our times of this boot are greater by this much; those before it began with `since`."""

    by: timedelta
    trusted: bool
    since: datetime

    def moved(self, value: T) -> T:
        """Return a value with its moments of this boot by the new clock; earlier ones stay."""
        return with_moments(value, lambda at: at + self.by if self._covers(at) else at)

    def _covers(self, at: datetime) -> bool:
        return at >= self.since - STEP and is_unset(at) == is_unset(self.since)


def after_look(track: ClockTrack | None, host: HostTime) -> ClockTrack:
    """Return the track after a look at the host's time.

    Trust lasts until the next boot, unless the clock is stepped: nine hours after losing its server the kernel calls
    itself unsynchronised, although its clock is right.
    """
    synchronised, shown, looked_at_s = host.synchronised is True, host.started, host.uptime_s
    if track is None or track.boot != host.boot:
        trusted = host.is_plausible
        return ClockTrack(host.boot, shown, looked_at_s, trusted, synchronised, shown if trusted else None)
    newly_synchronised = synchronised and not track.synchronised
    track = replace(track, synchronised=synchronised, looked_at_s=looked_at_s)
    if abs(shown - track.shown) <= STEP:
        return _proven(_stands(track, host, believed=newly_synchronised), shown)
    trusted, leapt_at_s = host.is_plausible, None
    if track.proven and abs(shown - track.proven) <= STEP:  # a mistake was corrected
        trusted = host.is_possible
    elif track.proven and abs(shown - track.proven) > LEAP and not newly_synchronised:
        trusted, leapt_at_s = False, host.uptime_s
    return _proven(replace(track, trusted=trusted, leapt_at_s=leapt_at_s), shown)


def _stands(track: ClockTrack, host: HostTime, *, believed: bool) -> ClockTrack:
    """Return the track of a clock that has not been set since the last look."""
    if track.trusted or not host.is_plausible:
        return track
    waits = track.leapt_at_s is not None and host.uptime_s - track.leapt_at_s < SETTLE_S
    return track if waits and not believed else replace(track, trusted=True, leapt_at_s=None)


def _proven(track: ClockTrack, shown: datetime) -> ClockTrack:
    return replace(track, shown=shown, proven=shown if track.trusted else track.proven)


def unset_start(boot: str) -> datetime:
    """Return the moment of boot by our times while the clock is not set."""
    return UNSET_FROM + timedelta(seconds=crc32(boot.encode()) % UNSET_STARTS_S)


def is_unset(at: datetime) -> bool:
    """Whether a moment is from a boot with an unset clock."""
    return at < UNSET_UNTIL


def stamped(message: M, clock: ClockTrack) -> M:
    """Return a message as it is published: by a clock that is set, or stamped with the boot of its times."""
    if not is_unset(message.at):
        return message
    start = unset_start(clock.boot)
    if clock.trusted:  # measured just before the clock was set
        return _moved(message, start, clock.started)
    uptime_s = round((message.at - start).total_seconds(), 3)
    return message.model_copy(update={"clock": ClockStamp(boot=clock.boot, uptime_s=uptime_s)})


def restate(message: M, started: datetime) -> M:
    """Return a message with its times by a clock by which its host booted at `started`.

    A message without a stamp was measured by a set clock, and stays as it is. So do moments from before the boot, which
    no unset clock can show.
    """
    return message if message.clock is None else _moved(message, unset_start(message.clock.boot), started)


def by_clock(message: M, clock: ClockTrack) -> M:
    """Return a message with its times by our own clock, set or not, so that its age is right.

    Times of another boot are LONG_AGO, unless they are real. While our clock is not set, real ones are in its future:
    never fresh.
    """
    if message.clock is None or message.clock.boot == clock.boot:
        return restate(message, clock.started)
    return with_moments(message, lambda at: LONG_AGO if is_unset(at) else at)


def this_boot_only(value: T, clock: ClockTrack) -> T:
    """Return saved content with its times by our own clock; unset times of other boots become LONG_AGO."""
    start, uptime = unset_start(clock.boot), timedelta(seconds=clock.looked_at_s)

    def date(at: datetime) -> datetime:
        if not is_unset(at):
            return at
        return at + (clock.started - start) if start - STEP <= at <= start + uptime + STEP else LONG_AGO

    return with_moments(value, date)


def elapsed(since: datetime, until: datetime) -> timedelta | None:
    """Return the time between two moments, or None if they are not by the same clock."""
    length = until - since
    if is_unset(since) is not is_unset(until) or not -STEP <= length < YEARS:
        return None
    return max(length, timedelta(0))


def with_moments(value: T, change: Callable[[datetime], datetime]) -> T:
    """Return a value with every moment in it changed; the value itself if there is none."""
    return cast("T", _with_moments(value, change))


def _with_moments(value: Any, change: Callable[[datetime], datetime]) -> Any:
    if isinstance(value, datetime):
        return change(value)
    if isinstance(value, BaseModel):
        changed = _changes({name: getattr(value, name) for name in type(value).model_fields}, change)
        return value.model_copy(update=changed) if changed else value
    if is_dataclass(value) and not isinstance(value, type):
        changed = _changes({field.name: getattr(value, field.name) for field in fields(value)}, change)
        return replace(value, **changed) if changed else value
    if isinstance(value, dict):
        changed = _changes(value, change)
        return value | changed if changed else value
    if isinstance(value, tuple | list):
        items = [_with_moments(one, change) for one in value]
        return value if all(one is two for one, two in zip(items, value, strict=True)) else type(value)(items)
    return value


def _changes(values: dict[Any, Any], change: Callable[[datetime], datetime]) -> dict[Any, Any]:
    after = {name: _with_moments(value, change) for name, value in values.items()}
    return {name: value for name, value in after.items() if value is not values[name]}


def _moved(message: M, start: datetime, started: datetime) -> M:
    by = _whole_ms(started - start)
    return with_moments(message, lambda at: at + by if start - STEP <= at < UNSET_UNTIL else at)


def _whole_ms(length: timedelta) -> timedelta:
    return round(length / MILLISECOND) * MILLISECOND

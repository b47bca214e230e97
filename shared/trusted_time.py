"""Trusted time, pure: whether a clock is set, and what a moment of an unset clock really was.

A Raspberry Pi has no clock battery: it boots minutes to months behind and jumps when the internet is back. What all
processes of a host share whatever its clock shows are the boot id and the time since boot; so a moment is a boot and an
uptime, and a wall clock amounts to the moment of boot by its own reckoning, `started`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar, get_args

from pydantic import AwareDatetime

from shared.messages import Message

M = TypeVar("M", bound=Message)

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""This program is younger, so a clock that shows an earlier time is wrong."""
STEP = timedelta(seconds=2)
"""Between two looks a clock that is slewed moves less than this against the time since boot."""
LEAP = timedelta(hours=1)
"""A clock that was right does not need a correction as large as this: it must prove itself again."""
SETTLE_S = 600.0
"""How long a clock that has leapt must stand."""
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class HostTime:
    """What a host reports at one instant.

    synchronised is the kernel's word that its clock has been set from the network and not been set by hand since; None
    where there is no such word. backed: a battery clock agrees, or the host of this virtual machine has set it.
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
    def is_plausible(self) -> bool:
        """Whether anything says that the clock is right, and the calendar does not say otherwise."""
        return (self.synchronised is not False or self.backed) and self.at >= EARLIEST


@dataclass(frozen=True)
class ClockTrack:
    """What is known of a clock: whether it is trusted, and where it stood when it last was (`proven`).

    leapt_at_s is the uptime at which a trusted clock moved so far that it must prove itself.
    """

    boot: str
    started: datetime
    trusted: bool
    synchronised: bool
    proven: datetime | None = None
    leapt_at_s: float | None = None


def after_look(track: ClockTrack | None, host: HostTime) -> ClockTrack:
    """Return the track after a look at the host's time.

    Trust lasts for the boot, because the kernel calls itself unsynchronised again nine hours after it lost its server
    although its clock is right; only a step ends it.
    """
    synchronised, started = host.synchronised is True, host.started
    if track is None or track.boot != host.boot:
        trusted = host.is_plausible
        return ClockTrack(host.boot, started, trusted, synchronised, started if trusted else None)
    newly_synchronised = synchronised and not track.synchronised
    track = replace(track, synchronised=synchronised)
    if abs(started - track.started) <= STEP:
        return _proven(_stands(track, host, believed=newly_synchronised), started)
    trusted, leapt_at_s = host.is_plausible, None
    if track.proven and abs(started - track.proven) <= STEP:  # a mistake was undone
        trusted = host.at >= EARLIEST
    elif track.proven and abs(started - track.proven) > LEAP and not newly_synchronised:
        trusted, leapt_at_s = False, host.uptime_s
    return _proven(replace(track, trusted=trusted, leapt_at_s=leapt_at_s), started)


def _stands(track: ClockTrack, host: HostTime, *, believed: bool) -> ClockTrack:
    """Return the track of a clock that has not been set since the last look."""
    if track.trusted or not host.is_plausible:
        return track
    waits = track.leapt_at_s is not None and host.uptime_s - track.leapt_at_s < SETTLE_S
    return track if waits and not believed else replace(track, trusted=True, leapt_at_s=None)


def _proven(track: ClockTrack, started: datetime) -> ClockTrack:
    return replace(track, started=started, proven=started if track.trusted else track.proven)


def restate(message: M, started: datetime) -> M:
    """Return a message with its times by a clock that shows `started` as the moment of its host's boot.

    A message without a stamp was measured by a clock that was set, and stays as it is. So do moments before the boot:
    they were not taken from the clock that was wrong.
    """
    stamp = message.clock
    if stamp is None:
        return message
    uptime = timedelta(seconds=stamp.uptime_s)
    by = _whole_ms(started + uptime - message.at)
    began = message.at - uptime - STEP
    moments = ((name, getattr(message, name)) for name in _moments(type(message)))
    moved = {name: at + by for name, at in moments if at is not None and began <= at <= message.at + STEP}
    return message.model_copy(update=moved)


def by_clock(message: M, clock: ClockTrack, *, is_reading: bool = False) -> M:
    """Return a message with its times by our own clock, right or wrong, so that its age is right.

    While our clock is not set, a reading without a stamp is from before this boot, or from a host that we cannot
    compare with. It must never look new, neither now nor when a clock that is behind reaches its time.
    """
    if message.clock is not None:
        return restate(message, clock.started) if message.clock.boot == clock.boot else message
    if is_reading and not clock.trusted:
        return message.model_copy(update={"at": min(message.at, clock.started - LEAP)})
    return message


@cache
def _moments(kind: type[Message]) -> tuple[str, ...]:
    """Return the fields of a message that are moments."""
    return tuple(name for name, field in kind.model_fields.items() if _is_moment(field.annotation))


def _is_moment(annotation: object) -> bool:
    return annotation in (datetime, AwareDatetime) or any(_is_moment(one) for one in get_args(annotation)[:2])


def _whole_ms(length: timedelta) -> timedelta:
    return round(length / MILLISECOND) * MILLISECOND

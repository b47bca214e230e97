"""From readings to the state of the grid, pure: no clock, no I/O.

Voltage and frequency decide together: the grid is on or off only if they agree. Between the limits the last state
holds. A change counts when two readings in a row agree, because single zero readings happen, or when the inverter
also warns of it. No reading means no verdict: silence, and figures that contradict each other, become `unknown`,
never an outage.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.conditions import Reason, poller
from shared.freshness import CLOCK_SLACK, SAME_STATE_WITHIN
from shared.messages import Grid, GridState, iso
from shared.trusted_time import ClockChange, is_unset

NOMINAL_V = 230
"""The mains that the default limits are for."""
HIGHEST_LOW_NOMINAL_V = 150
"""Mains of 100 to 127 V have limits in proportion; 200 to 240 V share those of 230 V."""


@dataclass(frozen=True)
class GridLimits:
    """Where the grid counts as present and as lost; in between it is as before. After `silence` it is unknown."""

    present_v: float = 160
    lost_v: float = 100
    present_hz: tuple[float, float] = (45, 65)
    lost_hz: float = 40
    silence: timedelta = timedelta(seconds=15)

    @property
    def measurable_v(self) -> float:
        """Below this voltage no frequency can be measured."""
        return self.lost_v / 2

    def scaled(self, nominal_v: float | None) -> "GridLimits":
        """Return these limits for mains of another nominal voltage."""
        if nominal_v is None or not 0 < nominal_v < HIGHEST_LOW_NOMINAL_V:
            return self
        share = nominal_v / NOMINAL_V
        return replace(self, present_v=round(self.present_v * share), lost_v=round(self.lost_v * share))


@dataclass(frozen=True)
class GridReading:
    """What one reading says about the grid; None is unknown. warns_of_loss is the inverter's own warning."""

    at: datetime
    voltage_v: float | None
    frequency_hz: float | None
    warns_of_loss: bool = False

    def is_usable(self, limits: GridLimits) -> bool:
        """Whether voltage and frequency agree, or the inverter itself says which of them is right.

        A frequency can only be measured on some voltage. A voltage without a frequency is the noise of an open line,
        if it is low, and otherwise not the grid's.
        """
        if self.voltage_v is None or self.frequency_hz is None:
            return False
        has_frequency = self.frequency_hz >= limits.lost_hz
        enough_v = limits.measurable_v if has_frequency else limits.lost_v
        return self.warns_of_loss or has_frequency == (self.voltage_v >= enough_v)


@dataclass(frozen=True)
class GridTrack:
    """What is known so far. `confirmed` is the last certain state, `candidate` a change seen once."""

    state: Grid
    since: datetime
    last_reading_at: datetime
    confirmed: Grid | None = None
    confirmed_since: datetime | None = None
    transition_id: str | None = None
    candidate: Grid | None = None
    candidate_since: datetime | None = None
    before_us: GridState | None = None
    """What we published before a restart, while nobody knows how long ago that was."""

    @property
    def pending(self) -> bool:
        """Whether a quick second reading would confirm a change."""
        return self.candidate is not None


def unknown_grid(now: datetime) -> GridTrack:
    """Return the track of a first start: nothing is known."""
    return GridTrack(state=Grid.UNKNOWN, since=now, last_reading_at=now)


def last_published(retained: GridState | None, kept: GridState | None, now: datetime) -> GridState | None:
    """Return what we published last: the broker has it, or, if it lost it in a power cut, the disk.

    What is on disk does not count if it is dated later than now: the clock was wrong.
    """
    if kept is None or (kept.at > now + CLOCK_SLACK and not is_unset(now)):
        return retained
    return kept if retained is None or retained.at < kept.at else retained


def restore(last: GridState | None, now: datetime, limits: GridLimits) -> GridTrack:
    """Return the track after a restart, restored from our own retained message.

    A recent state still holds; an older one is only the last known. If the clock is not set, it may be either.
    """
    if last is None:
        return unknown_grid(now)
    is_known = last.state is not Grid.UNKNOWN
    known, since = (last.state, last.since) if is_known else (last.last_known, last.last_known_since)
    age = now - last.at
    track = GridTrack(
        state=Grid.UNKNOWN,
        since=now,
        last_reading_at=now,
        confirmed=known,
        confirmed_since=since if timedelta(0) <= age <= SAME_STATE_WITHIN else None,
        transition_id=last.transition_id,
        before_us=last if is_known and is_unset(now) and not is_unset(last.at) else None,
    )
    if is_known and timedelta(0) <= age <= limits.silence:
        return replace(track, state=last.state, since=last.since, last_reading_at=last.at)
    return track


def after_clock_change(track: GridTrack, change: ClockChange) -> GridTrack:
    """Return the track by the new clock; a state from before the restart continues if the pause was short."""
    track, last = replace(change.moved(track), before_us=track.before_us), track.before_us
    if last is None or not change.trusted:
        return track
    track = replace(track, before_us=None)
    if track.state is last.state and timedelta(0) <= track.since - last.at <= SAME_STATE_WITHIN:
        return replace(track, since=last.since, confirmed_since=last.since)
    return track


def verdict(reading: GridReading, limits: GridLimits) -> Grid | None:
    """Return the state that a single reading shows, or None if it does not decide."""
    if reading.voltage_v is None or reading.frequency_hz is None or not reading.is_usable(limits):
        return None
    if reading.voltage_v < limits.lost_v or reading.frequency_hz < limits.lost_hz:
        return Grid.OFF
    low, high = limits.present_hz
    if reading.voltage_v >= limits.present_v and low <= reading.frequency_hz <= high:
        return Grid.ON
    return None


def after_reading(track: GridTrack, reading: GridReading, limits: GridLimits) -> GridTrack:
    """Return the track after a reading."""
    if not reading.is_usable(limits):
        return after_silence(track, reading.at, limits)
    if reading.at - track.last_reading_at > SAME_STATE_WITHIN:  # the host was suspended
        track = after_silence(track, reading.at, limits)
    track = replace(track, last_reading_at=reading.at)
    seen = verdict(reading, limits)
    if seen is None or seen is track.state:
        return replace(track, candidate=None, candidate_since=None)
    if seen is track.candidate or (seen is Grid.OFF and reading.warns_of_loss):
        return confirmed(track, seen, track.candidate_since or reading.at)
    return replace(track, candidate=seen, candidate_since=reading.at)


def after_silence(track: GridTrack, now: datetime, limits: GridLimits) -> GridTrack:
    """Return the track after an attempt without a reading."""
    track = replace(track, candidate=None, candidate_since=None)
    if track.state is Grid.UNKNOWN or timedelta(0) <= now - track.last_reading_at <= limits.silence:
        return track
    return silenced(track)


def silenced(track: GridTrack) -> GridTrack:
    """Return the track once a silence has lasted too long."""
    return unknown_since(track, track.last_reading_at)


def unknown_since(track: GridTrack, since: datetime) -> GridTrack:
    """Return the track of a grid that has been unknown since a moment."""
    return replace(track, state=Grid.UNKNOWN, since=since, candidate=None, candidate_since=None)


def doubt(track: GridTrack, reading: GridReading, limits: GridLimits) -> Reason | None:
    """Return why the state is unknown although readings arrive."""
    if reading.voltage_v is None or reading.frequency_hz is None:
        return poller.GRID_UNREAD()
    if not reading.is_usable(limits):
        return poller.grid_implausible(volts=reading.voltage_v, hertz=reading.frequency_hz)
    if track.state is Grid.UNKNOWN and not track.pending:
        return poller.grid_between_limits(volts=reading.voltage_v, hertz=reading.frequency_hz)
    return None


def to_message(track: GridTrack, at: datetime, reading: GridReading | None = None) -> GridState:
    """Return the message for grid/state."""
    return GridState(
        at=at,
        state=track.state,
        since=track.since,
        transition_id=track.transition_id,
        last_known=track.confirmed,
        last_known_since=track.confirmed_since,
        voltage_v=reading.voltage_v if reading else None,
        frequency_hz=reading.frequency_hz if reading else None,
    )


def confirmed(track: GridTrack, state: Grid, since: datetime) -> GridTrack:
    """Return the track of a grid that has certainly been on or off since a moment."""
    transition_id = track.transition_id
    if state is track.confirmed:  # back from unknown, and nothing has changed
        earlier = track.confirmed_since if since - track.since <= SAME_STATE_WITHIN else None
        since = earlier or since
    else:
        transition_id = f"{state}-{iso(since)}"
    return GridTrack(
        state=state,
        since=since,
        last_reading_at=track.last_reading_at,
        confirmed=state,
        confirmed_since=since,
        transition_id=transition_id,
        before_us=track.before_us if state is track.confirmed else None,
    )

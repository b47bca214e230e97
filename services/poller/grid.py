"""Readings to grid state, pure: no clock, no I/O.

Voltage and frequency together decide, for an open line carries noise volts at 0 Hz. Between the thresholds the last
verdict stands. A change counts when two readings in a row agree, since single zero readings happen, or when the
inverter warns of it too. No reading, no verdict: silence, and figures that contradict each other, turn into `unknown`
and never into an outage.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.messages import Grid, GridState, iso

REMEMBER = timedelta(hours=1)
"""After a longer silence, or pause of ours, nobody knows what happened meanwhile, so `since` begins anew."""


@dataclass(frozen=True)
class Limits:
    """Present from these figures on, lost below those, in between no change; silence beyond `patience` is unknown."""

    present_v: float = 160
    lost_v: float = 100
    present_hz: tuple[float, float] = (45, 65)
    lost_hz: float = 40
    patience: timedelta = timedelta(seconds=15)


NO_VOLTAGE_V = 20
"""Below this no frequency can be measured."""
NO_FREQUENCY_HZ = 1
"""A full voltage always has one; noise volts on an open line are fewer."""


@dataclass(frozen=True)
class Reading:
    """What one reading says about the mains; None is not known. mains_lost is the inverter's own warning."""

    at: datetime
    voltage_v: float | None
    frequency_hz: float | None
    mains_lost: bool = False

    def is_usable(self, limits: Limits) -> bool:
        """Whether the figures can be true: the one without the other is a register that means another thing."""
        if self.voltage_v is None or self.frequency_hz is None:
            return False
        low, high = limits.present_hz
        without_voltage = self.voltage_v < NO_VOLTAGE_V and low <= self.frequency_hz <= high
        without_frequency = self.voltage_v >= limits.present_v and self.frequency_hz < NO_FREQUENCY_HZ
        return self.mains_lost or not (without_voltage or without_frequency)


@dataclass(frozen=True)
class Memory:
    """What is known so far. `confirmed` is the last certain state, `candidate` a change seen once."""

    state: Grid
    since: datetime
    heard_at: datetime
    confirmed: Grid | None = None
    confirmed_since: datetime | None = None
    transition_id: str | None = None
    candidate: Grid | None = None
    candidate_since: datetime | None = None

    @property
    def pending(self) -> bool:
        """Whether a quick second reading would confirm something."""
        return self.candidate is not None


def nothing_known(now: datetime) -> Memory:
    """Return the memory of somebody who has just arrived."""
    return Memory(state=Grid.UNKNOWN, since=now, heard_at=now)


def remembered(last: GridState | None, now: datetime, limits: Limits) -> Memory:
    """Return the memory that our own retained message restores after a restart.

    What was said a moment ago still holds; older, it is only what was known last.
    """
    if last is None:
        return nothing_known(now)
    is_known = last.state is not Grid.UNKNOWN
    known, since = (last.state, last.since) if is_known else (last.last_known, last.last_known_since)
    age = now - last.at
    memory = Memory(
        state=Grid.UNKNOWN,
        since=now,
        heard_at=now,
        confirmed=known,
        confirmed_since=since if timedelta(0) <= age <= REMEMBER else None,
        transition_id=last.transition_id,
    )
    if is_known and timedelta(0) <= age <= limits.patience:
        return replace(memory, state=last.state, since=last.since, heard_at=last.at)
    return memory


def verdict(reading: Reading, limits: Limits) -> Grid | None:
    """Return what one reading says by itself, or None where it does not decide."""
    if reading.voltage_v is None or reading.frequency_hz is None:
        return None
    if reading.voltage_v < limits.lost_v or reading.frequency_hz < limits.lost_hz:
        return Grid.OFF
    low, high = limits.present_hz
    if reading.voltage_v >= limits.present_v and low <= reading.frequency_hz <= high:
        return Grid.ON
    return None


def after_reading(memory: Memory, reading: Reading, limits: Limits) -> Memory:
    """Return the memory after a reading."""
    if not reading.is_usable(limits):
        return after_silence(memory, reading.at, limits)
    memory = replace(memory, heard_at=reading.at)
    seen = verdict(reading, limits)
    if seen is None or seen is memory.state:
        return replace(memory, candidate=None, candidate_since=None)
    if seen is memory.candidate or (seen is Grid.OFF and reading.mains_lost):
        return _confirmed(memory, seen, memory.candidate_since or reading.at)
    return replace(memory, candidate=seen, candidate_since=reading.at)


def after_silence(memory: Memory, now: datetime, limits: Limits) -> Memory:
    """Return the memory after an attempt that brought nothing."""
    memory = replace(memory, candidate=None, candidate_since=None)
    if memory.state is Grid.UNKNOWN or timedelta(0) <= now - memory.heard_at <= limits.patience:
        return memory
    return replace(memory, state=Grid.UNKNOWN, since=memory.heard_at)


def message(memory: Memory, at: datetime, reading: Reading | None = None) -> GridState:
    """Return what grid/state should say."""
    return GridState(
        at=at,
        state=memory.state,
        since=memory.since,
        transition_id=memory.transition_id,
        last_known=memory.confirmed,
        last_known_since=memory.confirmed_since,
        voltage_v=reading.voltage_v if reading else None,
        frequency_hz=reading.frequency_hz if reading else None,
    )


def _confirmed(memory: Memory, state: Grid, since: datetime) -> Memory:
    transition_id = memory.transition_id
    if state is memory.confirmed:  # back from unknown, and nothing has changed
        remembered_since = memory.confirmed_since if since - memory.since <= REMEMBER else None
        since = remembered_since or since
    else:
        transition_id = f"{state}-{iso(since)}"
    return Memory(
        state=state,
        since=since,
        heard_at=memory.heard_at,
        confirmed=state,
        confirmed_since=since,
        transition_id=transition_id,
    )

"""The sum of several inverters, or batteries, over time. Pure.

The sum of several is recorded as `all`. While there is only one, before, between or after times with several, that one
is the sum: queries for `all` get its rows for that time. A silent member is different: then the sum is recorded, as
unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from shared.history.derived import FIVE_MINUTES, STEP_MS
from shared.history.tables import to_ms
from shared.live_figures import ALL

ALONE_AFTER = timedelta(hours=1)
"""If a single device was recorded this much later than the sum, it is the only one left."""
FOREVER = 2**62
"""In ms, later than all times; -FOREVER is before them."""


@dataclass(frozen=True)
class Device:
    """A recorded inverter or battery with its first and its last reading."""

    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Stretch:
    """A time, in ms, for which the rows of one device stand."""

    device: str
    start: int = -FOREVER
    end: int = FOREVER

    @property
    def is_always(self) -> bool:
        """Whether no other device takes over from this one, or this one from another."""
        return (self.start, self.end) == (-FOREVER, FOREVER)


@dataclass(frozen=True)
class Part:
    """Roll-ups of a device: those of a width that begin from `start` up to `end`."""

    device: str
    step: int
    start: int
    end: int


@dataclass(frozen=True)
class Pause:
    """A time, in ms, without a recorded sum, between two with one; and which device was recorded meanwhile."""

    start: int
    end: int
    devices: Sequence[Device]


Unit = Callable[[int], tuple[int, int]]
"""Returns the beginning and the end of the roll-up that includes a time."""


def stretches(name: str, devices: Sequence[Device], pauses: Iterable[Pause] = ()) -> list[Stretch]:
    """Return what stands for a device, in order of time; the sum is unknown in between."""
    if name != ALL:
        return [Stretch(name)]
    single = [device for device in devices if device.name != ALL]
    whole = next((device for device in devices if device.name == ALL), None)
    if whole is None:
        return list(_alone(single, -FOREVER, FOREVER))
    begin, end = _step(whole.first), _step(whole.last) + STEP_MS
    before = list(_alone(single, -FOREVER, begin))
    later = [device for device in single if device.last - whole.last >= ALONE_AFTER]
    found, since = before, begin if before else -FOREVER
    for pause in pauses:
        if alone := list(_alone(pause.devices, pause.start, pause.end)):
            found += [Stretch(ALL, since, pause.start), *alone]
            since = pause.end
    return [*found, Stretch(ALL, since, end if later else FOREVER), *_alone(later, end, FOREVER)]


def _alone(devices: Iterable[Device], start: int, end: int) -> Iterator[Stretch]:
    """Yield when exactly one of some devices was recorded, between two times: two without a sum have no sum."""
    spans = [(device.name, max(start, _step(device.first)), _step(device.last) + STEP_MS) for device in devices]
    spans = [(name, since, min(end, until)) for name, since, until in spans if since < min(end, until)]
    edges = sorted({edge for _, *edges in spans for edge in edges})
    for since, until in pairwise(edges):
        present = [name for name, first, last in spans if first <= since and until <= last]
        if len(present) == 1:  # nothing was recorded before the first and after the last of them
            yield Stretch(present[0], start if since == edges[0] else since, end if until == edges[-1] else until)


def _step(at: datetime) -> int:
    return to_ms(at) // STEP_MS * STEP_MS


def whole_sum(devices: Sequence[Device]) -> Device | None:
    """Return the sum with the time for which it is known, or None if none was ever recorded."""
    if all(device.name != ALL for device in devices):
        return None
    found = {stretch.device for stretch in stretches(ALL, devices)}
    there = [device for device in devices if device.name in found]
    return Device(ALL, min(device.first for device in there), max(device.last for device in there))


def parts(found: Iterable[Stretch], start: int, end: int, step: int, unit: Unit) -> list[Part]:
    """Return the roll-ups that make up what is asked for between two times: those of a width, as far as possible.

    A roll-up in which one device takes over from another would count too much of both, so that time is covered by
    five-minute steps.
    """
    result = []
    for stretch in found:
        since, until = max(start, stretch.start), min(end, stretch.end)
        first, last = since, until
        if step != FIVE_MINUTES:
            first = _whole_from(stretch.start, unit) if since == stretch.start else since
            last = unit(until)[0] if until == stretch.end else until
        pieces = (
            (FIVE_MINUTES, since, min(first, until)),
            (step, first, last),
            (FIVE_MINUTES, max(last, min(first, until)), until),
        )
        result += [Part(stretch.device, *piece) for piece in pieces if piece[1] < piece[2]]
    return result


def _whole_from(at: int, unit: Unit) -> int:
    """Return where the first whole roll-up at or after a time begins."""
    begin, end = unit(at)
    return at if begin == at else end

"""The time axis of the timeline, which its layers share; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BACK, AHEAD = timedelta(hours=12), timedelta(hours=12)
STEP = timedelta(minutes=5)
BUCKETS = BACK // STEP + 1
AXIS_STEPS = (BACK + AHEAD) // STEP


@dataclass(frozen=True)
class Axis:
    """The time axis: it begins at whole five minutes, so that all layers share it."""

    start: datetime
    now: datetime

    @property
    def end(self) -> datetime:
        """The end of the axis."""
        return self.start + BACK + AHEAD

    def percent(self, at: datetime) -> float:
        """Return the position of a moment."""
        return round(100 * ((at - self.start) / (self.end - self.start)), 2)


def axis(now: datetime) -> Axis:
    """Return the axis around a moment; the layers move once a minute."""
    minute = now.replace(second=0, microsecond=0)
    return Axis(minute - timedelta(minutes=minute.minute % 5) - BACK, minute)

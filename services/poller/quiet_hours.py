"""The hours in which the inverter's buzzer is silent. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from shared.conditions import values
from shared.daily_span import in_daily_span
from shared.validation import InvalidValueError

HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)")
BUZZER, MUTE = "buzzer_mode", "mute"


@dataclass(frozen=True)
class QuietHours:
    """A daily span of local time, which may cross midnight."""

    begin: time
    end: time

    def covers(self, local: datetime) -> bool:
        """Return whether they include a local time."""
        return in_daily_span(local.time(), self.begin, self.end)


def quiet_hours(text: str) -> QuietHours | None:
    """Return the hours in a text such as "22:00-07:00", or None for an empty one. Raises InvalidValueError."""
    if not text.strip():
        return None
    found = HOURS.fullmatch(text.strip())
    if not found:
        raise InvalidValueError(values.NOT_HOURS())
    hour, minute, end_hour, end_minute = (int(part) for part in found.groups())
    hours = QuietHours(time(hour, minute), time(end_hour, end_minute))
    if hours.begin == hours.end:
        raise InvalidValueError(values.NOT_HOURS())
    return hours

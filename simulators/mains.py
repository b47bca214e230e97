"""The grid: voltage, frequency and outages, by a daily timetable or by command."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from simulators.noise import Noise

KYIV = ZoneInfo("Europe/Kyiv")
LOWEST_V, HIGHEST_V = 225.0, 238.0
WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")


class GridMode(StrEnum):
    """Whether the mains is on or off by command, or follows the timetable."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"


@dataclass(frozen=True)
class Window:
    """A daily outage in local time, in minutes after midnight; it may run over midnight."""

    begin_min: int
    end_min: int

    def covers(self, local: datetime) -> bool:
        """Return whether the outage is on at a local time."""
        minute = local.hour * 60 + local.minute
        if self.begin_min <= self.end_min:
            return self.begin_min <= minute < self.end_min
        return minute >= self.begin_min or minute < self.end_min


def windows(text: str) -> tuple[Window, ...]:
    """Read a timetable such as "08:00-11:00,18:00-21:30"; "none" means no outages."""
    if text.strip() in ("", "none"):
        return ()
    return tuple(_window(part.strip()) for part in text.split(","))


class Mains:
    """The voltage and frequency at the socket while the grid is on."""

    def __init__(self, seed: int) -> None:
        self._slow = Noise(seed, "mains")
        self._fast = Noise(seed, "mains flicker")
        self._frequency = Noise(seed, "frequency")

    def voltage_v(self, at_s: float, load_w: int) -> float:
        """Return the voltage: it wanders over hours, flickers over seconds and sags under load."""
        wandering = 4.5 * self._slow.smooth(at_s, 4000) + 0.8 * self._fast.smooth(at_s, 5)
        return round(min(HIGHEST_V, max(LOWEST_V, 232.0 + wandering - 0.4 * load_w / 1000)), 1)

    def frequency_hz(self, at_s: float) -> float:
        """Return the frequency, within 49.95 and 50.05 Hz."""
        wandering = 0.03 * self._frequency.smooth(at_s, 120) + 0.02 * self._fast.smooth(at_s + 1, 5)
        return round(50 + wandering, 2)


def _window(text: str) -> Window:
    found = WINDOW.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a window such as 08:00-11:00')
    hour, minute, end_hour, end_minute = (int(part) for part in found.groups())
    window = Window(hour * 60 + minute, end_hour * 60 + end_minute)
    if window.end_min > 1440 or window.begin_min == window.end_min:
        raise ValueError(f'"{text}" is not a window such as 08:00-11:00')
    return window

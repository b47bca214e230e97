"""Frames of a simulated battery, for the tests of what is made of them."""

from typing import Any

from services.bms.battery import Battery
from services.bms.battery_health import Limits
from services.bms.framing import Frame, FrameType
from services.bms.listed_battery import ListedBattery
from shared.messages import Availability
from simulators.jk.frames import Identity, Measurement, cell_frame, device_frame, settings_frame

ADDRESS = "C8:47:80:00:00:01"
IDENTITY = Identity("Pack", "JK_PB2A16S15P", "15.38", "15A", "4012")
DEVICE = Frame(FrameType.DEVICE, device_frame(IDENTITY))
SETTINGS = Frame(FrameType.SETTINGS, settings_frame(IDENTITY, 4, 100))


def cells(counter: int = 1, layout: str = "JK02_32S", **measured: Any) -> Frame:
    """Return a cell frame; another counter makes it a new reading."""
    return Frame(FrameType.CELLS, cell_frame(layout, Measurement((3.3,) * 4, -10.0, 50, 100, **measured), counter))


def battery(interval_s: float = 10, availability: Availability | None = None, **listed: Any) -> Battery:
    """Return a battery that has sent nothing yet."""
    entry = ListedBattery(address=ADDRESS, **listed)
    return Battery(entry, Limits(2.8, 3.6, 0.1), interval_s, availability)

"""`scan`: which batteries can be heard from here, changing nothing."""

import asyncio

from services.bms.radio import Backend, Radio, Seen
from services.bms.settings import BmsSettings

LOOK_S = 8.0


def scan(settings: BmsSettings) -> str:
    """Return a line for each battery, or raise RadioUnavailableError."""
    radio = Radio(backend=Backend.named(settings.ble_backend))
    found = asyncio.run(radio.look_around(LOOK_S))
    return "\n".join(map(_line, found)) or (
        "No JK battery was heard: it is out of range or asleep, or the phone app is connected to it."
    )


def _line(seen: Seen) -> str:
    return f"{seen.name or 'A battery'} at {seen.address}, {seen.rssi_dbm} dBm"

"""The command `scan`: lists the JK batteries in range without changing anything."""

import asyncio

from services.bms.bluetooth import Adapters, Advertisement, Backend
from services.bms.settings import BmsSettings

SCAN_S = 8.0


def scan(settings: BmsSettings) -> str:
    """Return a line for each battery. Raises BluetoothUnavailableError, DeviceOfflineError."""
    found = asyncio.run(_discover(settings))
    return "\n".join(map(_line, found)) or (
        "No JK battery was found: it is out of range or asleep, or the phone app is connected to it."
    )


async def _discover(settings: BmsSettings) -> list[Advertisement]:
    adapter = await Adapters(Backend.named(settings.ble_backend)).named("")
    return await adapter.discover(SCAN_S)


def _line(found: Advertisement) -> str:
    return f"{found.name or 'A battery'} at {found.address}, {found.rssi_dbm} dBm"

"""The command `scan`: lists the JK batteries in range without changing anything."""

import asyncio

from services.bms.bluetooth import Advertisement, Backend, BluetoothAdapter
from services.bms.settings import BmsSettings

SCAN_S = 8.0


def scan(settings: BmsSettings) -> str:
    """Return a line for each battery. Raises BluetoothUnavailableError, DeviceOfflineError."""
    adapter = BluetoothAdapter(backend=Backend.named(settings.ble_backend))
    found = asyncio.run(adapter.discover(SCAN_S))
    return "\n".join(map(_line, found)) or (
        "No JK battery was found: it is out of range or asleep, or the phone app is connected to it."
    )


def _line(found: Advertisement) -> str:
    return f"{found.name or 'A battery'} at {found.address}, {found.rssi_dbm} dBm"

"""The command `scan`: lists the JK batteries in range without changing anything."""

import asyncio

from services.bms.bluetooth import Adapters, Advertisement, Backend
from services.bms.settings import BmsSettings
from shared.conditions import bms
from shared.errors import DeviceOfflineError
from shared.texts.localizer import Localizer

SCAN_S = 8.0


def scan(settings: BmsSettings, localizer: Localizer) -> str:
    """Return a line for each battery. Raises BluetoothUnavailableError, DeviceOfflineError also if none is found."""
    found = asyncio.run(_discover(settings))
    if not found:
        raise DeviceOfflineError(bms.NONE_IN_RANGE())
    return "\n".join(_line(battery, localizer) for battery in found)


async def _discover(settings: BmsSettings) -> list[Advertisement]:
    adapter = await Adapters(Backend.named(settings.ble_backend)).named("")
    return await adapter.discover(SCAN_S)


def _line(found: Advertisement, localizer: Localizer) -> str:
    name = found.name or localizer("tool.battery")
    return localizer("tool.battery_found", name=name, address=found.address, rssi_dbm=found.rssi_dbm)

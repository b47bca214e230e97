"""Fetches the devices of the Tuya account at the start and once a day, as the cloud counts requests."""

import asyncio
from collections.abc import Sequence

from services.tuya.account import Device
from services.tuya.cloud import CloudClient, Credentials
from services.tuya.connector import Connector
from shared.backoff import Backoff
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError
from shared.health import Health

AGAIN_S = 86_400.0
RETRY_FIRST_S = 60.0
RETRY_MOST_S = 3600.0
GangNames = dict[str, dict[str, str]]
"""The owner's names for the switches of a device, by its id."""


def devices_of(credentials: Credentials) -> list[Device]:
    """Return the devices of the account. Blocks. Raises DeviceError."""
    with CloudClient(credentials) as client:
        return client.devices()


async def fetch_devices(connector: Connector, credentials: Credentials, health: Health) -> list[Device]:
    """Return the devices once the cloud lists them; after a refusal, which the user must end, it is asked rarely."""
    backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
    while True:
        pause_s = backoff.next_s()
        try:
            devices = await connector.in_thread(lambda: devices_of(credentials))
        except CommandRefusedError as error:
            health.report("account", error.reason)
            pause_s = RETRY_MOST_S
        except (DeviceOfflineError, BadReplyError) as error:
            health.report("account", error.reason)
        else:
            health.report("account", None)
            return devices
        await asyncio.sleep(pause_s)


async def fetch_gang_names(connector: Connector, credentials: Credentials, devices: Sequence[Device]) -> GangNames:
    """Return the names of the switches of devices that have several, as far as the cloud knows them."""
    several = [device.id for device in devices if len(device.gangs) > 1]
    return await connector.in_thread(lambda: _gang_names(credentials, several)) if several else {}


def _gang_names(credentials: Credentials, ids: Sequence[str]) -> GangNames:
    names: GangNames = {}
    with CloudClient(credentials) as client:
        for id_ in ids:
            try:
                names[id_] = client.gang_names(id_)
            except DeviceError:  # the plug works without them
                continue
    return names

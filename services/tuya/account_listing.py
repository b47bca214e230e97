"""Fetches the devices of the Tuya account, once: the cloud counts requests."""

import asyncio

from services.tuya.account import Device
from services.tuya.cloud import CloudClient, Credentials
from services.tuya.connector import Connector
from shared.backoff import Backoff
from shared.errors import BadReplyError, CommandRefusedError, DeviceOfflineError
from shared.health import Health

RETRY_FIRST_S = 60.0
RETRY_MOST_S = 3600.0


def devices_of(credentials: Credentials) -> list[Device]:
    """Return the devices of the account. Blocks. Raises DeviceError."""
    with CloudClient(credentials) as client:
        return client.devices()


async def fetch_devices(connector: Connector, credentials: Credentials, health: Health) -> list[Device] | None:
    """Return the devices as soon as the cloud lists them; None where it refuses, which only the user can correct."""
    backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
    while True:
        try:
            devices = await connector.in_thread(lambda: devices_of(credentials))
        except CommandRefusedError as error:
            health.report("account", error.reason)
            return None
        except (DeviceOfflineError, BadReplyError) as error:
            health.report("account", error.reason)
        else:
            health.report("account", None)
            return devices
        await asyncio.sleep(backoff.next_s())

"""Names of the home's network."""

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv4Address

from shared.errors import DeviceOfflineError

LOOK_UP_S = 5.0


async def address_of(host: str) -> str:
    """Return the IPv4 address behind a name or an address, or raise DeviceOfflineError."""
    with suppress(ValueError):
        return str(IPv4Address(host))
    try:
        async with asyncio.timeout(LOOK_UP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except (OSError, UnicodeError):  # a TimeoutError is the former
        raise unknown_name(host) from None
    return str(found[0][4][0])


def unknown_name(host: str) -> DeviceOfflineError:
    """Return the error for a name that nobody knows."""
    return DeviceOfflineError(
        f"The name {host} is not known on this network: set MODBUS_HOST in .env to the address of the inverter's "
        "gateway or dongle."
    )

"""Names of the home's network."""

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv4Address

from shared.errors import DeviceOfflineError


async def address_of(host: str, family: socket.AddressFamily = socket.AF_UNSPEC) -> str:
    """Return the address behind a name or an address, or raise DeviceOfflineError."""
    with suppress(ValueError):
        return str(IPv4Address(host))
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=family)
    except (OSError, UnicodeError):
        raise DeviceOfflineError(
            f"The name {host} is not known on this network: set MODBUS_HOST in .env to the address of the inverter's "
            "gateway or dongle."
        ) from None
    return str(found[0][4][0])

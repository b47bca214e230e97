"""Resolution of host names."""

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv4Address

from shared.conditions import poller
from shared.errors import DeviceOfflineError

RESOLVE_S = 5.0


async def resolve(host: str) -> str:
    """Return the IPv4 address of a host name or address, or raise DeviceOfflineError."""
    with suppress(ValueError):
        return str(IPv4Address(host))
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except (OSError, UnicodeError):  # a TimeoutError is an OSError
        raise DeviceOfflineError(poller.host_unknown(host=host)) from None
    return str(found[0][4][0])

"""Resolution of host names."""

import asyncio
import socket
from ipaddress import ip_address

from shared.conditions import poller
from shared.errors import DeviceOfflineError


class HostName:
    """A host name or an address.

    A lookup that takes long goes on, and whoever asks next waits for the same one. So a name server that answers slowly
    is of use in the end, and one that hangs holds a single thread, and not another one with each attempt.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lookup: asyncio.Future[list[str]] | None = None

    async def addresses(self, patience_s: float, family: int = socket.AF_UNSPEC) -> list[str]:
        """Return its addresses, or raise DeviceOfflineError."""
        if _is_address(self._name, family):
            return [self._name]
        self._lookup = lookup = self._lookup or asyncio.ensure_future(_look_up(self._name, family))
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(lookup)
        except (OSError, UnicodeError):  # a TimeoutError is an OSError
            raise DeviceOfflineError(poller.host_unknown(host=self._name)) from None
        finally:
            if lookup.done():
                self._lookup = None


def _is_address(name: str, family: int) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.version == 4 or family != socket.AF_INET


async def _look_up(name: str, family: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]

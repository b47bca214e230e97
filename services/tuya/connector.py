"""Connects to plugs, over the home network or through the cloud, with blocking calls in threads."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from services.tuya.address import Address
from services.tuya.cloud import CloudPlug, Credentials
from services.tuya.connection import PlugConnection
from services.tuya.grid_rules import GangStates
from services.tuya.local import LocalPlug
from services.tuya.plug import Mode, Plug
from shared.messages import Via

T = TypeVar("T")

THREADS = 64
CLOUD_CONNECTIONS = 4
"""The cloud limits requests per second."""


class Connector:
    """Connections to all plugs."""

    def __init__(
        self,
        credentials: Credentials | None,
        local_timeout_s: float,
        heard: Callable[[str], Address | None] = lambda _: None,
    ) -> None:
        self.credentials = credentials
        self._heard = heard
        self._local_timeout_s = local_timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="plug")
        self._cloud = asyncio.Semaphore(CLOUD_CONNECTIONS)

    def ways(self, plug: Plug) -> tuple[Via, ...]:
        """Return the ways to a plug, the best one first."""
        cloud = self.credentials is not None and plug.mode is not Mode.LOCAL
        has_key = plug.mode is not Mode.CLOUD and bool(plug.local_key.get_secret_value())
        local = has_key and bool(plug.host or self._heard(plug.id))
        return (Via.LOCAL,) * local + (Via.CLOUD,) * cloud

    async def connect(self, plug: Plug, via: Via, patience: int = 1) -> "OpenConnection":
        """Return a connection, which must be closed after use; it uses the network only when it reads or switches."""
        if via is Via.LOCAL:
            address = self._heard(plug.id) or Address(plug.host, plug.version)
            local = LocalPlug(plug, address, self._local_timeout_s * patience)
            return OpenConnection(self, via, local, lambda: None)
        if self.credentials is None:
            raise ValueError("there is no account at the cloud")
        await self._cloud.acquire()
        return OpenConnection(self, via, CloudPlug(self.credentials, plug), self._cloud.release)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run a blocking call in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Close without waiting for threads: each ends within its timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class OpenConnection:
    """A connection to one plug that does not block."""

    def __init__(self, connector: Connector, via: Via, plug: PlugConnection, on_closed: Callable[[], None]) -> None:
        self.via = via
        self._connector = connector
        self._plug = plug
        self._on_closed = on_closed

    async def read(self) -> GangStates:
        """Return whether each gang is on. Raises DeviceError."""
        return await self._connector.in_thread(self._plug.read)

    async def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command. Raises DeviceError."""
        await self._connector.in_thread(lambda: self._plug.switch(values))

    def close(self) -> None:
        """Close the connection."""
        self._plug.close()
        self._on_closed()

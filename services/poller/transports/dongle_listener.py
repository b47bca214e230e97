"""The port that dongles connect to, one for all of them: each connection goes to the reader of its dongle."""

import asyncio
import errno
from typing import Protocol

from services.poller.transports.connection import Connection
from services.poller.transports.port_owner import port_taken
from shared.conditions import poller
from shared.conditions.system import os_reason
from shared.errors import DeviceOfflineError


class DongleReader(Protocol):
    """The reader of one dongle; an empty address is any dongle that no other reader has."""

    @property
    def address(self) -> str:
        """The address that the dongle connects from."""

    def admit(self, connection: Connection) -> None:
        """Take a new connection of the dongle."""

    def refuse(self, connection: Connection) -> None:
        """Note a connection of a dongle that no reader has."""


class DongleListener:
    """Listens from the first reader to the last."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._server: asyncio.Server | None = None
        self._readers: list[DongleReader] = []
        self._opening = asyncio.Lock()

    async def open(self, reader: DongleReader) -> None:
        """Listen for the dongle of a reader. Raises DeviceOfflineError."""
        if reader not in self._readers:
            self._readers.append(reader)
        async with self._opening:
            if self._server:
                return
            try:
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(
                    lambda: Connection(self._dispatch),
                    "0.0.0.0",  # noqa: S104
                    self.port,
                )
            except OSError as error:
                taken = error.errno == errno.EADDRINUSE
                reason = (
                    port_taken(self.port) if taken else poller.port_unusable(port=self.port, cause=os_reason(error))
                )
                raise DeviceOfflineError(reason) from None
            self.port = self._server.sockets[0].getsockname()[1]

    def close(self, reader: DongleReader) -> None:
        """Stop listening, unless there are other readers."""
        if reader in self._readers:
            self._readers.remove(reader)
        if not self._readers and self._server:
            self._server.close()
            self._server = None

    def others(self, reader: DongleReader) -> set[str]:
        """Return the addresses of the dongles of other readers."""
        return {other.address for other in self._readers if other is not reader}

    def _dispatch(self, connection: Connection) -> None:
        owners = [reader for reader in self._readers if reader.address == connection.peer]
        owners += [reader for reader in self._readers if not reader.address]
        if owners:
            owners[0].admit(connection)
            return
        for reader in self._readers:
            reader.refuse(connection)
        connection.close()

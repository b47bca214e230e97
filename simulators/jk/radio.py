"""The air: a link shared by the batteries and the service, one controller each.

Works around two gaps of bumble's controller (0.0.236) that a service would notice: it cannot cancel a pending
connection, and it does not end links when the process at the other end dies.
"""

import asyncio
from contextlib import suppress
from typing import Any

from bumble import hci, ll
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport import open_transport
from bumble.transport.common import Transport

POLL_S = 0.05
SUPERVISION_TIMEOUT = 0x08
UNKNOWN_CONNECTION = 0x02


class Chip(Controller):
    """A Bluetooth chip whose connections can be cancelled, reset and lost."""

    def on_hci_le_create_connection_cancel_command(self, command: Any) -> Any:
        """Report the pending connection as cancelled."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending:
            asyncio.get_running_loop().call_soon(self.send_hci_packet, _cancelled(pending))
        return super().on_hci_le_create_connection_cancel_command(command)

    def on_hci_reset_command(self, command: Any) -> Any:
        """End all links on reset: the host has forgotten them."""
        self.lose_links()
        return super().on_hci_reset_command(command)

    def lose_links(self) -> None:
        """End every link as if out of range; stop advertising and scanning."""
        self.pending_le_connection = None
        self.le_scan_enable = False
        for connection in list(self.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(SUPERVISION_TIMEOUT))
            self.le_connections.pop(connection.peer_address, None)
        with suppress(Exception):  # bumble asserts that it advertises
            self.le_legacy_advertiser.stop()


def _cancelled(pending: Any) -> Any:
    return hci.HCI_LE_Connection_Complete_Event(
        status=UNKNOWN_CONNECTION,
        connection_handle=0,
        role=0,
        peer_address_type=pending.peer_address_type,
        peer_address=pending.peer_address,
        connection_interval=0,
        peripheral_latency=0,
        supervision_timeout=0,
        central_clock_accuracy=0,
    )


class Radio:
    """The shared air, and a TCP port where a service finds its chip."""

    def __init__(self) -> None:
        self.link = LocalLink()  # type: ignore[no-untyped-call]
        self.port = 0
        self._transport: Transport | None = None
        self._watch: asyncio.Task[None] | None = None

    def chip(self, name: str, source: Any = None, sink: Any = None) -> Chip:
        """Return a chip on this air, for a host in this process or one connected by a source and a sink."""
        return Chip(name, host_source=source, host_sink=sink, link=self.link)

    async def start(self, host: str, port: int) -> None:
        """Offer a chip at a port, to one service at a time."""
        self._transport = await open_transport(f"tcp-server:{host}:{port}")
        self.port = port
        chip = self.chip("service", self._transport.source, self._transport.sink)
        self._watch = asyncio.create_task(_watch_host(self._transport, chip))

    async def stop(self) -> None:
        """Close the port."""
        if self._watch:
            self._watch.cancel()
        if self._transport:
            await self._transport.close()


async def _watch_host(transport: Any, chip: Chip) -> None:
    """Lose the links of a service that has died: nothing else informs the batteries."""
    was_there = False
    while True:
        await asyncio.sleep(POLL_S)
        is_there = transport.sink.transport is not None
        if was_there and not is_there:
            chip.lose_links()
        was_there = is_there

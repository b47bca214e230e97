"""The addresses that plugs announce by UDP: a plug with a new address is found by its id."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterable

from services.tuya.address import Address
from services.tuya.local import announced, ask_for_announcements
from shared.conditions.system import os_reason

log = logging.getLogger("tuya")

HOLDS_S = 600.0
"""Plugs announce themselves every few seconds while nobody is connected to them."""
ASK_S = 60.0
ASKED_ON = 7000
"""From version 3.5 on plugs also answer there when asked."""


class Announcements:
    """Listens for announcements, and keeps those of `wanted` plugs. `on_move` is called with the id."""

    def __init__(self, ports: Iterable[int], wanted: Callable[[str], bool], on_move: Callable[[str], None]) -> None:
        self._ports = tuple(ports)
        self._wanted = wanted
        self._on_move = on_move
        self._heard: dict[str, tuple[Address, float]] = {}

    def address(self, id_: str) -> Address | None:
        """Return the address that a plug has recently announced."""
        address, at_s = self._heard.get(id_, (None, 0.0))
        return address if time.monotonic() - at_s < HOLDS_S else None

    async def run(self) -> None:
        """Listen until cancelled."""
        loop = asyncio.get_running_loop()
        transports = [transport for port in self._ports if (transport := await self._listen(port))]
        try:
            while True:
                if ASKED_ON in self._ports and transports:
                    await loop.run_in_executor(None, ask_for_announcements)
                await asyncio.sleep(ASK_S)
        finally:
            for transport in transports:
                transport.close()

    async def _listen(self, port: int) -> asyncio.DatagramTransport | None:
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Receiver(self.receive),
                local_addr=("0.0.0.0", port),  # noqa: S104 - announcements are broadcasts
                family=socket.AF_INET,
                reuse_port=True,
            )
        except OSError as error:
            log.info("Plugs that announce themselves on UDP port %d are not heard: %s.", port, os_reason(error))
            return None
        return transport

    def receive(self, packet: bytes) -> None:
        """Take in an announcement; anybody may send anything."""
        for id_, address in announced(packet).items():
            if not self._wanted(id_):
                continue
            before = self.address(id_)
            self._heard[id_] = (address, time.monotonic())
            if before != address:
                log.debug("%s is at %s.", id_, address.host)
                self._on_move(id_)


class _Receiver(asyncio.DatagramProtocol):
    """Passes packets on."""

    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, _addr: object) -> None:
        """Pass a packet on."""
        self._receive(data)

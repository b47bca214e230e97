"""The Wi-Fi dongle's reverse connection: we order it by UDP to connect to us, and it does by TCP.

One connection at a time. The newest one counts, for a dongle that has restarted connects again while the old connection
still looks alive. The order is sent every ANNOUNCE_S seconds, but only while no connection is open.
"""

import asyncio
import errno
from collections import deque
from contextlib import suppress

from services.poller.modbus_frames import EyeBond, Framing, RawDongle
from services.poller.transports.connection import Connection
from services.poller.transports.dongle_discovery import DongleDiscovery, local_address_towards
from services.poller.transports.host_names import resolve
from services.poller.transports.port_owner import port_taken
from shared.conditions import Reason, poller
from shared.conditions.system import os_reason
from shared.errors import DeviceOfflineError

ANNOUNCE_S = 3.0
CONNECT_S = ANNOUNCE_S + 2.0
"""How long to wait for the dongle: until the next announcement, and the time that a dongle takes to act on it."""
ANSWER_S = 0.7
"""How long to wait for answers to a broadcast."""
SECOND_DONGLE_S = 1.0
LOSSES, LOSSES_WITHIN_S = 4, 60.0
"""So many lost connections in so short a time mean that another program takes the dongle away."""
CHECK_S = 0.5
PROBES = 2
"""After so many probes without an answer all dongles get the order, for some answer to nothing else."""


class DongleTransport:
    """A dongle that connects to us.

    An empty host means the only dongle on the network, an empty local_ip the address of ours on the route to it.
    """

    gap_s = 0.1

    def __init__(self, host: str, local_ip: str, port: int, udp_port: int, broadcast: str) -> None:
        self.framings: tuple[Framing, ...] = (EyeBond(), RawDongle())
        self._host = host
        self._local_ip = local_ip
        self._port = port
        self._udp_port = udp_port
        self._broadcast = broadcast
        self._discovery = DongleDiscovery()
        self._server: asyncio.Server | None = None
        self._announcing: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._address = ""
        self._ordered_all = False
        self._connected = asyncio.Event()
        self._callers: dict[str, Connection] = {}
        self._losses: deque[float] = deque(maxlen=LOSSES)

    @property
    def where(self) -> str:
        """The address of the dongle, as far as it is known."""
        return self._connection.peer if self._connection else self._host

    async def open(self) -> Connection:
        """Wait for the dongle's connection, and announce meanwhile where it should connect."""
        began = _now()
        self._address = await resolve(self._host) if self._host else ""
        await self._listen()
        if self._connection and self._connection.lost:
            self._stop_announcing()  # the next announcement is due at once
        self._announcing = self._announcing or asyncio.create_task(self._announce())
        if self._announcing and self._announcing.done():
            self._announcing.result()  # raises what ended it, which can only be a bug
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                return await self._accept()
        raise DeviceOfflineError(self._why_no_connection(self._discovery.answered_since(began)))

    @property
    def problem(self) -> Reason | None:
        """What is wrong although readings come: another program keeps taking the dongle away."""
        if len(self._losses) < LOSSES or _now() - self._losses[0] > LOSSES_WITHIN_S:
            return None
        return poller.dongle_contended(times=LOSSES, seconds=LOSSES_WITHIN_S)

    def no_answer(self, unit: int, timeout_s: float) -> Reason:
        """Return the reason for a dongle behind which no inverter answers."""
        return poller.no_answer_from_dongle(where=self.where, unit=unit, seconds=timeout_s)

    def bad_answer(self, framing: Framing) -> Reason:
        """Return the reason for a dongle that sends damaged data."""
        return poller.bad_answer_from_dongle(where=self.where, protocol=framing.name)

    def close(self) -> None:
        """Stop listening and announcing."""
        for closable in (*self._callers.values(), self._server, self._discovery):
            if closable:
                closable.close()
        self._stop_announcing()
        self._server = None

    # the connection

    async def _listen(self) -> None:
        """Listen before anything is announced: a dongle connects at once."""
        if self._server:
            return
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Connection(self._admit), "0.0.0.0", self._port)  # noqa: S104
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = port_taken(self._port) if taken else poller.port_unusable(port=self._port, cause=os_reason(error))
            raise DeviceOfflineError(reason) from None
        self._port = self._server.sockets[0].getsockname()[1]
        await self._discovery.start()

    async def _accept(self) -> Connection:
        """Return a connection that lasts. After an order to all dongles a second one may be about to connect, too."""
        while self._connection is None or self._connection.lost:
            self._connected.clear()
            await self._connected.wait()
        if self._ordered_all:
            await asyncio.sleep(SECOND_DONGLE_S)
        connected = [peer for peer, connection in self._callers.items() if not connection.lost]
        if len(connected) > 1 and not self._address:
            self._connection.close()
            raise DeviceOfflineError(_several(connected))
        if self._connection.lost:  # a port scan, not the dongle
            return await self._accept()
        return self._connection

    def _admit(self, connection: Connection) -> None:
        """Take a new connection, unless another peer's is open, or another dongle is configured."""
        self._callers[connection.peer] = connection
        if self._address and connection.peer != self._address:
            connection.close()
            return
        if self._connection and not self._connection.lost and self._connection.peer != connection.peer:
            return
        if self._connection and not self._connection.closed:
            self._losses.append(_now())
            self._connection.close()
        self._connection = connection
        self._connected.set()

    # the announcement

    async def _announce(self) -> None:
        """Repeat the order while no connection is open."""
        self._callers.clear()
        attempts = 0
        while True:
            if self._connection and not self._connection.lost:
                await asyncio.sleep(CHECK_S)
                continue
            began = _now()
            with suppress(OSError):  # no route to it at the moment
                await self._order(attempts)
            attempts += 1
            await asyncio.sleep(began + ANNOUNCE_S - _now())
            if self._discovery.answered_since(began):  # it is about to connect; another order would make it start over
                await asyncio.sleep(ANNOUNCE_S)

    def _stop_announcing(self) -> None:
        if self._announcing:
            self._announcing.cancel()
            self._announcing = None

    async def _order(self, attempts: int) -> None:
        """Order the configured dongle, or the only one that answers a probe, to connect."""
        if self._address:
            self._redirect(self._address)
            return
        began = _now()
        self._discovery.probe((self._broadcast, self._udp_port))
        await asyncio.sleep(ANSWER_S)
        answered = self._discovery.answered_since(began)
        self._ordered_all = not answered and attempts >= PROBES
        if len(answered) == 1:
            self._redirect(answered[0])
        elif self._ordered_all:
            self._redirect(self._broadcast)

    def _redirect(self, host: str) -> None:
        local_ip = self._local_ip or local_address_towards(host)
        self._discovery.redirect((host, self._udp_port), (local_ip, self._port))

    # what went wrong

    def _why_no_connection(self, answered: list[str]) -> Reason:
        if not self._host and len(answered) > 1:
            return _several(answered)
        strangers = [peer for peer in self._callers if peer != self._address]
        if self._address and strangers:
            return poller.dongle_at_other_address(caller=strangers[0], host=self._host)
        if answered:
            return poller.dongle_does_not_connect(address=answered[0], port=self._port)
        if self._host:
            return poller.dongle_not_at_host(host=self._host, udp_port=self._udp_port)
        return poller.dongle_not_found(broadcast=self._broadcast, udp_port=self._udp_port)


def _several(addresses: list[str]) -> Reason:
    return poller.several_dongles(addresses=", ".join(sorted(addresses)))


def _now() -> float:
    return asyncio.get_running_loop().time()

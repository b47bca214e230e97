"""The Wi-Fi dongle's reverse connection: we order it by UDP to connect to us, and it does by TCP.

There is one connection at a time. The newest one counts, because a dongle that has restarted connects again while the
old connection still looks alive. The order is sent every ANNOUNCE_S seconds, but only while no connection is open.
"""

import asyncio
import socket
from collections import deque
from contextlib import suppress

from services.poller.modbus_frames import EyeBond, Framing, RawDongle
from services.poller.transports.connection import Connection
from services.poller.transports.dongle_discovery import DongleDiscovery, local_address_towards
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.host_names import HostName
from shared.conditions import Reason, poller
from shared.errors import DeviceOfflineError

RESOLVE_S = 5.0
ANNOUNCE_S = 3.0
CONNECT_S = ANNOUNCE_S + 2.0
"""How long to wait for the dongle: until the next announcement, and for the dongle to act on it."""
ANSWER_S = 0.7
"""How long to wait for answers to a broadcast."""
SECOND_DONGLE_S = 1.0
LOSSES, LOSSES_WITHIN_S = 4, 60.0
"""This many lost connections within this time mean that another program takes the dongle away."""
CHECK_S = 0.5
PROBES = 2
"""After this many probes without an answer all dongles get the order, because some answer to nothing else."""


class DongleTransport:
    """A dongle that connects to us.

    An empty host means the only dongle on the network that no other reader has, an empty local_ip this machine's
    address on the route to it.
    """

    gap_s = 0.1

    def __init__(self, host: str, local_ip: str, listener: DongleListener, udp_port: int, broadcast: str) -> None:
        self.framings: tuple[Framing, ...] = (EyeBond(), RawDongle())
        self._host = host
        self._name = HostName(host)
        self._local_ip = local_ip
        self._listener = listener
        self._udp_port = udp_port
        self._broadcast = broadcast
        self._discovery = DongleDiscovery()
        self._announcing: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self.address = ""
        self._ordered_all = False
        self._connected = asyncio.Event()
        self._callers: dict[str, Connection] = {}
        self._losses: deque[float] = deque(maxlen=LOSSES)

    @property
    def where(self) -> str:
        """The address of the dongle, as far as it is known."""
        return self._connection.peer if self._connection else self._host

    async def open(self) -> Connection:
        """Wait for the dongle's connection, meanwhile announcing where it should connect."""
        began = _now()
        self.address = (await self._name.addresses(RESOLVE_S, socket.AF_INET))[0] if self._host else ""
        await self._listener.open(self)  # before anything is announced: a dongle connects at once
        await self._discovery.start()
        if self._connection and self._connection.lost:
            self._stop_announcing()  # the next announcement is due at once
        self._announcing = self._announcing or asyncio.create_task(self._announce())
        if self._announcing and self._announcing.done():
            self._announcing.result()  # raises what ended it, which can only be a bug
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                return await self._accept()
        raise DeviceOfflineError(self._why_no_connection(self._answered_since(began)))

    @property
    def problem(self) -> Reason | None:
        """What is wrong although readings arrive: another program keeps taking the dongle away."""
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
        for connection in self._callers.values():
            connection.close()
        self._discovery.close()
        self._stop_announcing()
        self._listener.close(self)

    # the connection

    async def _accept(self) -> Connection:
        """Return a connection that lasts. After an order to all dongles a second one may also be about to connect."""
        while self._connection is None or self._connection.lost:
            self._connected.clear()
            await self._connected.wait()
        if self._ordered_all:
            await asyncio.sleep(SECOND_DONGLE_S)
        connected = [peer for peer, connection in self._callers.items() if not connection.lost]
        if len(connected) > 1 and not self.address:
            self._connection.close()
            raise DeviceOfflineError(_several(connected))
        if self._connection.lost:  # a port scan, not the dongle
            return await self._accept()
        return self._connection

    def admit(self, connection: Connection) -> None:
        """Take a new connection, unless another peer's is open."""
        self._callers[connection.peer] = connection
        if self._connection and not self._connection.lost and self._connection.peer != connection.peer:
            return
        if self._connection and not self._connection.closed:
            self._losses.append(_now())
            self._connection.close()
        self._connection = connection
        self._connected.set()

    def refuse(self, connection: Connection) -> None:
        """Note a connection of a dongle that no reader has: perhaps it is this one, at another address."""
        self._callers[connection.peer] = connection

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
            if self._answered_since(began):  # it is about to connect; another order would make it start over
                await asyncio.sleep(ANNOUNCE_S)

    def _stop_announcing(self) -> None:
        if self._announcing:
            self._announcing.cancel()
            self._announcing = None

    async def _order(self, attempts: int) -> None:
        """Order the configured dongle, or the only one that answers a probe, to connect."""
        if self.address:
            self._redirect(self.address)
            return
        began = _now()
        self._discovery.probe((self._broadcast, self._udp_port))
        await asyncio.sleep(ANSWER_S)
        answered = self._answered_since(began)
        self._ordered_all = not answered and attempts >= PROBES and not self._listener.others(self)
        if len(answered) == 1:
            self._redirect(answered[0])
        elif self._ordered_all:
            self._redirect(self._broadcast)

    def _redirect(self, host: str) -> None:
        local_ip = self._local_ip or local_address_towards(host)
        self._discovery.redirect((host, self._udp_port), (local_ip, self._listener.port))

    def _answered_since(self, moment: float) -> list[str]:
        """Return the dongles that have answered and that no other reader has."""
        others = self._listener.others(self)
        return [address for address in self._discovery.answered_since(moment) if address not in others]

    # what went wrong

    def _why_no_connection(self, answered: list[str]) -> Reason:
        if not self._host and len(answered) > 1:
            return _several(answered)
        strangers = [peer for peer in self._callers if peer != self.address]
        if self.address and strangers:
            return poller.dongle_at_other_address(caller=strangers[0], host=self._host)
        if answered:
            return poller.dongle_does_not_connect(address=answered[0], port=self._listener.port)
        if self._host:
            return poller.dongle_not_at_host(host=self._host, udp_port=self._udp_port)
        return poller.dongle_not_found(broadcast=self._broadcast, udp_port=self._udp_port)


def _several(addresses: list[str]) -> Reason:
    return poller.several_dongles(addresses=", ".join(sorted(addresses)))


def _now() -> float:
    return asyncio.get_running_loop().time()

"""The Wi-Fi dongle's reverse connection: we tell it by UDP where to call, and it calls.

One call at a time: the newest one counts, for a dongle that has restarted calls again while the old connection still
looks alive. It is told only while no call stands, every ANNOUNCE_S seconds.
"""

import asyncio
import errno
import os
from collections import deque
from contextlib import suppress

from services.poller.announce import Announcer, address_towards
from services.poller.frames import EyeBond, Framing, RawDongle
from services.poller.lookup import address_of
from services.poller.pipe import Pipe
from services.poller.port_owner import owner_of
from shared.errors import DeviceOfflineError

ANNOUNCE_S = 3.0
CALL_S = ANNOUNCE_S + 2.0
"""How long a call is waited for: the next announcement, and the time that a dongle takes to act on it."""
ANSWER_S = 0.7
"""How long the answers to a question to all are waited for."""
SECOND_CALL_S = 1.0
CALLED_AWAY, CALLED_AWAY_S = 4, 60.0
STANDS_S = 0.5
PROBES = 2
"""So many announcements go to whoever answers; then all are told at once, for some answer to nothing but an order."""


class DongleWire:
    """A dongle that calls us. host "" means the only one on the network; local_ip "" the address that it can see."""

    gap_s = 0.1

    def __init__(self, host: str, local_ip: str, port: int, udp_port: int, broadcast: str) -> None:
        self.framings: tuple[Framing, ...] = (EyeBond(), RawDongle())
        self._host = host
        self._local_ip = local_ip
        self._port = port
        self._udp_port = udp_port
        self._broadcast = broadcast
        self._announcer = Announcer()
        self._server: asyncio.Server | None = None
        self._announcing: asyncio.Task[None] | None = None
        self._pipe: Pipe | None = None
        self._address = ""
        self._told_all = False
        self._called = asyncio.Event()
        self._callers: dict[str, Pipe] = {}
        self._called_away: deque[float] = deque(maxlen=CALLED_AWAY)

    @property
    def where(self) -> str:
        """What the dongle is called in a sentence."""
        return f"the dongle at {self._pipe.peer}" if self._pipe else "the dongle"

    async def open(self) -> Pipe:
        """Wait for a call; tell the dongle meanwhile where to call."""
        began = _now()
        self._address = await address_of(self._host) if self._host else ""
        await self._listen()
        if self._pipe and self._pipe.lost:
            self._stop_announcing()  # so that it is told at once
        self._announcing = self._announcing or asyncio.create_task(self._announce())
        if self._announcing and self._announcing.done():
            self._announcing.result()  # a bug in it must not go unheard
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL_S):
                return await self._call()
        raise DeviceOfflineError(self._why_nobody_calls(self._announcer.heard_since(began)))

    @property
    def trouble(self) -> str | None:
        """What is wrong with the wire although readings come."""
        if len(self._called_away) < CALLED_AWAY or _now() - self._called_away[0] > CALLED_AWAY_S:
            return None
        return (
            f"The dongle left us {CALLED_AWAY} times within {CALLED_AWAY_S:g} s: another program (SmartESS in local "
            "mode, Home Assistant, a second poller) uses it too, and only one can; or its Wi-Fi keeps breaking off."
        )

    def silence(self, unit: int, timeout_s: float) -> str:
        """Return the sentence for a dongle behind which nobody speaks Modbus."""
        return (
            f"{self.where.capitalize()} has called, but no inverter behind it answers Modbus as unit {unit} within "
            f"{timeout_s:g} s: its cable is loose, MODBUS_UNIT_ID is another, or it is a PI30 model (Easun SMW, SMH, "
            "SMR, SMT and others), which this program does not read."
        )

    def noise(self, framing: Framing) -> str:
        """Return the sentence for a dongle that sends nonsense."""
        return (
            f"{self.where.capitalize()} sends something that is not a whole {framing.name} answer: does a second cable "
            "or program share the inverter's port?"
        )

    def close(self) -> None:
        """Stop listening and announcing."""
        for closable in (*self._callers.values(), self._server, self._announcer):
            if closable:
                closable.close()
        self._stop_announcing()
        self._server = None

    # the call

    async def _listen(self) -> None:
        """Before anything is announced: a dongle calls at once."""
        if self._server:
            return
        try:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Pipe(self._answer), "0.0.0.0", self._port)  # noqa: S104
        except OSError as error:
            reason = f"cannot be used ({os.strerror(error.errno or 0).lower()}): set MODBUS_PORT to another."
            if error.errno == errno.EADDRINUSE:
                reason = f"is taken by {owner_of(self._port)}: end that program, or set MODBUS_PORT."
            raise DeviceOfflineError(f"Port {self._port}, where the dongle should call, {reason}") from None
        self._port = self._server.sockets[0].getsockname()[1]
        await self._announcer.start()

    async def _call(self) -> Pipe:
        """Return a call that stands. After a call to all, a second dongle may be about to call as well."""
        while self._pipe is None or self._pipe.lost:
            self._called.clear()
            await self._called.wait()
        if self._told_all:
            await asyncio.sleep(SECOND_CALL_S)
        calling = [peer for peer, pipe in self._callers.items() if not pipe.lost]
        if len(calling) > 1 and not self._address:
            self._pipe.close()
            raise DeviceOfflineError(self._several(calling))
        if self._pipe.lost:  # it only knocked
            return await self._call()
        return self._pipe

    def _answer(self, pipe: Pipe) -> None:
        """Take a call; the one that stands is ended by nobody else, and a dongle that was named is the only one."""
        self._callers[pipe.peer] = pipe
        if self._address and pipe.peer != self._address:
            pipe.close()
            return
        if self._pipe and not self._pipe.lost and self._pipe.peer != pipe.peer:
            return
        if self._pipe and not self._pipe.closed:
            self._called_away.append(_now())
            self._pipe.close()
        self._pipe = pipe
        self._called.set()

    # the announcement

    async def _announce(self) -> None:
        """Tell the dongle again and again while no call stands."""
        self._callers.clear()
        fruitless = 0
        while True:
            if self._pipe and not self._pipe.lost:
                await asyncio.sleep(STANDS_S)
                continue
            began = _now()
            with suppress(OSError):  # no way to it at the moment
                await self._tell(fruitless)
            fruitless += 1
            await asyncio.sleep(began + ANNOUNCE_S - _now())
            if self._announcer.heard_since(began):  # it is about to call, and another order would make it begin anew
                await asyncio.sleep(ANNOUNCE_S)

    def _stop_announcing(self) -> None:
        if self._announcing:
            self._announcing.cancel()
            self._announcing = None

    async def _tell(self, fruitless: int) -> None:
        """Tell the dongle that is known or has answered; the answers to a question take a moment."""
        if self._address:
            self._redirect(self._address)
            return
        began = _now()
        self._announcer.probe((self._broadcast, self._udp_port))
        await asyncio.sleep(ANSWER_S)
        answered = self._announcer.heard_since(began)
        self._told_all = not answered and fruitless >= PROBES
        if len(answered) == 1:
            self._redirect(answered[0])
        elif self._told_all:
            self._redirect(self._broadcast)

    def _redirect(self, host: str) -> None:
        local_ip = self._local_ip or address_towards(host)
        self._announcer.redirect((host, self._udp_port), (local_ip, self._port))

    # what to say

    def _why_nobody_calls(self, answered: list[str]) -> str:
        if not self._host and len(answered) > 1:
            return self._several(answered)
        strangers = [peer for peer in self._callers if peer != self._address]
        if self._address and strangers:
            return (
                f"A call came from {strangers[0]}, but MODBUS_HOST is {self._host}: set it to that address if this is "
                "the dongle; behind a proxy leave it empty and set DONGLE_BROADCAST to the dongle's own address."
            )
        if answered:
            return (
                f"The dongle at {answered[0]} answers but does not call port {self._port} of this machine: set "
                "LOCAL_IP to the address of this machine that the dongle can reach (in Docker: the host's, with the "
                "port published), and look for a firewall, or for another program that calls the dongle away."
            )
        if self._host:
            return (
                f"No dongle answers at {self._host} (UDP {self._udp_port}): is it on, in this network, and is "
                "MODBUS_HOST its address?"
            )
        return (
            f"No dongle answers on this network (broadcast to {self._broadcast}, UDP {self._udp_port}): is it on and "
            "in this network? In Docker only the host's network carries broadcasts: set MODBUS_HOST to the dongle's "
            "address."
        )

    def _several(self, addresses: list[str]) -> str:
        return f"Several dongles answer ({', '.join(sorted(addresses))}): set MODBUS_HOST to the one that is meant."


def _now() -> float:
    return asyncio.get_running_loop().time()

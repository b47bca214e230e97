"""What the wires to the inverter have in common: they are there or gone, carry conversations, and fail on demand."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from shared.errors import CommandRefusedError
from simulators.conversation import Conversation, Device, Line, WireFault
from simulators.faults import Fault, FaultKind, Faults
from simulators.framing import Framing
from simulators.registers import Words

log = logging.getLogger("wire")


class Transport(StrEnum):
    """The kinds of wire."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"
    DONGLE = "dongle"


class Wire(ABC):
    """A way to the inverter. `start` of each kind takes where it should be; everything else is the same."""

    transport: Transport
    impossible: Mapping[FaultKind, str] = MappingProxyType({})
    """Faults that make no sense here, each with the sentence that says why."""

    def __init__(self, words: Callable[[], Words], *, unit: int = 1) -> None:
        self.device = Device(words, unit)
        self._there = False
        self._conversations = 0
        self._turn = asyncio.Lock()  # coming and going take a while, and the next command may not overtake them
        self._accident: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def place(self) -> dict[str, Any]:
        """Where a reader finds it."""

    @abstractmethod
    async def _come(self) -> None:
        """Be there, where it was before if it was."""

    @abstractmethod
    async def _go(self) -> None:
        """Be gone, and cut who is connected."""

    @abstractmethod
    def _framing(self) -> Framing:
        """Return the ears for a new connection."""

    @property
    def faults(self) -> Faults:
        """What goes wrong at present."""
        return self.device.faults

    @property
    def connected(self) -> bool:
        """Whether somebody is at the other end."""
        return self._conversations > 0

    def state(self) -> dict[str, Any]:
        """Return what is so at the wire."""
        return {
            "transport": self.transport,
            **self.place,
            "there": self._there,
            "connected": self.connected,
            "requests": self.device.requests,
            "answered": self.device.answered,
            "latency_s": self.device.latency_s,
        }

    async def stop(self) -> None:
        """Be gone for good."""
        async with self._turn:
            await self._forget_accident()
            await self._vanish()

    async def fail(self, *faults: Fault) -> None:
        """Let these things go wrong from now on, and nothing else; CommandRefusedError where one makes no sense."""
        for fault in faults:
            if fault.kind in self.impossible:
                raise CommandRefusedError(self.impossible[fault.kind])
        async with self._turn:
            await self._forget_accident()
            self.faults.active = tuple(fault for fault in faults if fault.kind is not FaultKind.NONE)
            at_once = [fault for fault in self.faults.active if fault.at_once]
            if not at_once:
                await self._appear()
                return
            await self._vanish()
            if all(fault.kind is FaultKind.REBOOT for fault in at_once):
                self._accident = asyncio.create_task(self._back_after(at_once[0]))

    async def steal(self, host: str, port: int) -> None:  # noqa: ARG002
        """Take the device away from its reader, as another program may take a dongle."""
        raise CommandRefusedError(f"Only a dongle can be stolen, and this wire is {self.transport}.")

    async def _converse(self, line: Line) -> None:
        """Answer on one connection until it ends."""
        self._conversations += 1
        try:
            await Conversation(self.device, self._framing()).run(line)
        except (OSError, EOFError):
            pass  # the reader went away
        except WireFault as struck:
            self._strike(struck.fault)
        finally:
            self._conversations -= 1

    def _strike(self, fault: Fault) -> None:
        """Begin what a request set off; where the fault is only that this connection ends, it is done."""
        if fault.kind is not FaultKind.REFUSE and not self._accident:
            self._accident = asyncio.create_task(self._struck(fault))

    async def _struck(self, fault: Fault) -> None:
        async with self._turn:
            await self._vanish()
        if fault.kind is FaultKind.REBOOT:
            await self._back_after(fault)

    async def _back_after(self, fault: Fault) -> None:
        await asyncio.sleep(fault.latency_s)
        async with self._turn:
            self._accident = None
            self.faults.active = tuple(other for other in self.faults.active if other is not fault)
            try:
                await self._appear()
            except OSError as error:
                log.error("It cannot come back: %s.", error)

    async def _forget_accident(self) -> None:
        accident, self._accident = self._accident, None
        if accident:
            accident.cancel()
            await asyncio.gather(accident, return_exceptions=True)

    async def _appear(self) -> None:
        if not self._there:
            await self._come()
            self._there = True

    async def _vanish(self) -> None:
        if self._there:
            self._there = False
            await self._go()

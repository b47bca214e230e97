"""What all transports have in common: they go up and down, carry Modbus sessions, and fail on demand."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from shared.conditions import Reason
from shared.errors import CommandRefusedError
from simulators.faults import Fault, FaultKind, Faults
from simulators.registers import Words
from simulators.transports.framing import Framing
from simulators.transports.modbus_session import Connection, Device, ModbusSession, TransportFault

log = logging.getLogger("transport")


class TransportKind(StrEnum):
    """The kinds of transport, as in HOUSE_TRANSPORT."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"
    DONGLE = "dongle"


class Transport(ABC):
    """A way to the inverter. Only `start` differs between kinds, by the address that it takes."""

    kind: TransportKind
    impossible: Mapping[FaultKind, str] = MappingProxyType({})
    """Faults that make no sense here, each with the reason."""

    def __init__(self, words: Callable[[], Words], *, unit: int = 1) -> None:
        self.device = Device(words, unit)
        self._is_up = False
        self._sessions = 0
        self._lock = asyncio.Lock()  # opening and closing take a while, and the next command must wait for them
        self._restart: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def address(self) -> dict[str, Any]:
        """Where a reader finds it."""

    @abstractmethod
    async def _open(self) -> None:
        """Open the transport, at its previous address if it had one."""

    @abstractmethod
    async def _close(self) -> None:
        """Close the transport and its connections."""

    @abstractmethod
    def _framing(self) -> Framing:
        """Return the framing for a new connection."""

    @property
    def faults(self) -> Faults:
        """The active faults."""
        return self.device.faults

    @property
    def connected(self) -> bool:
        """Whether a reader is connected."""
        return self._sessions > 0

    def state(self) -> dict[str, Any]:
        """Return address, connection and counters for the control API."""
        return {
            "transport": self.kind,
            **self.address,
            "there": self._is_up,
            "connected": self.connected,
            "requests": self.device.requests,
            "answered": self.device.answered,
            "latency_s": self.device.latency_s,
        }

    async def stop(self) -> None:
        """Close for good."""
        async with self._lock:
            await self._cancel_restart()
            await self._take_down()

    async def fail(self, *faults: Fault) -> None:
        """Replace the active faults; CommandRefusedError if one is impossible here."""
        for fault in faults:
            if fault.kind in self.impossible:
                raise CommandRefusedError(Reason.sentence(self.impossible[fault.kind]))
        async with self._lock:
            await self._cancel_restart()
            self.faults.active = tuple(fault for fault in faults if fault.kind is not FaultKind.NONE)
            at_once = [fault for fault in self.faults.active if fault.at_once]
            if not at_once:
                await self._bring_up()
                return
            await self._take_down()
            if all(fault.kind is FaultKind.REBOOT for fault in at_once):
                self._restart = asyncio.create_task(self._come_back(at_once[0]))

    async def steal(self, host: str, port: int) -> None:  # noqa: ARG002
        """Redirect the device to another server, as another program may do to a dongle."""
        raise CommandRefusedError(Reason.sentence(f"Only a dongle can be stolen, and this transport is {self.kind}."))

    async def _run_session(self, connection: Connection) -> None:
        """Answer requests on one connection until it ends."""
        self._sessions += 1
        try:
            await ModbusSession(self.device, self._framing()).run(connection)
        except (OSError, EOFError):
            pass  # the reader disconnected
        except TransportFault as struck:
            self._on_fault(struck.fault)
        finally:
            self._sessions -= 1

    def _on_fault(self, fault: Fault) -> None:
        """Start the fault that a request triggered; REFUSE has already done its work by ending the connection."""
        if fault.kind is not FaultKind.REFUSE and not self._restart:
            self._restart = asyncio.create_task(self._apply_fault(fault))

    async def _apply_fault(self, fault: Fault) -> None:
        async with self._lock:
            await self._take_down()
        if fault.kind is FaultKind.REBOOT:
            await self._come_back(fault)

    async def _come_back(self, fault: Fault) -> None:
        await asyncio.sleep(fault.latency_s)
        async with self._lock:
            self._restart = None
            self.faults.active = tuple(other for other in self.faults.active if other is not fault)
            try:
                await self._bring_up()
            except OSError as error:
                log.error("The transport cannot be opened again: %s.", error)

    async def _cancel_restart(self) -> None:
        restart, self._restart = self._restart, None
        if restart:
            restart.cancel()
            await asyncio.gather(restart, return_exceptions=True)

    async def _bring_up(self) -> None:
        if not self._is_up:
            await self._open()
            self._is_up = True

    async def _take_down(self) -> None:
        if self._is_up:
            self._is_up = False
            if self.device.settings:
                self.device.settings.reboot()
            await self._close()

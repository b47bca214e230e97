"""One Modbus connection to the inverter: requests in, answers out, spoilt by the active faults."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from simulators.faults import ENDS_CONNECTION, SPOILT_WORDS, Answer, Fault, FaultKind, Faults
from simulators.modbus_unit import WRITE_MULTIPLE, Request, answer_to, refusal, requested_registers
from simulators.registers import Words
from simulators.setting_store import SettingStore
from simulators.transports.framing import Framing


class Connection(Protocol):
    """A connection, as a session uses it."""

    async def read(self) -> bytes:
        """Return received bytes; nothing after a disconnect."""

    async def write(self, data: bytes) -> None:
        """Send; OSError after a disconnect."""


@dataclass
class Device:
    """The inverter with its faults and counters, which outlive every connection to it.

    Without settings it refuses to be written to. With a `numbered` register, that counts the readings of it instead.
    """

    words: Callable[[], Words]
    unit: int = 1
    latency_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    settings: SettingStore | None = None
    numbered: int | None = None
    number: int = 0
    requests: int = 0
    answered: int = 0

    def read(self, asked: range, now_s: float) -> Words:
        """Return the registers for a request."""
        words = self.settings.over(self.words(), now_s) if self.settings else self.words()
        if self.numbered is None or self.numbered not in asked:
            return words
        self.number += 1
        return {**words, self.numbered: self.number}


class TransportFault(Exception):
    """A fault that the transport must carry out, not this connection."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class ModbusSession:
    """Answers requests on one connection, each from one coherent snapshot of the registers."""

    def __init__(self, device: Device, framing: Framing) -> None:
        self._device = device
        self._framing = framing
        self._held = b""
        self._previous = b""

    async def run(self, connection: Connection) -> None:
        """Answer until the reader disconnects or, without silences to resynchronize, sends garbage."""
        while data := await self._received(connection):
            for request in self._framing.feed(data):
                if request.reply or request.unit == self._device.unit:
                    await self._respond(connection, request)
            if self._framing.ignoring and self._framing.silence_s is None:
                return

    async def _received(self, connection: Connection) -> bytes:
        while self._framing.pending:
            try:
                async with asyncio.timeout(self._framing.silence_s):
                    return await connection.read()
            except TimeoutError:
                self._framing.silence()
        return await connection.read()

    async def _respond(self, connection: Connection, request: Request) -> None:
        fault = self._device.faults.draw(requested_registers(request.pdu))
        self._device.requests += not request.reply
        if fault.kind in ENDS_CONNECTION:
            raise TransportFault(fault)
        await asyncio.sleep(self._device.latency_s + (fault.latency_s if fault.kind is FaultKind.SLOW else 0))
        data = self._response(request, fault)
        if data:
            await connection.write(data)
            self._device.answered += not request.reply

    def _response(self, request: Request, fault: Fault) -> bytes:
        """Return the bytes to send for a request, including answers held back before."""
        frame = request.reply or self._framing.pack(_labelled(request, fault), self._pdu(request.pdu, fault))
        if fault.kind is FaultKind.LATE:
            self._held += frame
            return b""
        strays = partial(self._framing.strays, request)
        data = self._device.faults.spoil(fault, Answer(frame, self._previous, strays))
        self._previous = frame
        if data:
            data, self._held = self._held + data, b""
        return data

    def _pdu(self, pdu: bytes, fault: Fault) -> bytes:
        if fault.kind is FaultKind.EXCEPTION:
            return refusal(pdu, fault.code)
        now_s = asyncio.get_running_loop().time()
        words = self._device.read(requested_registers(pdu), now_s)
        if self._device.settings and pdu[0] == WRITE_MULTIPLE:
            return self._device.settings.answer(pdu, words, fault, now_s)
        spoilt = SPOILT_WORDS.get(fault.kind)
        return answer_to(pdu, spoilt(words) if spoilt else words)


def _labelled(request: Request, fault: Fault) -> Request:
    """Return the request whose labels the answer carries."""
    if fault.kind is FaultKind.OTHER_UNIT:
        return replace(request, unit=0)
    if fault.kind is FaultKind.OWN_NUMBER and request.header:
        number = int.from_bytes(request.header[:2], "big") ^ 0x8000
        return replace(request, header=number.to_bytes(2, "big") + request.header[2:])
    return request

"""One connection to the inverter: requests in, answers out, spoilt as the faults of the moment want it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from simulators.faults import ABOUT_THE_WIRE, SPOILT_WORDS, Answer, Fault, FaultKind, Faults
from simulators.framing import Framing
from simulators.registers import Words
from simulators.unit import Request, answer_to, refusal


class Line(Protocol):
    """Something that bytes come from and go to."""

    async def read(self) -> bytes:
        """Return what came; nothing when the other side is gone."""

    async def write(self, data: bytes) -> None:
        """Send; OSError when the other side is gone."""


@dataclass
class Device:
    """The inverter and its state of health, which outlive every connection to it."""

    words: Callable[[], Words]
    unit: int = 1
    latency_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    requests: int = 0
    answered: int = 0


class WireFault(Exception):
    """A fault that is not for this connection to do, but for its wire."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class Conversation:
    """Answers on one connection until it ends: one coherent snapshot of the words for each request."""

    def __init__(self, device: Device, framing: Framing) -> None:
        self._device = device
        self._framing = framing
        self._held = b""
        self._previous = b""

    async def run(self, line: Line) -> None:
        """Answer until the other side is gone or cannot be understood."""
        while data := await self._heard(line):
            for request in self._framing.feed(data):
                if request.reply or request.unit == self._device.unit:
                    await self._respond(line, request)
            if self._framing.deaf and self._framing.quiet_s is None:
                return

    async def _heard(self, line: Line) -> bytes:
        while self._framing.pending:
            try:
                async with asyncio.timeout(self._framing.quiet_s):
                    return await line.read()
            except TimeoutError:
                self._framing.silence()
        return await line.read()

    async def _respond(self, line: Line, request: Request) -> None:
        fault = self._device.faults.draw()
        self._device.requests += not request.reply
        if fault.kind in ABOUT_THE_WIRE:
            raise WireFault(fault)
        await asyncio.sleep(self._device.latency_s + (fault.latency_s if fault.kind is FaultKind.SLOW else 0))
        data = self._said(request, fault)
        if data:
            await line.write(data)
            self._device.answered += not request.reply

    def _said(self, request: Request, fault: Fault) -> bytes:
        """Return what is sent for a request, with what was held back before."""
        frame = request.reply or self._framing.pack(request, self._pdu(request.pdu, fault))
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
        words = self._device.words()
        spoilt = SPOILT_WORDS.get(fault.kind)
        return answer_to(pdu, spoilt(words) if spoilt else words)

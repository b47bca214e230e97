"""A virtual plug: its relays, its faults and its protocol on the home network."""

import asyncio
import json
import os
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulators.tuya import frames
from simulators.tuya.frames import Frame, WrongKeyError

RECORDED_COMMANDS = 1000
RETURNS_S = 0.5
MEASURED = {"18": 0, "19": 0, "20": 2358}
"""The data points that a plug with a meter (version 3.4) sends by itself: mA, 0.1 W and 0.1 V."""


class PlugFault(StrEnum):
    """How a plug fails on the home network."""

    NONE = "none"
    GONE = "gone"
    SILENT = "silent"
    REFUSED = "refused"
    STUBBORN = "stubborn"
    NO_REPORT = "no_report"
    CUT = "cut"
    """It switches, then disconnects without confirming."""
    RESET = "reset"
    """It resets the connection as soon as it is asked something."""
    HALF = "half"
    """It sends half of its first answer, and disconnects."""
    LATE = "late"
    """It answers, and disconnects when it gets a command, which it does not obey."""
    SLOW = "slow"
    """It answers and obeys, later than anybody waits."""
    GARBAGE = "garbage"
    """It answers with bytes that are no frame."""
    STRANGER = "stranger"
    """Another plug answers at its address."""
    RETURNS = "returns"
    """It obeys, and switches back a moment later."""
    MEASURES = "measures"
    """It reports its voltage by itself just before each answer."""
    ASLEEP = "asleep"
    """It has started without the internet: it knows none of its data points until it is asked to refresh them."""


@dataclass
class Plug:
    """The state of one plug, for both the home network and the cloud."""

    id: str
    name: str
    key: str
    version: str
    gangs: dict[str, int]
    relays: dict[str, bool] = field(default_factory=dict)
    fault: PlugFault = PlugFault.NONE
    failing_connections: int | None = None
    """How many more connections the fault strikes; None for all."""
    delay_s: float = 0
    """How long a slow one takes to answer."""
    online: bool = True
    category: str = "cz"
    names: dict[str, str] = field(default_factory=dict)
    """What its owner calls each gang."""
    switched: deque[tuple[float, str, bool]] = field(default_factory=lambda: deque(maxlen=RECORDED_COMMANDS))
    """Received commands: time, gang, on or off."""
    connections: int = 0
    refreshes: int = 0
    """How often it was asked to refresh its data points."""

    def __post_init__(self) -> None:
        self.relays = dict.fromkeys(self.gangs, True) | self.relays

    def switch(self, gang: str, on: bool) -> None:
        """Switch a relay by command."""
        self.switched.append((time.time(), gang, on))
        if self.fault is not PlugFault.STUBBORN:
            self.relays[gang] = on
        if self.fault is PlugFault.RETURNS:
            asyncio.get_running_loop().call_later(RETURNS_S, self.relays.__setitem__, gang, not on)

    def next_fault(self) -> PlugFault:
        """Return the fault of a new connection."""
        if self.failing_connections is None:
            return self.fault
        if self.failing_connections == 0:
            self.fault, self.failing_connections = PlugFault.NONE, None
            return self.fault
        self.failing_connections -= 1
        return self.fault

    def points(self) -> dict[str, Any]:
        """Return its data points: relays and a countdown."""
        return {str(point): self.relays[gang] for gang, point in self.gangs.items()} | {"9": 0}


class LocalPlug:
    """The plug's port on the home network. It serves one client at a time, like real ones."""

    def __init__(self, plug: Plug) -> None:
        self.plug = plug
        self.port = 0
        self._host = ""
        self._server: asyncio.Server | None = None
        self._open: set[StreamWriter] = set()

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        self._host = host
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def fail(self, fault: PlugFault, *, connections: int | None = None, delay_s: float = 0) -> None:
        """Replace the active fault, for all connections or for so many."""
        self.plug.fault, self.plug.failing_connections, self.plug.delay_s = fault, connections, delay_s
        if fault is PlugFault.GONE:
            self.stop()
        elif self._server is None:
            await self.start(self._host, self.port)

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        self.plug.connections += 1
        fault = self.plug.next_fault()
        try:
            if fault is PlugFault.REFUSED:
                return
            await _Session(self.plug, fault, writer.write).run(reader)
        except ConnectionResetError:
            _reset(writer)
        except (OSError, EOFError, WrongKeyError):
            pass  # it disconnected, or is not a Tuya client
        finally:
            self._open.discard(writer)
            writer.close()


def _reset(writer: StreamWriter) -> None:
    """Let the connection end with RST instead of FIN."""
    opened: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):  # the client's own RST may have closed it
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Session:
    """One connection."""

    def __init__(self, plug: Plug, fault: PlugFault, write: Callable[[bytes], None]) -> None:
        self._plug = plug
        self._fault = fault
        self._write = write
        self._real_key = plug.key.encode()
        self._key = self._real_key
        self._client_nonce = b""
        self._nonce = os.urandom(16)

    async def run(self, reader: StreamReader) -> None:
        while True:
            start = await reader.readexactly(4)
            header = start + await reader.readexactly(frames.header_length(start) - 4)
            rest = await reader.readexactly(frames.rest_length(header))
            # a fault that is set for all connections strikes those that are open, too
            fault = self._fault if self._plug.failing_connections is not None else self._plug.fault
            self._fault = fault
            if fault is PlugFault.RESET:
                raise ConnectionResetError
            if fault is PlugFault.SLOW:
                await asyncio.sleep(self._plug.delay_s)
            if fault is not PlugFault.SILENT:
                self._answer(frames.parse(header, rest, self._key, self._plug.version))

    def _answer(self, frame: Frame) -> None:
        if frame.command == frames.SESSION_START:
            self._start_session(frame)
        elif frame.command == frames.SESSION_FINISH:
            self._key = frames.session_key(self._real_key, self._client_nonce, self._nonce, self._plug.version)
        elif frame.command == frames.HEARTBEAT:
            self._send(frame.command, frame.number, b"")
        else:
            self._do(frame)

    def _start_session(self, frame: Frame) -> None:
        self._client_nonce = frames.decrypt_payload(frame, self._key, self._plug.version)
        content = self._nonce + frames.proof(self._real_key, self._client_nonce)
        self._send(frames.SESSION_ANSWER, frame.number, content)

    def _do(self, frame: Frame) -> None:
        """Answer a query or a command; with the wrong key refuse it."""
        if frame.command == frames.REFRESH:
            self._plug.refreshes += 1
        if self._fault is PlugFault.ASLEEP:
            self._sleep(frame)
            return
        try:
            content = json.loads(frames.decrypt_payload(frame, self._key, self._plug.version))
        except (WrongKeyError, ValueError):
            self._send(frame.command, frame.number, b"", code=1)
            return
        if self._fault is PlugFault.MEASURES:
            self._send(frames.STATUS, 0, self._report(MEASURED))
        if frame.command in (frames.QUERY, frames.QUERY_NEW):
            self._send(frame.command, frame.number, self._report(self._plug.points()))
        elif frame.command in (frames.CONTROL, frames.CONTROL_NEW):
            self._control(frame, content)

    def _sleep(self, frame: Frame) -> None:
        """Answer nothing, or in version 3.3 that the question is wrong."""
        if frame.command == frames.REFRESH:
            self._plug.fault = PlugFault.NONE
        elif frame.command == frames.QUERY and self._plug.version == "3.3":
            self._send(frame.command, frame.number, b"json obj data unvalid")

    def _control(self, frame: Frame, content: dict[str, Any]) -> None:
        points = content.get("dps") or content.get("data", {}).get("dps") or {}
        if all(value is None for value in points.values()):  # the form of queries to 3.2 and some 3.3
            asked = {point: value for point, value in self._plug.points().items() if point in points}
            self._send(frame.command, frame.number, self._report(asked))
            return
        if self._fault is PlugFault.LATE:
            raise EOFError
        for gang, point in self._plug.gangs.items():
            if str(point) in points:
                self._plug.switch(gang, bool(points[str(point)]))
        if self._fault is PlugFault.CUT:
            raise EOFError
        self._send(frame.command, frame.number, b"")
        if self._fault is not PlugFault.NO_REPORT:
            now = {point: value for point, value in self._plug.points().items() if point in points}
            self._send(frames.STATUS, 0, self._report(now))

    def _report(self, points: dict[str, Any]) -> bytes:
        if self._plug.version in ("3.4", "3.5"):
            return json.dumps({"protocol": 4, "t": int(time.time()), "data": {"dps": points}, "dps": points}).encode()
        name = "bfstranger" if self._fault is PlugFault.STRANGER else self._plug.id
        return json.dumps({"devId": name, "dps": points}).encode()

    def _send(self, command: int, number: int, content: bytes, *, code: int = 0) -> None:
        answer = frames.pack(command, number, content, self._key, self._plug.version, code=code)
        if self._fault is PlugFault.HALF:
            self._write(answer[: len(answer) // 2])
            raise EOFError
        self._write(os.urandom(len(answer)) if self._fault is PlugFault.GARBAGE else answer)

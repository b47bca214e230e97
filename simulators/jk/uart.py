"""An older JK board at a serial port: answers the `NW` dialect of its GPS port, and broadcasts to its display.

Packed by the protocol description and independently of the service's tables, to test those.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from simulators.jk.frames import Identity, Measurement

STATUS_EVERY_S = 1.0
PASSWORD = b"123456"
MAKER = b"Input Userda"


@dataclass
class UartBoard:
    """The board; `requests` is everything that was received."""

    identity: Identity
    read: Callable[[], Measurement]
    echoes: bool = False
    protocol: int = 1
    warning_bits: int = 0
    requests: list[bytes] = field(default_factory=list)

    def on_received(self, data: bytes) -> bytes:
        """Return what follows a request: to *read all* the answer, to anything else nothing."""
        self.requests.append(data)
        if data[:2] != b"NW" or sum(data[:-4]) != int.from_bytes(data[-4:], "big") or data[8] != 6:
            return b""
        return (data if self.echoes else b"") + self.answer()

    async def serve_gps(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Listen as a gateway at the GPS port does."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.CancelledError):  # the latter by a gateway that stops
                while data := await reader.read(4096):
                    writer.write(self.on_received(data))
            writer.close()

        return await asyncio.start_server(serve, host, port)

    async def serve_display(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Listen as a gateway at the display port does, and send the status again and again."""

        async def receive(reader: asyncio.StreamReader) -> None:
            while data := await reader.read(4096):
                self.requests.append(data)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received = asyncio.create_task(receive(reader))
            with suppress(ConnectionError, asyncio.CancelledError):
                while not received.done():
                    writer.write(self.status())
                    await asyncio.wait((received,), timeout=STATUS_EVERY_S)
            received.cancel()
            writer.close()

        return await asyncio.start_server(serve, host, port)

    def answer(self) -> bytes:
        """Return the answer to *read all*."""
        body = b"\x00\x00\x00\x00\x06\x00\x01" + self._tags() + b"\x00\x00\x00\x00\x68"
        frame = b"NW" + struct.pack(">H", len(body) + 6) + body
        return frame + struct.pack(">I", sum(frame) & 0xFFFF)

    def _tags(self) -> bytes:
        reading = self.read()
        volts = enumerate(reading.cells_v, 1)
        cells = b"".join(struct.pack(">BH", number, round(volt * 1000)) for number, volt in volts)
        first, second = reading.temperatures_c
        version = f"{self.identity.hardware}_S{self.identity.software}".ljust(15, "_").encode()
        return b"".join(
            (
                struct.pack(">BB", 0x79, len(cells)) + cells,
                struct.pack(">BHBHBH", 0x80, _below(reading.mosfet_c), 0x81, _below(second), 0x82, _below(first)),
                struct.pack(">BHBH", 0x83, round(reading.voltage_v * 100), 0x84, self._current(reading.current_a)),
                struct.pack(">BBBBBH", 0x85, round(reading.soc_percent), 0x86, 2, 0x87, reading.cycles),
                struct.pack(">BIBH", 0x89, 1234, 0x8A, len(reading.cells_v)),
                struct.pack(">BHBH", 0x8B, self.warning_bits, 0x8C, 3),
                struct.pack(">BHBHBH", 0x90, 3650, 0x93, 2600, 0x97, 150) + struct.pack(">BH", 0x99, 100),
                struct.pack(">BHBHBB", 0x9B, 3400, 0x9C, 10, 0x9D, 1),
                struct.pack(">BBBI", 0xA9, len(reading.cells_v), 0xAA, round(reading.full_ah)),
                struct.pack(">BBBB", 0xAB, 1, 0xAC, 1),
                b"\xb2" + PASSWORD.ljust(10, b"\x00") + b"\xb3\x00\xb4" + b"Input Us" + b"\xb52407",
                struct.pack(">BI", 0xB6, reading.runtime_s // 60) + b"\xb7" + version[:15],
                b"\xb8\x00\xb9\x00\x00\x00\x00\xba" + (MAKER + self.identity.model.encode()).ljust(24, b"\x00")[:24],
                bytes((0xC0, self.protocol)),
            )
        )

    def _current(self, amps: float) -> int:
        hundredths = round(abs(amps) * 100)
        if self.protocol == 0:
            return 10_000 - round(amps * 100)
        return hundredths | (0x8000 if amps > 0 else 0)

    def status(self) -> bytes:
        """Return the status frame that the display is sent."""
        reading = self.read()
        cells = [round(volt * 1000) for volt in reading.cells_v]
        first, _ = reading.temperatures_c
        head = struct.pack(
            ">HhHHHhhHHHHH",
            round(reading.voltage_v * 100),
            round(reading.current_a * 10),
            3,
            round(reading.soc_percent),
            max(cells) - min(cells),
            round(reading.mosfet_c),
            round(first),
            1 if reading.alarm_bits else 0,
            round(sum(cells) / len(cells)),
            0,
            1,
            1,
        )
        flags = [0] * 9
        flags[1] = 1 if reading.alarm_bits else 0
        rows = struct.pack(">24H9H", *cells, *[0] * (24 - len(cells)), *flags)
        return b"\xa5\x5a\x5d\x82\x10\x00" + head + rows


def _below(celsius: float) -> int:
    """Return a temperature as the board sends it: 101 is -1."""
    return round(celsius) if celsius >= 0 else 100 - round(celsius)

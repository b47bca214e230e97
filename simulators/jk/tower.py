"""A tower of JK packs on one RS485 line, behind a pseudo terminal or a raw TCP port."""

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from simulators.jk.frames import Identity, Measurement, cell_frame, device_frame, settings_frame
from simulators.transports.framing_rtu import with_crc

CELLS, SETTINGS, DEVICE = 0x1620, 0x161E, 0x161C
BYTE_5 = 5
"""What slaves up to software 15.10 send where Bluetooth has a counter."""
MASTER_PAUSE_S = 0.05


@dataclass
class TowerPack:
    """A pack: the address that is set in it, and the one it answers for, which should be the same."""

    address: int
    identity: Identity
    read: Callable[[], Measurement]
    answers_for: int = -1
    padded: bool = False
    is_silent: bool = False
    is_anonymous: bool = False
    """Whether it does not say what it is."""

    def frame(self, register: int) -> bytes:
        """Return the 300 bytes that a trigger asks for."""
        reading = self.read()
        if register == DEVICE:
            return device_frame(self.identity, BYTE_5)
        if register == CELLS:
            return cell_frame("JK02_32S", reading, BYTE_5)
        data = bytearray(settings_frame(self.identity, len(reading.cells_v), reading.full_ah, BYTE_5))
        data[270:274] = self.address.to_bytes(4, "little")
        data[299] = sum(data[:299]) & 0xFF
        return bytes(data)

    def answer(self, register: int) -> bytes:
        """Return a frame with the answer to the write behind it."""
        heard_as = self.address if self.answers_for < 0 else self.answers_for
        told = with_crc(bytes((heard_as, 0x10)) + register.to_bytes(2, "big") + b"\x00\x01")
        return self.frame(register) + (b"\x00" + told + b"\x00" if self.padded else told)

    def registers(self, first: int, count: int) -> bytes:
        """Return registers as Modbus sends them: each value of the frame, high byte first."""
        base = first & 0xFF00
        data = self.frame({0x1000: SETTINGS, 0x1200: CELLS, 0x1400: DEVICE}[base])
        swapped = bytearray(data)
        for offset, size in _values(base):
            swapped[offset : offset + size] = data[offset : offset + size][::-1]
        start = first - base + 6
        return bytes(swapped[start : start + 2 * count])


def _values(base: int) -> list[tuple[int, int]]:
    """Return offset and size of the values of V1.1 of the vendor's register list that are not single bytes or texts."""
    if base == 0x1400:
        return []
    if base == 0x1000:
        return [(offset, 4) for offset in range(6, 142, 4)]
    halves = [*range(6, 70, 2), 74, 76, *range(80, 144, 2), 144, 162, 164, 170, 236, 254, 256, 258]
    wholes = [70, 146, 150, 154, 158, 166, 174, 178, 182, 186, 194]
    return [(offset, 2) for offset in halves] + [(offset, 4) for offset in wholes]


@dataclass
class Tower:
    """The line: what it is asked, and what its packs say; `requests` is everything that was received."""

    packs: list[TowerPack]
    echoes: bool = False
    requests: list[bytes] = field(default_factory=list)
    _writers: set[Callable[[bytes], None]] = field(default_factory=set)

    def on_received(self, data: bytes) -> bytes:
        """Return what follows a request on the line."""
        self.requests.append(data)
        if len(data) < 8 or with_crc(data[:-2]) != data:
            return b""
        asked, register = data[0], int.from_bytes(data[2:4], "big")
        answering = [pack for pack in self.packs if asked in (pack.answers_for, pack.address) and not pack.is_silent]
        answering = [pack for pack in answering if pack.answers_for in (-1, asked)]
        said = b"".join(self._said(pack, data[1], register, data) for pack in answering)
        return (data if self.echoes else b"") + said

    def _said(self, pack: TowerPack, function: int, register: int, data: bytes) -> bytes:
        if function == 0x10:
            return b"" if pack.is_anonymous and register == DEVICE else pack.answer(register)
        count = int.from_bytes(data[4:6], "big")
        return with_crc(bytes((data[0], 3, 2 * count)) + pack.registers(register, count))

    async def run_as_master(self) -> None:
        """Have the first pack, at address 0, poll the others for ever, as on a real line."""
        while True:
            for piece in self.cycle():
                for write in self._writers:
                    write(piece)
                await asyncio.sleep(MASTER_PAUSE_S)

    def cycle(self) -> list[bytes]:
        """Return what a master and its packs say in one round."""
        master, slaves = self.packs[0], {pack.address: pack for pack in self.packs[1:] if not pack.is_silent}
        said = [master.answer(CELLS), master.answer(SETTINGS)]
        for address in range(1, 16):
            for register in (CELLS, SETTINGS) if address in slaves else (CELLS,):
                said.append(with_crc(bytes((address, 0x10)) + register.to_bytes(2, "big") + b"\x00\x01\x02\x00\x00"))
                said += [slaves[address].answer(register)] if address in slaves else []
        return said

    async def serve_tcp(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Listen as a gateway does: its TCP port carries the bytes of the line."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer.write)
            with suppress(ConnectionError, asyncio.CancelledError):  # the latter by a gateway that stops
                while data := await reader.read(4096):
                    writer.write(self.on_received(data))
            self._writers.discard(writer.write)
            writer.close()

        return await asyncio.start_server(serve, host, port)

    def serve_pty(self) -> tuple[str, Callable[[], None]]:
        """Return the path of a pseudo terminal that leads to the line, and what closes it."""
        master, slave = os.openpty()
        tty.setraw(slave)
        loop = asyncio.get_running_loop()

        def write(data: bytes) -> None:
            os.write(master, data)

        def receive() -> None:
            write(self.on_received(os.read(master, 4096)))

        def close() -> None:
            self._writers.discard(write)
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)

        loop.add_reader(master, receive)
        self._writers.add(write)
        return os.ttyname(slave), close

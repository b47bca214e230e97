"""The device's end of a pseudo terminal."""

import asyncio
import os
import random
import select
import termios
from contextlib import suppress

from simulators.faults import garbage

MAX_BYTES = 4096
SPEED = termios.B9600
FRAME_MASK = termios.CSIZE | termios.CSTOPB | termios.PARENB
FRAME = termios.CS8


class PtyConnection:
    """A serial connection: a reader with the wrong port settings receives noise and is not understood."""

    def __init__(self, master: int, dice: random.Random) -> None:
        self._master = master
        self._dice = dice

    @property
    def open(self) -> bool:
        """Whether a reader has the terminal open, or left something to read when it closed it."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = poll.poll(0)
        return not events or bool(events[0][1] & select.POLLIN)

    async def read(self) -> bytes:
        """Return received bytes; nothing after the reader has closed the terminal."""
        while True:
            data = await self._receive()
            if not data or self._settings_match():
                return data
            await self.write(garbage(self._dice))

    async def write(self, data: bytes) -> None:
        """Send. Bytes that a reader does not fetch are lost; they must not wait for the next reader."""
        if not self.open:
            raise ConnectionResetError
        with suppress(BlockingIOError):
            os.write(self._master, data)

    def _settings_match(self) -> bool:
        """Return whether the reader has set 9600 8N1. Linux does not keep parity on pseudo terminals."""
        _, _, control, _, heard, spoken, _ = termios.tcgetattr(self._master)
        return (heard, spoken, control & FRAME_MASK) == (SPEED, SPEED, FRAME)

    async def _receive(self) -> bytes:
        while True:
            try:
                return os.read(self._master, MAX_BYTES)
            except BlockingIOError:
                await self._readable()
            except OSError:  # nobody has it open
                return b""

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._master)

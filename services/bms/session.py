"""The life of one battery: found, connected, listened to, and all of it again when it breaks off."""

import asyncio
import logging
import random
from collections.abc import Callable

from services.bms.frame import Assembler, Command, FrameType, request
from services.bms.pack import Pack
from services.bms.radio import Link, Radio, RadioUnavailableError, Seen
from shared.errors import DeviceOfflineError
from shared.service import utc_now

log = logging.getLogger("bms")

FIND_S = 20.0
SILENT_S = 5.0
"""A JK sends cells twice a second; after so long without any it is asked again, after twice that it is dropped."""
ANSWER_S = 3.0
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0
NO_RADIO_S = 3.0
STEADY_S = 30.0
CONNECT_EACH_TIME_S = 60.0
"""From this interval on each reading has a connection of its own, and the phone app may have the battery between."""


class Session:
    """One battery. `problem` says what is wrong at the moment."""

    def __init__(self, pack: Pack, radio: Radio, interval_s: float) -> None:
        self.pack = pack
        self.problem: DeviceOfflineError | None = None
        self._radio = radio
        self._interval_s = interval_s
        self._frames = asyncio.Event()

    async def run(self) -> None:
        """Live for ever."""
        retry = RETRY_FIRST_S
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._live()
                pause, retry = max(0.0, began + self._interval_s - asyncio.get_running_loop().time()), RETRY_FIRST_S
            except RadioUnavailableError as error:
                self.problem = error
                pause = NO_RADIO_S
            except DeviceOfflineError as error:
                self.problem = error
                if asyncio.get_running_loop().time() - began > STEADY_S + FIND_S:
                    retry = RETRY_FIRST_S
                pause, retry = retry * random.uniform(0.7, 1.3), min(2 * retry, RETRY_MOST_S)
            await asyncio.sleep(pause)

    async def _live(self) -> None:
        """Connect and listen; returns only where each reading has a connection of its own."""
        seen = await self._radio.find(self.pack.entry.address, FIND_S)
        assembler = Assembler()

        def hear(data: bytes) -> None:
            self._hear(assembler, data)

        async with self._radio.connected(seen, hear) as link:
            self.pack.rssi_dbm = seen.rssi_dbm or self.pack.rssi_dbm
            self.pack.links += 1
            await self._introduce(link, seen)
            if self._interval_s >= CONNECT_EACH_TIME_S:
                await self._until_complete(link)
                return
            await self._listen(link)

    def _hear(self, assembler: Assembler, data: bytes) -> None:
        before = assembler.damaged
        for frame in assembler.feed(data):
            fresh = self.pack.read_at
            self.pack.take(frame, utc_now())
            if frame.type is not FrameType.CELLS or self.pack.read_at is not fresh:
                self._frames.set()
                self.problem = None
        self.pack.bad_frames += assembler.damaged - before

    async def _introduce(self, link: Link, seen: Seen) -> None:
        """Ask who it is, and then for its settings and cells; a battery that is slow is asked twice."""
        self.pack.device = None
        for _ in range(2):
            await link.send(request(Command.DEVICE))
            if await self._within(ANSWER_S, lambda: self.pack.device is not None):
                break
        log.debug("%s (%s) is connected.", self.pack.entry.title, seen.name)
        await link.send(request(Command.CELLS))

    async def _within(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Wait until a frame makes a condition true; return whether one did in time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._frames.clear()
                    await self._frames.wait()
        except TimeoutError:
            return condition()
        return True

    async def _until_complete(self, link: Link) -> None:
        began = utc_now()
        for _ in range(2):
            if await self._within(SILENT_S, lambda: bool(self.pack.read_at and self.pack.read_at > began)):
                await self._within(ANSWER_S, lambda: self.pack.is_complete)
                return
            await link.send(request(Command.CELLS))
        raise self._silent()

    async def _listen(self, link: Link) -> None:
        """Listen until the link is lost or nothing sound comes any more, whatever `is_connected` says."""
        lost = asyncio.create_task(link.lost.wait())
        try:
            while True:
                if not await self._news(lost, SILENT_S):
                    await link.send(request(Command.CELLS))
                    if not await self._news(lost, SILENT_S):
                        raise self._silent()
        finally:
            lost.cancel()

    async def _news(self, lost: asyncio.Task[bool], seconds: float) -> bool:
        """Wait for a sound new cell frame; return whether one came."""
        before = self.pack.read_at
        waiting = asyncio.create_task(self._within(seconds, lambda: self.pack.read_at is not before))
        await asyncio.wait([waiting, lost], return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            waiting.cancel()
            raise DeviceOfflineError(f"The link to {self.pack.entry.title} broke off; looking for it again.")
        return waiting.result()

    def _silent(self) -> DeviceOfflineError:
        doubt = self.pack.choice.doubt
        if doubt and self.pack.choice.layout is None:
            return DeviceOfflineError(f"{self.pack.entry.title} is not shown: {doubt}. Please report it.")
        wants_pairing = not self.pack.device
        return DeviceOfflineError(
            f"{self.pack.entry.title} is connected but says nothing"
            + (
                ": firmware 19.30 and later wants to be paired first (docs/battery.md); else it may hang, and its own "
                "button wakes it."
                if wants_pairing
                else " new: its module hangs, and is connected again."
            )
        )

"""The connection to one battery: finds it, connects, listens, and starts over when the connection fails."""

import asyncio
import logging
from collections.abc import Callable

from services.bms.battery import Battery
from services.bms.bluetooth import (
    Adapters,
    Advertisement,
    BluetoothAdapter,
    BluetoothUnavailableError,
    Connection,
    PairingError,
)
from services.bms.framing import Command, FrameAssembler, command_bytes
from services.bms.reading_interval import connects_each_time
from shared.backoff import Backoff
from shared.clock import utc_now
from shared.conditions import bms
from shared.errors import DeviceOfflineError

log = logging.getLogger("bms")

FIND_S = 20.0
SILENT_S = 5.0
"""A JK sends cells twice a second. After this long without any it is asked again, after twice as long disconnected."""
ANSWER_S = 3.0
DEVICE_AGAIN_S = 30.0
"""How soon a device that did not say what it is is asked again."""
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0
RETRY_JITTER = (0.7, 1.3)
NO_BLUETOOTH_S = 3.0
STEADY_S = 30.0


class BatteryClient:
    """Feeds a battery with what happens on its connection; `on_change` is called after each event."""

    def __init__(
        self,
        battery: Battery,
        adapters: Adapters,
        interval_s: float,
        on_change: Callable[[], None],
        *,
        may_pair: bool = False,
    ) -> None:
        self._battery = battery
        self._adapters = adapters
        self._interval_s = interval_s
        self._on_change = on_change
        self._woken = asyncio.Event()
        self._may_pair = may_pair
        self._pairs_next = may_pair and battery.listed.pin is not None

    async def run(self) -> None:
        """Stay connected, or connect for every reading, for ever."""
        clock = asyncio.get_running_loop().time
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S, jitter=RETRY_JITTER)
        while True:
            began = clock()
            try:
                await self._read()
                backoff.reset()
                pause_s = max(0.0, began + self._interval_s - clock())
            except BluetoothUnavailableError as error:
                self._fail(error)
                pause_s = NO_BLUETOOTH_S
            except DeviceOfflineError as error:
                self._fail(error)
                if clock() - began > STEADY_S + FIND_S:
                    backoff.reset()
                pause_s = backoff.next_s()
            await asyncio.sleep(pause_s)

    def _search(self) -> None:
        self._battery.on_searching()
        self._on_change()

    def _fail(self, error: DeviceOfflineError) -> None:
        """Note a failure. What looks like a battery that wants to be paired is paired at the next attempt."""
        wants_pairing = isinstance(error, PairingError) or error.reason.code == bms.silent_unpaired.code
        if wants_pairing and error.reason.code != bms.pairing_failed.code:
            self._pairs_next = self._may_pair
        self._battery.on_failure(error.reason)
        self._on_change()

    def _lose(self) -> None:
        """Note at once that the connection broke, whatever this client waits for."""
        self._battery.on_failure(bms.connection_lost(name=self._battery.listed.title))
        self._on_change()
        self._woken.set()

    async def _read(self) -> None:
        """Connect and listen. Returns after a complete reading if every reading has its own connection."""
        adapter = await self._adapters.named(self._battery.listed.adapter)
        advertisement = await adapter.find(self._battery.listed.address, FIND_S, self._search)
        self._battery.on_found()
        self._on_change()
        assembler = FrameAssembler()

        def receive(data: bytes) -> None:
            self._receive(assembler, data)

        try:
            await self._pair_if_wanted(adapter, advertisement)
            async with adapter.connect(advertisement, receive, self._lose) as connection:
                self._battery.on_connected(advertisement.rssi_dbm)
                await self._request(connection, advertisement)
                if connects_each_time(self._interval_s):
                    await self._until_complete(connection)
                else:
                    await self._listen(connection)
        finally:
            self._battery.on_disconnected()

    async def _pair_if_wanted(self, adapter: BluetoothAdapter, advertisement: Advertisement) -> None:
        """Pair once after a sign that the battery wants it, which a module that hangs shows, too."""
        if self._pairs_next and advertisement.path and not advertisement.is_paired:
            self._pairs_next = False
            await adapter.pair(advertisement, self._battery.listed.pin)

    def _receive(self, assembler: FrameAssembler, data: bytes) -> None:
        damaged_before = assembler.damaged
        frames = list(assembler.feed(data))
        self._battery.on_bad_frames(assembler.damaged - damaged_before)
        for frame in frames:
            self._battery.on_frame(frame, utc_now())
        if frames:
            self._woken.set()
            self._on_change()

    async def _request(self, connection: Connection, advertisement: Advertisement) -> None:
        """Request device info, twice from a slow battery, and then settings and cells."""
        for _ in range(2):
            if await self._request_device(connection):
                break
        else:
            self._battery.on_no_device()
            self._on_change()
        log.debug("%s (%s) is connected.", self._battery.listed.title, advertisement.name)
        await connection.send(command_bytes(Command.CELLS))

    async def _request_device(self, connection: Connection) -> bool:
        await connection.send(command_bytes(Command.DEVICE))
        return await self._wait(connection, ANSWER_S, lambda: self._battery.device is not None)

    async def _until_complete(self, connection: Connection) -> None:
        """Wait for one complete reading. Raises DeviceOfflineError."""
        for _ in range(2):
            if await self._next_reading(connection):
                await self._wait(connection, ANSWER_S, lambda: self._battery.is_complete)
                return
            await connection.send(command_bytes(Command.CELLS))
        raise DeviceOfflineError(self._battery.silence_reason)

    async def _listen(self, connection: Connection) -> None:
        """Listen until the connection is lost or there are no new readings, whatever `is_connected` says."""
        clock = asyncio.get_running_loop().time
        ask_at = clock() + DEVICE_AGAIN_S
        while True:
            if self._battery.device is None and clock() >= ask_at:
                await self._request_device(connection)
                ask_at = clock() + DEVICE_AGAIN_S
            if not await self._next_reading(connection):
                await connection.send(command_bytes(Command.CELLS))
                if not await self._next_reading(connection):
                    raise DeviceOfflineError(self._battery.silence_reason)

    async def _next_reading(self, connection: Connection) -> bool:
        """Wait for a new reading; return whether one came in time."""
        before = self._battery.read_at
        return await self._wait(connection, SILENT_S, lambda: self._battery.read_at is not before)

    async def _wait(self, connection: Connection, seconds: float, condition: Callable[[], bool]) -> bool:
        """Wait until what is received makes a condition true; return whether it did in time.

        Raises DeviceOfflineError if the connection is lost meanwhile.
        """
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    if connection.is_lost:
                        raise DeviceOfflineError(bms.connection_lost(name=self._battery.listed.title))
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return condition()
        return True

"""One virtual JK: its advertisement, its GATT service, its answers and its stream."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink

from simulators.jk.frames import (
    ACKNOWLEDGEMENT,
    Identity,
    Measurement,
    cell_frame,
    device_frame,
    settings_frame,
)
from simulators.jk.radio import Chip, Radio

log = logging.getLogger("jk")

DEVICE_INFO, CELL_INFO = 0x97, 0x96
UART_BURST = 150
"""The module is a serial line behind a radio: it forwards its buffer in bursts of this size."""
NOISE = b"AT\r\n"
P = Characteristic.Properties
READABLE = Characteristic.Permissions.READABLE
BOTH = READABLE | Characteristic.Permissions.WRITEABLE


class Gatt(StrEnum):
    """The layout of the GATT service: one characteristic for both directions, or two with the same UUID."""

    OLD = "old"
    NEW = "new"


class JkFault(StrEnum):
    """One way to fail, as the reader sees it."""

    NONE = "none"
    MUTE = "mute"  # stays connected and sends nothing
    OFF = "off"  # out of range: no link, no advertising
    CORRUPT = "corrupt"  # every second frame has a wrong byte
    FROZEN = "frozen"  # the same frame again and again, counter included


@dataclass
class Behavior:
    """How a battery behaves beyond the protocol."""

    noise: bool = False
    glued_acknowledgement: bool = False
    interval_s: float = 0.5
    fault: JkFault = JkFault.NONE
    dice: random.Random = field(default_factory=random.Random)


class Battery:
    """A battery that is on the air from `start` to `stop`."""

    def __init__(
        self,
        address: str,
        identity: Identity,
        read: Callable[[], Measurement],
        *,
        gatt: Gatt = Gatt.NEW,
        behavior: Behavior | None = None,
    ) -> None:
        self.address = address
        self.identity = identity
        self.behavior = behavior or Behavior()
        self.connections = 0
        self._read = read
        self._gatt = gatt
        self._counter = 0
        self._last = b""
        self._device: Device | None = None
        self._chip: Chip | None = None
        self._connection: Any = None
        self._streaming: asyncio.Task[None] | None = None

    async def start(self, radio: Radio) -> None:
        """Join the air and advertise."""
        self._chip = radio.chip(self.identity.name)
        config = DeviceConfiguration(
            name=self.identity.name,
            address=Address(self.address),
            advertising_interval_min=100,
            advertising_interval_max=100,
        )
        self._device = Device(config=config, host=Host(self._chip, AsyncPipeSink(self._chip)))
        self._device.add_service(self._service())
        self._device.advertising_data = self._advertisement()
        self._device.on("connection", self._connected)
        await self._device.power_on()
        await self._advertise()

    async def stop(self) -> None:
        """Leave the air."""
        self._stop_streaming()
        if self._device:
            with suppress(Exception):
                await self._device.stop_advertising()
        if self._chip:
            self._chip.lose_links()

    async def fail(self, fault: JkFault) -> None:
        """Replace the active fault."""
        was_off = self.behavior.fault is JkFault.OFF
        self.behavior.fault = fault
        log.info("%s: %s.", self.identity.name, fault)
        if fault is JkFault.OFF:
            await self.stop()
            self._connection = None
        elif was_off:
            await self._advertise()

    async def drop(self) -> None:
        """End the link, and advertise again."""
        if self._connection:
            await self._connection.disconnect()

    # radio

    async def _advertise(self) -> None:
        """A JK accepts one connection and does not advertise meanwhile."""
        if self._device and not self._connection and self.behavior.fault is not JkFault.OFF:
            await self._device.start_advertising(auto_restart=False)

    def _connected(self, connection: Any) -> None:
        self._connection = connection
        self.connections += 1
        connection.on("disconnection", self._disconnected)

    def _disconnected(self, _reason: int) -> None:
        self._connection = None
        self._stop_streaming()
        asyncio.get_running_loop().create_task(self._advertise())

    def _stop_streaming(self) -> None:
        if self._streaming:
            self._streaming.cancel()
            self._streaming = None

    def _service(self) -> Service:
        heard: Any = CharacteristicValue(write=self._on_received, read=lambda _connection: b"")
        if self._gatt is Gatt.NEW:
            write = Characteristic("FFE1", P.WRITE | P.WRITE_WITHOUT_RESPONSE, BOTH, heard)
            self._notify = Characteristic("FFE1", P.READ | P.NOTIFY, READABLE, b"")
            return Service("FFE0", [write, self._notify])
        other = Characteristic("FFE2", P.WRITE_WITHOUT_RESPONSE, BOTH, CharacteristicValue(write=lambda *_: None))
        self._notify = Characteristic("FFE1", P.WRITE | P.WRITE_WITHOUT_RESPONSE | P.NOTIFY, BOTH, heard)
        return Service("FFE0", [other, self._notify])

    def _advertisement(self) -> bytes:
        """Flags, FFE0, JK's company with the address, and the first 10 characters of the name (no more fit)."""
        mac = bytes.fromhex(self.address.partition("/")[0].replace(":", ""))
        kinds = AdvertisingData.Type
        return bytes(
            AdvertisingData(
                [
                    (kinds.FLAGS, b"\x06"),
                    (kinds.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, bytes.fromhex("e0ff")),
                    (kinds.MANUFACTURER_SPECIFIC_DATA, bytes.fromhex("650b88a0") + mac),
                    (kinds.COMPLETE_LOCAL_NAME, self.identity.name.encode()[:10]),
                ]
            )
        )

    # serial line

    def _on_received(self, _connection: Any, command: bytes) -> None:
        if len(command) != 20 or command[:4] != bytes.fromhex("aa5590eb") or sum(command[:19]) & 0xFF != command[19]:
            return
        asyncio.get_running_loop().create_task(self._answer(command[4]))

    async def _answer(self, command: int) -> None:
        if self.behavior.fault is JkFault.MUTE:
            return
        if command == DEVICE_INFO:
            await self._send_frame(device_frame(self.identity), acknowledge=True)
        elif command == CELL_INFO:
            reading = self._read()
            await self._send_frame(
                settings_frame(self.identity, len(reading.cells_v), reading.full_ah), acknowledge=True
            )
            self._streaming = self._streaming or asyncio.create_task(self._stream())

    async def _stream(self) -> None:
        while True:
            await asyncio.sleep(self.behavior.interval_s)
            if self.behavior.noise:
                await self._send(NOISE)
            if self.behavior.fault is not JkFault.MUTE:
                await self._send_frame(self._cells())

    def _cells(self) -> bytes:
        if self.behavior.fault is JkFault.FROZEN and self._last:
            return self._last
        self._counter += 1
        data = cell_frame(self.identity.variant, self._read(), self._counter)
        self._last = data
        if self.behavior.fault is JkFault.CORRUPT and self._counter % 2:
            at = self.behavior.dice.randrange(len(data))
            return data[:at] + bytes((data[at] ^ 0x15,)) + data[at + 1 :]
        return data

    async def _send_frame(self, data: bytes, *, acknowledge: bool = False) -> None:
        glued = acknowledge and self.behavior.glued_acknowledgement
        await self._send(data + ACKNOWLEDGEMENT if glued else data)
        if acknowledge and not glued:
            await asyncio.sleep(0.02)
            await self._send(ACKNOWLEDGEMENT)

    async def _send(self, data: bytes) -> None:
        """Send in bursts of the serial line, split to the size of a notification."""
        for burst in _cut(data, UART_BURST):
            connection = self._connection
            if not connection or not self._device:
                return
            for piece in _cut(burst, connection.att_mtu - 3):
                with suppress(Exception):  # the link may end at any moment
                    await self._device.notify_subscriber(connection, self._notify, piece)


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))

"""A bleak backend on the virtual radio, for BLE_BACKEND: the unmodified service sees the virtual batteries.

BLE_RADIO is HOST:PORT of the radio. Each process has one chip, shared by scanner and clients.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
)
from bleak.uuids import normalize_uuid_str
from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration, Peer
from bumble.hci import Address
from bumble.transport import open_transport

logging.getLogger("bumble").setLevel(logging.CRITICAL)  # it logs tracebacks of errors that it also raises

MTU = 247
UUID_LISTS = (2, 3, 4, 5, 6, 7)
"""AD types that list services, complete or not, in 16, 32 or 128 bits."""


class Chip:
    """The chip of this process, opened on demand and again after the radio was gone."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._device: Device | None = None
        self._transport: Any = None

    async def device(self) -> Device:
        """Return the host stack on the chip, or raise as bleak does without an adapter."""
        async with self._lock:
            if self._transport and self._transport.source.terminated.done():
                self._device = None
            if self._device is None:
                self._device = await self._opened()
            return self._device

    async def _opened(self) -> Device:
        try:
            self._transport = await open_transport(f"tcp-client:{os.environ.get('BLE_RADIO', '127.0.0.1:0')}")
        except OSError as error:
            reason = BleakBluetoothNotAvailableReason.NO_BLUETOOTH
            raise BleakBluetoothNotAvailableError(f"no virtual radio: {error}", reason) from None
        config = DeviceConfiguration(name="easun-bridge", address=Address("F0:F1:F2:F3:F4:F5"))
        device = Device.from_config_with_hci(config, self._transport.source, self._transport.sink)
        with _as_bleak():
            await device.power_on()
        return device


_chips: dict[asyncio.AbstractEventLoop, Chip] = {}
_connecting: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


def _chip() -> Chip:
    return _chips.setdefault(asyncio.get_running_loop(), Chip())


class Scanner(BaseBleakScanner):
    """bleak's scanner."""

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"
        self._device: Device | None = None

    async def start(self) -> None:
        """Start scanning."""
        self.seen_devices = {}
        self._device = await _chip().device()
        self._device.on("advertisement", self._on_received)
        with _as_bleak():
            await self._device.start_scanning(legacy=True, active=self._active)

    async def stop(self) -> None:
        """Stop scanning."""
        if self._device:
            self._device.remove_listener("advertisement", self._on_received)
            with _as_bleak():
                await self._device.stop_scanning(legacy=True)

    def _on_received(self, heard: Any) -> None:
        address = heard.address.to_string(False)
        data = heard.data
        uuids = [_uuid(uuid) for kind in UUID_LISTS for found in data.get_all(kind) for uuid in found]
        if not self.is_allowed_uuid(uuids):
            return
        company = dict(data.get_all(AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA))
        name = data.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME)
        manufacturer = {number: bytes(payload) for number, payload in company.items()}
        told = AdvertisementData(name, manufacturer, {}, uuids, None, heard.rssi, (heard,))
        device = self.create_or_update_device(address, address, name, heard.address, told)
        self.call_detection_callbacks(device, told)


class Client(BaseBleakClient):
    """bleak's client."""

    def __init__(self, device: Any, **how: Any) -> None:
        known = {key: value for key, value in how.items() if key in ("disconnected_callback", "timeout")}
        super().__init__(device, **known)
        self._target = getattr(device, "details", None) or Address(self.address)
        self._connection: Any = None

    @property
    def name(self) -> str:
        """The address, for lack of a name."""
        return str(self.address)

    @property
    def mtu_size(self) -> int:
        """The negotiated MTU."""
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        """Whether it is connected."""
        return self._connection is not None

    async def connect(self, pair: bool, **how: Any) -> None:  # noqa: ARG002
        """Connect and discover services."""
        device = await _chip().device()
        lock = _connecting.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        async with lock:
            try:
                self._connection = await device.connect(self._target, timeout=how.get("timeout", self._timeout))
            except Exception as error:  # bumble has many errors for a device that is not there
                raise BleakDeviceNotFoundError(self.address, str(error)) from error
        self._connection.on("disconnection", self._gone)
        peer = Peer(self._connection)
        with _as_bleak():
            await peer.request_mtu(MTU)
            await peer.discover_all()  # type: ignore[no-untyped-call]
        self.services = _collection(peer, lambda: self.mtu_size - 3)

    def _gone(self, _reason: int) -> None:
        self._connection = None
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        """Disconnect."""
        if self._connection:
            with _as_bleak():
                await self._connection.disconnect()

    async def write_gatt_char(self, characteristic: Any, data: Any, response: bool) -> None:
        """Write."""
        self._check()
        with _as_bleak():
            await characteristic.obj.write_value(bytes(data), with_response=response)

    async def start_notify(self, characteristic: Any, callback: Any, **_: Any) -> None:
        """Subscribe to notifications."""
        self._check()
        with _as_bleak():
            await characteristic.obj.subscribe(lambda value: callback(bytearray(value)))

    async def stop_notify(self, characteristic: Any) -> None:
        """Unsubscribe."""
        self._check()
        await characteristic.obj.unsubscribe()

    async def read_gatt_char(self, characteristic: Any, **_: Any) -> bytearray:
        """Read."""
        self._check()
        return bytearray(await characteristic.obj.read_value())

    def _check(self) -> None:
        if not self._connection:
            raise BleakError("Not connected")

    async def pair(self, *_: Any, **__: Any) -> None:
        """Not supported."""
        raise NotImplementedError

    async def unpair(self) -> None:
        """Not supported."""
        raise NotImplementedError

    async def read_gatt_descriptor(self, *_: Any, **__: Any) -> bytearray:
        """Not supported."""
        raise NotImplementedError

    async def write_gatt_descriptor(self, *_: Any, **__: Any) -> None:
        """Not supported."""
        raise NotImplementedError


@contextmanager
def _as_bleak() -> Iterator[None]:
    """Raise bumble's errors as BleakError."""
    try:
        yield
    except BleakError:
        raise
    except Exception as error:
        raise BleakError(f"{type(error).__name__}: {error}") from error


def _uuid(uuid: Any) -> str:
    return normalize_uuid_str(bytes(reversed(uuid.uuid_bytes)).hex())


def _collection(peer: Peer, writable: Any) -> BleakGATTServiceCollection:
    found = BleakGATTServiceCollection()
    for service in peer.services:
        own = BleakGATTService(service, service.handle, _uuid(service.uuid))
        found.add_service(own)
        for one in service.characteristics:
            properties = list(gatt_char_props_to_strs(int(one.properties)))
            found.add_characteristic(
                BleakGATTCharacteristic(one, one.handle, _uuid(one.uuid), properties, writable, own)
            )
    return found

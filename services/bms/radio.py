"""Bluetooth LE: who is there, and connections. The only importer of bleak.

One scanner an adapter, running only while somebody is missing; one connection attempt at a time, always with the device
that the scanner saw, for a connection by address alone would scan a second time (BlueZ: InProgress).
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.args.bluez import BlueZClientArgs, BlueZScannerArgs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError
from bleak.uuids import normalize_uuid_16

from shared.errors import DeviceOfflineError

SERVICE = normalize_uuid_16(0xFFE0)
FIRST_CHOICE = normalize_uuid_16(0xFFE1)
NO_DAEMON = ("Spawn", "ServiceUnknown", "NameHasNoOwner", "NoReply")
COMPANIES = frozenset((0x0B65, 0x4B4A, 0xFAD6))
"""Who JK says it is in its advertisements; FFE0 alone is used by toys and other brands as well."""
CONNECT_S = 20.0
FAREWELL_S = 5.0
SCAN_ANEW_S = 60.0


class RadioUnavailableError(DeviceOfflineError):
    """This machine has no Bluetooth that we may use, at the moment."""


class PairingError(DeviceOfflineError):
    """The battery is there and wants to be paired."""


@dataclass(frozen=True)
class Seen:
    """A battery that advertises."""

    address: str
    name: str | None
    rssi_dbm: int
    device: BLEDevice = field(repr=False)


@dataclass(frozen=True)
class Backend:
    """Which bleak backend is used: the system's, or the module that BLE_BACKEND names."""

    scanner: type[Any] | None = None
    client: type[Any] | None = None

    @classmethod
    def named(cls, module: str) -> "Backend":
        """Return the backend in a module with the classes Scanner and Client; "" is the system's."""
        if not module:
            return cls()
        found = importlib.import_module(module)
        return cls(found.Scanner, found.Client)


class Link:
    """A connection to one battery: what it says goes to `hear`."""

    def __init__(self, client: BleakClient, write: BleakGATTCharacteristic, lost: asyncio.Event) -> None:
        self.lost = lost
        self._client = client
        self._write = write

    async def send(self, command: bytes) -> None:
        """Write without waiting for an answer, as the vendor's app does."""
        without_response = "write-without-response" in self._write.properties
        with _in_our_words("It did not take a command"):
            await self._client.write_gatt_char(self._write, command, response=not without_response)


class Radio:
    """One adapter; "" is the system's default."""

    def __init__(self, adapter: str = "", backend: Backend | None = None) -> None:
        self._bluez_scanner: BlueZScannerArgs = {"adapter": adapter} if adapter else {}
        self._bluez_client: BlueZClientArgs = {"adapter": adapter} if adapter else {}
        self._backend = backend or Backend()
        self._waiting: dict[str, asyncio.Future[Seen]] = {}
        self._heard: dict[str, Seen] = {}
        self._connecting = asyncio.Lock()
        self._gate = asyncio.Lock()
        self._users = 0
        self._scan: BleakScanner | None = None
        self._scan_began = 0.0

    async def look_around(self, seconds: float) -> list[Seen]:
        """Return every JK that advertises. Raises RadioUnavailableError."""
        self._heard.clear()
        async with self._scanner():
            await asyncio.sleep(seconds)
        return sorted(self._heard.values(), key=lambda seen: seen.address)

    async def find(self, address: str, seconds: float) -> Seen:
        """Return a battery as soon as it advertises, or a link to it that a killed process left behind.

        Raises DeviceOfflineError where it is not found in time, RadioUnavailableError.
        """
        left = await self._left_behind(address)
        if left:
            return left
        future = self._waiting.setdefault(address, asyncio.get_running_loop().create_future())
        try:
            async with self._scanner():
                return await asyncio.wait_for(asyncio.shield(future), seconds)
        except TimeoutError:
            raise DeviceOfflineError(
                f"The battery {address} is not to be found: it is out of range or asleep, or the phone app or another "
                "program is connected to it, for it takes one connection at a time."
            ) from None
        finally:
            self._waiting.pop(address, None)

    @asynccontextmanager
    async def connected(self, seen: Seen, hear: Callable[[bytes], None]) -> AsyncIterator[Link]:
        """Connect, listen, and hang up at the end. Raises DeviceOfflineError, PairingError."""
        lost = asyncio.Event()

        def gone(_: BleakClient) -> None:
            lost.set()

        client = BleakClient(
            seen.device,
            disconnected_callback=gone,
            timeout=CONNECT_S,
            bluez=self._bluez_client,
            backend=self._backend.client,
        )
        try:
            with _in_our_words(f"The battery {seen.address} does not let itself be connected"):
                async with self._connecting:
                    await client.connect()
                notify, write = _characteristics(client)
                await client.start_notify(notify, lambda _, data: hear(bytes(data)))
            yield Link(client, write, lost)
        finally:
            await _hang_up(client)

    @asynccontextmanager
    async def _scanner(self) -> AsyncIterator[None]:
        """Scan while somebody wants to. An old scan is begun anew: one that outlived bluetoothd hears nothing more."""
        async with self._gate:
            if self._scan and asyncio.get_running_loop().time() - self._scan_began > SCAN_ANEW_S:
                await self._stop_scan()
            if not self._scan:
                await self._start_scan()
            self._users += 1
        try:
            yield
        finally:
            async with self._gate:
                self._users -= 1
                if not self._users:
                    await self._stop_scan()

    async def _start_scan(self) -> None:
        scanner = BleakScanner(self._note, bluez=self._bluez_scanner, backend=self._backend.scanner)
        with _in_our_words("Bluetooth does not scan"):
            await scanner.start()
        self._scan, self._scan_began = scanner, asyncio.get_running_loop().time()

    async def _stop_scan(self) -> None:
        scanner, self._scan = self._scan, None
        if scanner:
            with suppress(BleakError, OSError, EOFError, TimeoutError):  # bluetoothd may have gone meanwhile
                async with asyncio.timeout(FAREWELL_S):
                    await scanner.stop()

    def _note(self, device: BLEDevice, told: AdvertisementData) -> None:
        """Keep a JK, and whoever is waited for, whatever it says it is."""
        address = device.address.upper()
        waiting = self._waiting.get(address)
        is_jk = SERVICE in told.service_uuids and bool(COMPANIES & set(told.manufacturer_data))
        if not is_jk and not waiting:
            return
        self._heard[address] = Seen(address, device.name or told.local_name, told.rssi, device)
        if waiting and not waiting.done():
            waiting.set_result(self._heard[address])

    async def _left_behind(self, address: str) -> Seen | None:
        """A killed process leaves its links to BlueZ, and a connected battery does not advertise, for ever."""
        if self._backend.scanner:
            return None
        with _in_our_words("Bluetooth does not answer"):
            adapter = await BleakAdapter.get()
            for device in await adapter.get_connected_devices([SERVICE]):
                if device.address.upper() == address:
                    return Seen(address, device.name, 0, device)
        return None


def _characteristics(client: BleakClient) -> tuple[BleakGATTCharacteristic, BleakGATTCharacteristic]:
    """Pick by property: one kind of module has two characteristics with the same name, another notifies on two."""
    found = [one for service in client.services if service.uuid == SERVICE for one in service.characteristics]
    found.sort(key=lambda one: one.uuid != FIRST_CHOICE)
    notify = next((one for one in found if "notify" in one.properties), None)
    write = next((one for one in found if {"write", "write-without-response"} & set(one.properties)), None)
    if notify is None or write is None:
        raise DeviceOfflineError(
            f"{client.address} is no JK BMS: it has no service FFE0 to talk through. Is its address right?"
        )
    return notify, write


async def _hang_up(client: BleakClient) -> None:
    """Let go, even where bluetoothd is gone and nobody answers."""
    with suppress(BleakError, OSError, EOFError, TimeoutError):
        async with asyncio.timeout(FAREWELL_S):
            await client.disconnect()


class _in_our_words:  # noqa: N801 - reads as a statement
    """Turns what bleak and D-Bus raise into our errors."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        """Raise what it means."""
        if error is not None and isinstance(error, BleakError | OSError | EOFError | TimeoutError):
            raise meaning(error, self._what) from None


def meaning(error: BaseException, what: str) -> DeviceOfflineError:
    """Return the error of ours, with the sentence that says what to do."""
    text = str(error)
    name = error.dbus_error if isinstance(error, BleakDBusError) else ""
    if isinstance(error, BleakBluetoothNotAvailableError):
        return RadioUnavailableError("There is no Bluetooth adapter, or it is off: plug one in, or switch it on.")
    if "AccessDenied" in name or isinstance(error, PermissionError) or "REJECTED" in text:
        return RadioUnavailableError(
            "The system does not let this user use Bluetooth (D-Bus says no): add the user to the group bluetooth; in "
            "Docker see docs/battery.md about AppArmor and user namespaces."
        )
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return RadioUnavailableError(
            "There is no D-Bus here, and so no Bluetooth: install bluez; in Docker mount /run/dbus of the host."
        )
    if any(f"freedesktop.DBus.Error.{kind}" in name for kind in NO_DAEMON):
        return RadioUnavailableError("bluetoothd does not run: install bluez, and start it on this machine (the host).")
    if "Authentication" in name + text or "Not Permitted" in text or "NotPermitted" in name or "Insufficient" in text:
        return PairingError(
            f"{what}: it wants to be paired, as firmware 19.30 and later do. Pair it once on this machine: "
            "bluetoothctl, then scan on, pair and trust with its address."
        )
    return DeviceOfflineError(f"{what} ({text or type(error).__name__}).")

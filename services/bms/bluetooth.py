"""Bluetooth LE: scanning and connections. The only importer of bleak.

There is one scanner per adapter, running only while a battery is missing, and one connection attempt at a time, always
to a device that the scanner found: connecting by address alone would start a second scan (BlueZ: InProgress).
"""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.args.bluez import BlueZAdapterArgs, BlueZClientArgs, BlueZScannerArgs
from bleak.backends.bluezdbus.utils import get_dbus_authenticator
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)
from bleak.uuids import normalize_uuid_16
from dbus_fast import BusType, Message, MessageType, unpack_variants
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError
from pydantic import SecretStr

from services.bms.bluez_objects import Objects, choose_adapter, is_read_by_somebody
from services.bms.pairing import Agent, pair
from shared.conditions import Reason, bms, system
from shared.errors import DeviceOfflineError

log = logging.getLogger("bms")

JK_SERVICE = normalize_uuid_16(0xFFE0)
PREFERRED_CHARACTERISTIC = normalize_uuid_16(0xFFE1)
NO_DAEMON_ERRORS = ("Spawn", "ServiceUnknown", "NameHasNoOwner", "NoReply")
PAIRING_SIGNS = ("Authentication", "Not Permitted", "NotPermitted", "Insufficient")
"""Parts of the errors by which a battery that wants to be paired refuses."""
JK_COMPANY_IDS = frozenset((0x0B65, 0x4B4A, 0xFAD6))
"""JK's company identifiers in advertisements; FFE0 alone is also used by toys and other brands."""
CALL_S = 10.0
"""D-Bus waits for ever for a hung bluetoothd: no call may take longer, except to connect."""
CONNECT_S = 20.0
DISCONNECT_S = 5.0
PAIR_S = 30.0
RESTART_SCAN_S = 60.0


Call = Callable[[Message], Awaitable[Message]]
"""Sends a message over D-Bus and returns the reply."""


class BluetoothUnavailableError(DeviceOfflineError):
    """This machine has no usable Bluetooth at the moment."""


class PairingError(DeviceOfflineError):
    """The battery is there but has to be paired first."""


@dataclass(frozen=True)
class Advertisement:
    """A battery that advertises, or is still connected; the latter has no signal strength."""

    address: str
    name: str | None
    rssi_dbm: int | None
    device: BLEDevice = field(repr=False)
    is_jk: bool = False
    """Whether it advertises the service of a JK."""

    @property
    def is_paired(self) -> bool:
        """Whether BlueZ holds keys of it, which removing it would lose."""
        return any(bool(self._details.get("props", {}).get(name)) for name in ("Paired", "Bonded"))

    @property
    def path(self) -> str:
        """Its object at BlueZ, "" with a simulated radio."""
        return str(self._details.get("path", ""))

    @property
    def _details(self) -> dict[str, Any]:
        return self.device.details if self.device and isinstance(self.device.details, dict) else {}


@dataclass(frozen=True)
class Backend:
    """The bleak backend: the system's, or the module that BLE_BACKEND names."""

    scanner: type[Any] | None = None
    client: type[Any] | None = None

    @classmethod
    def named(cls, module: str) -> "Backend":
        """Return the backend of a module with the classes Scanner and Client; "" is the system's."""
        if not module:
            return cls()
        found = importlib.import_module(module)
        return cls(found.Scanner, found.Client)


class Connection:
    """A connection to one battery; what it sends goes to the `on_data` of `connect`."""

    def __init__(self, client: BleakClient, write: BleakGATTCharacteristic, lost: asyncio.Event) -> None:
        self._client = client
        self._write = write
        self._lost = lost

    @property
    def is_lost(self) -> bool:
        """Whether the connection broke."""
        return self._lost.is_set()

    async def send(self, command: bytes) -> None:
        """Write without waiting for an answer, as the vendor's app does. Raises DeviceOfflineError, PairingError."""
        address = self._client.address.upper()
        without_response = "write-without-response" in self._write.properties
        async with _bluetooth(CALL_S, partial(bms.command_failed, address=address)):
            await self._client.write_gatt_char(self._write, command, response=not without_response)


class Adapters:
    """The adapters of this machine, each with one scanner, whatever it is called.

    Without a name one is chosen and kept, because bleak's own choice may differ from one start to the next. Each time
    BlueZ is asked whether the adapter is there and on.
    """

    def __init__(self, backend: Backend | None = None, call: Call | None = None) -> None:
        self._backend = backend or Backend()
        self._call = call or _call_bluez
        self._known: dict[str, BluetoothAdapter] = {}
        self._default = ""

    async def named(self, name: str) -> "BluetoothAdapter":
        """Return a usable adapter; "" is the default. Raises BluetoothUnavailableError, DeviceOfflineError."""
        if not self._backend.scanner:
            name = await self._usable(name)
        return self._known.setdefault(name, BluetoothAdapter(name, self._backend, self._call))

    async def _usable(self, name: str) -> str:
        chosen = choose_adapter(await _objects(self._call), name, self._default)
        if chosen is None:
            raise BluetoothUnavailableError(bms.no_such_adapter(adapter=name) if name else bms.NO_ADAPTER())
        if not name and chosen != self._default:
            log.info("Batteries without an adapter of their own are read with %s.", chosen)
            self._default = chosen
        return chosen


async def _objects(call: Call) -> Objects:
    """Return all objects of BlueZ. Raises BluetoothUnavailableError, DeviceOfflineError."""
    request = Message(
        destination="org.bluez",
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="GetManagedObjects",
    )
    async with _bluetooth(CALL_S, bms.no_answer_from_bluetooth):
        reply = await call(request)
        if reply.message_type is MessageType.ERROR:
            raise BleakDBusError(reply.error_name or "", reply.body)
    objects: Objects = unpack_variants(reply.body[0])
    return objects


@asynccontextmanager
async def _system_bus() -> AsyncIterator[MessageBus]:
    """Connect to the system's D-Bus."""
    bus = MessageBus(bus_type=BusType.SYSTEM, auth=get_dbus_authenticator())
    try:
        yield await bus.connect()
    finally:
        bus.disconnect()


async def _call_bluez(request: Message) -> Message:
    """Send one message over the system's D-Bus and return the reply."""
    async with _system_bus() as bus:
        reply = await bus.call(request)
    if reply is None:
        raise EOFError
    return reply


class BluetoothAdapter:
    """One adapter, such as hci1; "" is that of a simulated radio."""

    def __init__(self, adapter: str = "", backend: Backend | None = None, call: Call | None = None) -> None:
        self._call = call or _call_bluez
        self._ours: set[str] = set()
        """The batteries that this process has connected to: a subscription of theirs may be our own."""
        self._bluez_scanner: BlueZScannerArgs = {"adapter": adapter} if adapter else {}
        self._bluez_adapter: BlueZAdapterArgs = {"adapter": adapter} if adapter else {}
        self._bluez_client: BlueZClientArgs = {"adapter": adapter} if adapter else {}
        self._backend = backend or Backend()
        self._wanted: dict[str, asyncio.Future[Advertisement]] = {}
        self._found: dict[str, Advertisement] = {}
        self._connect_lock = asyncio.Lock()
        self._scanner_lock = asyncio.Lock()
        self._scanner_users = 0
        self._scan: BleakScanner | None = None
        self._scan_began = 0.0

    async def discover(self, seconds: float) -> list[Advertisement]:
        """Return every JK that advertises. Raises BluetoothUnavailableError, DeviceOfflineError."""
        self._found.clear()
        async with self._scanner():
            await asyncio.sleep(seconds)
        return sorted(self._found.values(), key=lambda found: found.address)

    async def find(self, address: str, seconds: float, on_searching: Callable[[], None]) -> Advertisement:
        """Return a battery as soon as it advertises, or at once if a killed process left it connected.

        `on_searching` is called once the adapter scans. Raises DeviceOfflineError if it is not found in time,
        BluetoothUnavailableError.
        """
        leftover = await self._leftover_connection(address)
        if leftover:
            return leftover
        future = self._wanted.setdefault(address, asyncio.get_running_loop().create_future())
        try:
            async with self._scanner():
                on_searching()
                async with asyncio.timeout(seconds):
                    return await asyncio.shield(future)
        except TimeoutError:
            raise DeviceOfflineError(bms.not_found(address=address)) from None
        finally:
            self._wanted.pop(address, None)

    async def pair(self, advertisement: Advertisement, pin: SecretStr | None) -> None:
        """Pair with a battery. Raises DeviceOfflineError, PairingError if it refuses."""
        failure = partial(bms.pairing_failed, address=advertisement.address)
        async with self._connect_lock, _bluetooth(PAIR_S, failure), _system_bus() as bus:
            error = await pair(bus, Agent(advertisement.path, pin))
        if error:
            raise to_pairing_error(error, failure, has_pin=pin is not None)

    @asynccontextmanager
    async def connect(
        self, advertisement: Advertisement, on_data: Callable[[bytes], None], on_lost: Callable[[], None]
    ) -> AsyncIterator[Connection]:
        """Connect, listen, and disconnect at the end. Raises DeviceOfflineError, PairingError."""
        lost = asyncio.Event()
        is_open = False

        def disconnected(_: BleakClient) -> None:
            lost.set()
            if is_open:
                on_lost()

        client = BleakClient(
            advertisement.device,
            disconnected_callback=disconnected,
            timeout=CONNECT_S,
            bluez=self._bluez_client,
            backend=self._backend.client,
        )
        try:
            failure = partial(bms.connect_failed, address=advertisement.address)
            async with self._connect_lock, _bluetooth(CONNECT_S + CALL_S, failure):
                await client.connect()
            notify, write = await _characteristics(client, advertisement)
            async with _bluetooth(CALL_S, failure):
                await client.start_notify(notify, lambda _, data: on_data(bytes(data)))
            if lost.is_set():
                raise DeviceOfflineError(failure(cause=system.CONNECTION_LOST()))
            is_open = True
            self._ours.add(advertisement.address)
            yield Connection(client, write, lost)
        finally:
            is_open = False
            await _disconnect(client)

    @asynccontextmanager
    async def _scanner(self) -> AsyncIterator[None]:
        """Scan while anyone needs it. An old scan is restarted: one that outlived bluetoothd finds nothing any more."""
        async with self._scanner_lock:
            if self._scan and asyncio.get_running_loop().time() - self._scan_began > RESTART_SCAN_S:
                await self._stop_scan()
            if not self._scan:
                await self._start_scan()
            self._scanner_users += 1
        try:
            yield
        finally:
            async with self._scanner_lock:
                self._scanner_users -= 1
                if not self._scanner_users:
                    await self._stop_scan()

    async def _start_scan(self) -> None:
        scanner = BleakScanner(self._on_advertisement, bluez=self._bluez_scanner, backend=self._backend.scanner)
        async with _bluetooth(CALL_S, bms.scan_failed):
            await scanner.start()
        self._scan, self._scan_began = scanner, asyncio.get_running_loop().time()

    async def _stop_scan(self) -> None:
        scanner, self._scan = self._scan, None
        if scanner:
            with suppress(BleakError, OSError, EOFError, TimeoutError):  # bluetoothd may be gone
                async with asyncio.timeout(DISCONNECT_S):
                    await scanner.stop()

    def _on_advertisement(self, device: BLEDevice, data: AdvertisementData) -> None:
        """Note a JK, and every device that is wanted, whatever it advertises."""
        address = device.address.upper()
        wanted = self._wanted.get(address)
        is_jk = JK_SERVICE in data.service_uuids and bool(JK_COMPANY_IDS & set(data.manufacturer_data))
        if not is_jk and not wanted:
            return
        self._found[address] = Advertisement(address, device.name or data.local_name, data.rssi, device, is_jk)
        if wanted and not wanted.done():
            wanted.set_result(self._found[address])

    async def _leftover_connection(self, address: str) -> Advertisement | None:
        """Find the connection that a killed process left to BlueZ: a connected battery never advertises.

        The connection of another program that reads the battery is let alone: to disconnect ends it for both. Raises
        DeviceOfflineError then.
        """
        if self._backend.scanner:
            return None
        async with _bluetooth(CALL_S, bms.no_answer_from_bluetooth):
            adapter = await BleakAdapter.get(bluez=self._bluez_adapter)
            devices = await adapter.get_connected_devices([JK_SERVICE])
        found = [Advertisement(address, one.name, None, one) for one in devices if one.address.upper() == address]
        if found and address not in self._ours and is_read_by_somebody(await _objects(self._call), found[0].path):
            failure = partial(bms.connect_failed, address=address)
            raise DeviceOfflineError(failure(cause=bms.READ_BY_ANOTHER_PROGRAM()))
        return found[0] if found else None


async def _characteristics(
    client: BleakClient, advertisement: Advertisement
) -> tuple[BleakGATTCharacteristic, BleakGATTCharacteristic]:
    """Pick by property: one kind of module has two characteristics with the same name, another notifies on two.

    A battery that advertises what it then lacks is remembered wrongly: BlueZ forgets it, unless it is paired.
    """
    found = [one for service in client.services if service.uuid == JK_SERVICE for one in service.characteristics]
    found.sort(key=lambda one: one.uuid != PREFERRED_CHARACTERISTIC)
    notify = next((one for one in found if "notify" in one.properties), None)
    write = next((one for one in found if {"write", "write-without-response"} & set(one.properties)), None)
    if notify is None or write is None:
        if not advertisement.is_jk:
            raise DeviceOfflineError(bms.not_a_jk(address=advertisement.address))
        if not advertisement.is_paired:
            with suppress(BleakError, OSError, EOFError, TimeoutError):
                async with asyncio.timeout(CALL_S):
                    await client.unpair()
        raise DeviceOfflineError(bms.stale_services(address=advertisement.address))
    return notify, write


async def _disconnect(client: BleakClient) -> None:
    """Disconnect, even if bluetoothd is gone and does not answer."""
    with suppress(BleakError, OSError, EOFError, TimeoutError):
        async with asyncio.timeout(DISCONNECT_S):
            await client.disconnect()


class Failure(Protocol):
    """Makes a reason of a cause."""

    def __call__(self, *, cause: Reason) -> Reason:
        """Return the reason."""


@asynccontextmanager
async def _bluetooth(limit_s: float, failure: Failure) -> AsyncIterator[None]:
    """Limit the time of calls, which D-Bus does not, and raise what bleak and D-Bus raise as our errors."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (BleakError, OSError, EOFError, TimeoutError, AuthError, InvalidAddressError) as error:
        raise to_error(error, failure) from None


def to_error(error: Exception, failure: Failure) -> DeviceOfflineError:
    """Return what an error of bleak or D-Bus means to us; `failure` makes a reason of what is not about the adapter."""
    machine = _machine_reason(error)
    if machine:
        return BluetoothUnavailableError(machine)
    told = f"{error.dbus_error if isinstance(error, BleakDBusError) else ''} {error}"
    if "Notify acquired" in told:
        return DeviceOfflineError(failure(cause=bms.READ_BY_ANOTHER_PROGRAM()))
    if "AuthenticationCanceled" in told:
        return PairingError(failure(cause=bms.PAIRING_CANCELED()))
    if any(sign in told for sign in PAIRING_SIGNS):
        return PairingError(failure(cause=bms.NEEDS_PAIRING()))
    return DeviceOfflineError(failure(cause=_cause(error)))


def to_pairing_error(name: str, failure: Failure, *, has_pin: bool) -> DeviceOfflineError:
    """Return what BlueZ's error to Pair means."""
    error = BleakDBusError(name, [])
    if _machine_reason(error) or "Authentication" not in name:
        return to_error(error, failure)
    if "Timeout" in name:
        return PairingError(failure(cause=system.TIMED_OUT()))
    if "Canceled" in name:
        return PairingError(failure(cause=bms.PAIRING_CANCELED()))
    return PairingError(failure(cause=bms.PIN_REFUSED() if has_pin else bms.PAIRING_REFUSED()))


def _machine_reason(error: Exception) -> Reason | None:
    """Return why this machine has no usable Bluetooth, if an error says so."""
    name = error.dbus_error if isinstance(error, BleakDBusError) else ""
    if "REJECTED" in str(error):
        return bms.DBUS_REJECTED()
    if isinstance(error, BleakBluetoothNotAvailableError):
        is_denied = error.reason is BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM
        return bms.NOT_PERMITTED() if is_denied else bms.NO_ADAPTER()
    if "AccessDenied" in name or isinstance(error, PermissionError):
        return bms.NOT_PERMITTED()
    if isinstance(error, FileNotFoundError | ConnectionRefusedError | InvalidAddressError):
        return bms.NO_DBUS()
    return bms.NO_BLUETOOTHD() if any(f"freedesktop.DBus.Error.{kind}" in name for kind in NO_DAEMON_ERRORS) else None


def _cause(error: Exception) -> Reason:
    """Return the cause by its name; the English details of BlueZ and bleak go to the log."""
    if isinstance(error, BleakDBusError):
        log.debug("%s: %s", error.dbus_error, error.dbus_error_details)
        return bms.bluetooth_error(code=error.dbus_error)
    if isinstance(error, BleakError):
        log.debug("%s: %s", type(error).__name__, error)
        return bms.bluetooth_error(code=type(error).__name__)
    return system.CONNECTION_LOST() if isinstance(error, EOFError) else system.os_reason(error)

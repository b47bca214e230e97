"""What errors of bleak and D-Bus mean."""

import asyncio
import logging
from typing import Any, ClassVar, cast

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from dbus_fast import Message, Variant
from dbus_fast.errors import AuthError

from services.bms.bluetooth import (
    Adapters,
    Advertisement,
    Backend,
    BluetoothAdapter,
    BluetoothUnavailableError,
    Call,
    PairingError,
    to_error,
)
from services.bms.bluez_objects import choose_adapter
from shared.conditions import Reason, bms, system
from shared.errors import DeviceOfflineError
from tests.bms import fake_bleak
from tests.support.flying_time import fly

ADDRESS = "C8:47:80:00:00:01"


def dbus(name: str, text: str = "") -> BleakDBusError:
    return BleakDBusError(name, [text])


@pytest.mark.parametrize(
    ("error", "kind", "code", "sentence"),
    [
        (FileNotFoundError(), BluetoothUnavailableError, "bms.no_dbus", "There is no D-Bus here"),
        (
            dbus("org.freedesktop.DBus.Error.ServiceUnknown"),
            BluetoothUnavailableError,
            "bms.no_bluetoothd",
            "`bluetoothd` is not running",
        ),
        (
            dbus("org.freedesktop.DBus.Error.Spawn.ChildExited"),
            BluetoothUnavailableError,
            "bms.no_bluetoothd",
            "`bluetoothd` is not running",
        ),
        (
            dbus("org.freedesktop.DBus.Error.AccessDenied"),
            BluetoothUnavailableError,
            "bms.not_permitted",
            "D-Bus denies access",
        ),
        (
            AuthError("authentication failed: REJECTED: ['EXTERNAL']"),
            BluetoothUnavailableError,
            "bms.dbus_rejected",
            "set BLEAK_DBUS_AUTH_UID",
        ),
        (
            dbus("org.freedesktop.DBus.Error.AccessDenied", "REJECTED EXTERNAL"),
            BluetoothUnavailableError,
            "bms.dbus_rejected",
            "set BLEAK_DBUS_AUTH_UID",
        ),
        (
            dbus("org.bluez.Error.NotPermitted", "Notify acquired"),
            DeviceOfflineError,
            "bms.connect_failed",
            "another program on this machine",
        ),
        (
            dbus("org.bluez.Error.AuthenticationCanceled"),
            PairingError,
            "bms.connect_failed",
            "it broke that off",
        ),
        (PermissionError(), BluetoothUnavailableError, "bms.not_permitted", "D-Bus denies access"),
        (
            BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH),
            BluetoothUnavailableError,
            "bms.no_adapter",
            "no Bluetooth adapter",
        ),
        (
            BleakBluetoothNotAvailableError("denied", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM),
            BluetoothUnavailableError,
            "bms.not_permitted",
            "D-Bus denies access",
        ),
        (
            BleakBluetoothNotAvailableError("REJECTED", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM),
            BluetoothUnavailableError,
            "bms.dbus_rejected",
            "set BLEAK_DBUS_AUTH_UID",
        ),
        (dbus("org.bluez.Error.AuthenticationFailed"), PairingError, "bms.connect_failed", "wants to be paired"),
        (
            BleakError("ATT error: Insufficient Authentication"),
            PairingError,
            "bms.connect_failed",
            "wants to be paired",
        ),
        (TimeoutError(), DeviceOfflineError, "bms.connect_failed", "no answer in time"),
        (EOFError(), DeviceOfflineError, "bms.connect_failed", "the connection broke"),
        (BleakError("out of range"), DeviceOfflineError, "bms.connect_failed", "Bluetooth error BleakError"),
        (
            dbus("org.bluez.Error.Failed", "out of range"),
            DeviceOfflineError,
            "bms.connect_failed",
            "Bluetooth error org.bluez.Error.Failed",
        ),
    ],
)
def test_what_bluetooth_errors_mean(
    error: Exception, kind: type[Exception], code: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bms")
    meant = to_error(error, lambda cause: bms.connect_failed(address=ADDRESS, cause=cause))
    assert type(meant) is kind
    assert meant.reason.code == code
    assert sentence in str(meant)
    assert ("out of range" in caplog.text) == ("out of range" in str(error)), "BlueZ's own words are in the log"


def use(adapter: BluetoothAdapter) -> None:
    """Find a battery, connect to it and write."""

    async def work() -> None:
        found = await adapter.find(ADDRESS, 5, lambda: None)
        async with adapter.connect(found, lambda _: None, lambda: None) as connection:
            await connection.send(b"x")

    fly(work())


def test_a_search_that_is_cancelled_in_the_moment_of_the_find_ends() -> None:
    scanner = type("Scanner", (fake_bleak.Scanner,), {"in_range": ()})

    async def work() -> None:
        adapter = BluetoothAdapter(backend=Backend(scanner, fake_bleak.Client))
        search = asyncio.create_task(adapter.find(ADDRESS, 60, lambda: None))
        await asyncio.sleep(1)
        adapter._wanted[ADDRESS].set_result(cast(Advertisement, None))
        search.cancel()
        await asyncio.wait([search])
        assert search.cancelled()

    fly(work())


async def hang(*_: Any, **__: Any) -> None:
    """Stand for a call to a bluetoothd that hangs."""
    await asyncio.sleep(1e6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"scanner": {"error": TimeoutError()}}, bms.scan_failed(cause=system.TIMED_OUT()), id="scan-fails"
        ),
        pytest.param({"scanner": {"in_range": ()}}, bms.not_found(address=ADDRESS), id="out-of-range"),
        pytest.param(
            {"client": {"connect_error": BleakError("")}},
            bms.connect_failed(address=ADDRESS, cause=bms.bluetooth_error(code="BleakError")),
            id="connection-fails",
        ),
        pytest.param(
            {"client": {"connect_error": dbus("org.bluez.Error.AuthenticationFailed")}},
            bms.connect_failed(address=ADDRESS, cause=bms.NEEDS_PAIRING()),
            id="pairing",
        ),
        pytest.param(
            {"client": {"is_jk": False}}, bms.stale_services(address=ADDRESS), id="services-remembered-wrongly"
        ),
        pytest.param(
            {"client": {"is_jk": False}, "scanner": {"company": 0x1234}},
            bms.not_a_jk(address=ADDRESS),
            id="another-device",
        ),
        pytest.param(
            {"client": {"write_error": BleakError("")}},
            bms.command_failed(address=ADDRESS, cause=bms.bluetooth_error(code="BleakError")),
            id="writing-fails",
        ),
        *(
            pytest.param({side: {method: hang}}, reason(system.TIMED_OUT()), id=f"{method}-hangs")
            for side, method, reason in (
                ("scanner", "start", lambda cause: bms.scan_failed(cause=cause)),
                ("client", "connect", lambda cause: bms.connect_failed(address=ADDRESS, cause=cause)),
                ("client", "start_notify", lambda cause: bms.connect_failed(address=ADDRESS, cause=cause)),
                ("client", "write_gatt_char", lambda cause: bms.command_failed(address=ADDRESS, cause=cause)),
            )
        ),
        pytest.param(None, None, id="well"),
    ],
)
def test_what_goes_wrong_is_reported_with_its_reason(change: dict[str, dict[str, Any]] | None, reason: Reason) -> None:
    scanner = type("Scanner", (fake_bleak.Scanner,), (change or {}).get("scanner", {}))
    client = type("Client", (fake_bleak.Client,), (change or {}).get("client", {}))
    adapter = BluetoothAdapter(backend=Backend(scanner, client))
    if reason is None:
        use(adapter)
        return
    with pytest.raises(DeviceOfflineError) as caught:
        use(adapter)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("paired", "removed"), [(False, 1), (True, 0)])
def test_what_is_remembered_wrongly_is_removed_unless_keys_would_be_lost(*, paired: bool, removed: int) -> None:
    calls = []

    class Client(fake_bleak.Client):
        is_jk = False

        async def unpair(self) -> None:
            calls.append("unpair")

    class Scanner(fake_bleak.Scanner):
        details: ClassVar[Any] = {"props": {"Paired": paired}}

    with pytest.raises(DeviceOfflineError):
        use(BluetoothAdapter(backend=Backend(Scanner, Client)))
    assert len(calls) == removed


def adapters(*found: str, **properties: Any) -> Adapters:
    """Return the adapters of a machine whose BlueZ answers with these, at the level of D-Bus messages."""
    usable = {"Powered": Variant("b", True), "Roles": Variant("as", ["central", "peripheral"])}
    objects = {f"/org/bluez/{name}": {"org.bluez.Adapter1": usable | properties} for name in found}

    async def call(request: Message) -> Message:
        assert (request.destination, request.member) == ("org.bluez", "GetManagedObjects")
        request.serial = 1
        return Message.new_method_return(request, "a{oa{sa{sv}}}", [{"/org/bluez": {}, **objects}])

    return Adapters(call=call)


def test_the_default_adapter_is_the_one_with_the_lowest_number_and_has_one_scanner() -> None:
    async def run() -> None:
        machine = adapters("hci10", "hci1", "hci2")
        default = await machine.named("")
        assert default is await machine.named("hci1")
        assert default is await machine.named("")
        assert default is not await machine.named("hci2")

    asyncio.run(run())


@pytest.mark.parametrize(
    "machine",
    [adapters(), adapters("hci0", Powered=Variant("b", False)), adapters("hci0", Roles=Variant("as", ["peripheral"]))],
    ids=["none", "off", "no-central"],
)
def test_without_a_usable_adapter_there_is_no_default(machine: Adapters) -> None:
    with pytest.raises(BluetoothUnavailableError) as caught:
        asyncio.run(machine.named(""))
    assert caught.value.reason == bms.NO_ADAPTER()


def test_an_error_of_bluez_and_its_silence_are_told_apart() -> None:
    async def refused(request: Message) -> Message:
        request.serial = 1
        return Message.new_error(request, "org.freedesktop.DBus.Error.AccessDenied", "no")

    with pytest.raises(BluetoothUnavailableError) as caught:
        asyncio.run(Adapters(call=refused).named(""))
    assert caught.value.reason == bms.NOT_PERMITTED()
    with pytest.raises(DeviceOfflineError) as silent:
        fly(Adapters(call=cast(Call, hang)).named(""))
    assert silent.value.reason == bms.no_answer_from_bluetooth(cause=system.TIMED_OUT())


def test_the_chosen_adapter_is_kept_while_it_is_there() -> None:
    both = {f"/org/bluez/{name}": {"org.bluez.Adapter1": {"Powered": True}} for name in ("hci0", "hci1")}
    assert choose_adapter(both, "") == "hci0"
    assert choose_adapter(both, "", "hci1") == "hci1", "another was plugged in"
    assert choose_adapter(both, "", "hci7") == "hci0", "it was pulled out"
    assert choose_adapter(both, "hci1", "hci0") == "hci1"
    assert choose_adapter(both, "hci7", "hci0") is None, "no other stands in for a named one"


def test_a_named_adapter_that_is_missing_is_named() -> None:
    with pytest.raises(BluetoothUnavailableError) as caught:
        asyncio.run(adapters("hci0").named("hci1"))
    assert caught.value.reason == bms.no_such_adapter(adapter="hci1")

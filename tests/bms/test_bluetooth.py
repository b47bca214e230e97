"""What errors of bleak and D-Bus mean."""

import asyncio
import logging
from typing import Any, ClassVar

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from services.bms.bluetooth import Backend, BluetoothAdapter, BluetoothUnavailableError, PairingError, to_error
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
        found = await adapter.find(ADDRESS, 5)
        async with adapter.connect(found, lambda _: None, lambda: None) as connection:
            await connection.send(b"x")

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

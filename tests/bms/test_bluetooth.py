"""What errors of bleak and D-Bus mean."""

import logging

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from services.bms.bluetooth import BluetoothUnavailableError, PairingError, to_error
from shared.conditions import bms
from shared.errors import DeviceOfflineError

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

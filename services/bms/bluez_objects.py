"""What BlueZ's objects say: which adapter is meant, and whether a battery is in use. Pure: objects by path go in."""

from collections.abc import Mapping
from typing import Any

ADAPTER, CHARACTERISTIC = "org.bluez.Adapter1", "org.bluez.GattCharacteristic1"

Objects = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Properties by path and interface."""


def choose_adapter(objects: Objects, name: str, before: str = "") -> str | None:
    """Return the name of the adapter to use, such as hci0, or None if it is not usable.

    Without a name that is the one before while it is there, else the one with the lowest number. Adapters that are off,
    or cannot connect to Bluetooth LE devices, do not count.
    """
    found = sorted(
        (_number(adapter), adapter)
        for path, interfaces in objects.items()
        if (properties := interfaces.get(ADAPTER)) is not None and _is_usable(properties)
        for adapter in [path.rpartition("/")[2]]
    )
    names = [adapter for _, adapter in found]
    if name:
        return name if name in names else None
    return before if before in names else names[0] if names else None


def is_read_by_somebody(objects: Objects, device: str) -> bool:
    """Whether a program is subscribed to a device: BlueZ ends the subscriptions of a program that is gone."""
    return any(
        bool(properties.get("Notifying")) or bool(properties.get("NotifyAcquired"))
        for path, interfaces in objects.items()
        if path.startswith(f"{device}/") and (properties := interfaces.get(CHARACTERISTIC)) is not None
    )


def _is_usable(properties: Mapping[str, Any]) -> bool:
    roles = properties.get("Roles", ["central"])  # older BlueZ does not say
    return bool(properties.get("Powered")) and "central" in roles


def _number(name: str) -> int:
    digits = name.removeprefix("hci")
    return int(digits) if digits.isascii() and digits.isdecimal() else 1 << 16

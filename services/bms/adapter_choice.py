"""Which adapter is meant where none is named. Pure: BlueZ's objects by path go in."""

from collections.abc import Mapping
from typing import Any

INTERFACE = "org.bluez.Adapter1"


def choose_adapter(objects: Mapping[str, Mapping[str, Mapping[str, Any]]], before: str = "") -> str | None:
    """Return the name of the adapter to use, such as hci0: the one before while it is there, else the lowest number.

    Adapters that are off, or cannot connect to Bluetooth LE devices, do not count.
    """
    found = sorted(
        (_number(name), name)
        for path, interfaces in objects.items()
        if (properties := interfaces.get(INTERFACE)) is not None and _is_usable(properties)
        for name in [path.rpartition("/")[2]]
    )
    names = [name for _, name in found]
    return before if before in names else names[0] if names else None


def _is_usable(properties: Mapping[str, Any]) -> bool:
    roles = properties.get("Roles", ["central"])  # older BlueZ does not say
    return bool(properties.get("Powered")) and "central" in roles


def _number(name: str) -> int:
    digits = name.removeprefix("hci")
    return int(digits) if digits.isascii() and digits.isdecimal() else 1 << 16

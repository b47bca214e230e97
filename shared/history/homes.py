"""Homes that share a database: names begin with that of the home, `home7/main`; a single home has none.

The name is the first level of the home's topics, if one recorder serves many.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Column

SEPARATOR = "/"
PART = ":"
"""Between a device and a part of it that is recorded separately, `main:output_priority`."""
AFTER_SEPARATOR = chr(ord(SEPARATOR) + 1)


class HasOptions(Protocol):
    """An engine, a connection, or a session of ours."""

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options that `reader` has set."""
        ...


def home_of(source: HasOptions) -> str:
    """Return the home whose history is read through an engine, a connection or a session."""
    return str(source.get_execution_options().get("home", ""))


def in_home(home: str, name: str) -> str:
    """Return the name of a device in the database."""
    return f"{home}{SEPARATOR}{name}" if home else name


def split_name(device: str) -> tuple[str, str]:
    """Return the home, and the device's name there."""
    home, _, name = device.rpartition(SEPARATOR)
    return home, name


def of_home(home: str, device: Column[Any]) -> tuple[Any, ...]:
    """Return the conditions for the devices of a home, which are neighbours in an index; none for a single home."""
    return (device >= home + SEPARATOR, device < home + AFTER_SEPARATOR) if home else ()

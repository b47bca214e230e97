"""What a connection to a plug can do, whichever way it goes. Pure."""

from collections.abc import Mapping
from typing import Protocol

from services.tuya.grid_rules import GangStates
from shared.errors import DeviceOfflineError


class PlugConnection(Protocol):
    """A connection for one command. It blocks, so it is used in a thread. Raises DeviceError."""

    def read(self) -> GangStates:
        """Return whether each gang is on."""

    def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command; an acknowledgement proves nothing, so read it back."""

    def close(self) -> None:
        """Close the connection."""


class CloudUnreachableError(DeviceOfflineError):
    """The cloud was not reached, so the request does not count against the quota."""

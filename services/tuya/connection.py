"""The interface of a connection to a plug, whichever way it takes. Pure."""

from collections.abc import Mapping
from typing import Protocol

from services.tuya.grid_rules import GangStates
from shared.errors import BadReplyError, DeviceOfflineError


class PlugConnection(Protocol):
    """A connection for one command. It blocks, so it is used in a thread. Raises DeviceError."""

    def read(self) -> GangStates:
        """Return whether each gang is on."""

    def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command; an acknowledgement proves nothing, so read it back."""

    def close(self) -> None:
        """Close the connection."""


class OurWayError(DeviceOfflineError):
    """Our way to the plug is broken (no network, no cloud, a wrong address), which says nothing about the plug."""


class NoNetworkError(OurWayError):
    """This machine has no network, so no plug at home can be reached."""


class CloudUnreachableError(OurWayError):
    """The cloud was not reached, so the request does not count against the quota."""


class LostConnectionError(DeviceOfflineError):
    """The plug accepted the connection and hung up before answering: it has power, and a new connection may work."""


class SilentError(LostConnectionError):
    """The plug accepted the connection and did not answer in time: it may be slow, and still obey."""


class KeyDoubtError(BadReplyError):
    """A complete answer that our key does not decrypt. It may be damaged: only repeated ones prove a wrong key."""

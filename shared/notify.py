"""Reports a service's state to systemd (sd_notify); does nothing where systemd did not start the service."""

import os
import socket
from contextlib import suppress


def notify(*states: str) -> None:
    """Send assignments such as READY=1, WATCHDOG=1, STATUS=text to the socket that systemd named.

    NOTIFY_SOCKET is set by systemd and no setting of ours. A lost message does no harm: the next one follows in 30 s.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel, suppress(OSError):
        channel.sendto("\n".join(states).encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)

"""Reports a service's state to systemd (sd_notify); does nothing unless systemd started the service."""

import os
import socket
from contextlib import suppress


def notify(*states: str) -> None:
    """Send assignments such as READY=1, WATCHDOG=1, STATUS=text to systemd's socket.

    NOTIFY_SOCKET is set by systemd, and is not a setting. A lost message does no harm: the next one follows in 30 s.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel, suppress(OSError):
        channel.sendto("\n".join(states).encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)

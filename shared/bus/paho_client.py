"""paho's client over a socket that reads ahead."""

import socket
import ssl
from typing import TYPE_CHECKING

from paho.mqtt import client as mqtt

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

READ_AHEAD = 64 * 1024
"""In bytes: about fifty readings."""


class BufferedSocket:
    """A socket that reads ahead: paho asks for each packet in four parts, and each would be a system call.

    It reads from the network once per round. Otherwise a client that handles messages more slowly than they arrive
    would read for ever, and neither acknowledge them nor do anything else.

    While corked, small packets such as acknowledgements leave in one segment, if the system supports that (Linux).
    """

    def __init__(self, inner: "SocketLike") -> None:
        self.is_drained = False
        """Whether the last read from the network found nothing."""
        self._inner = inner
        self._buffer = b""
        self._position = 0
        self._may_receive = True
        self.send = inner.send
        self.close = inner.close
        self.fileno = inner.fileno
        self.setblocking = inner.setblocking

    def next_round(self) -> None:
        """Allow another read from the network."""
        self._may_receive = True

    def recv(self, buffer_size: int) -> bytes:
        """Return at most buffer_size bytes, b"" at the end; raise BlockingIOError if this round has no more."""
        position = self._position
        if position >= len(self._buffer):
            self._buffer = self._receive()
            position = 0
        self._position = position + buffer_size
        return self._buffer[position : position + buffer_size]

    def _receive(self) -> bytes:
        if not self._may_receive:
            raise BlockingIOError
        self._may_receive, self.is_drained = False, True
        received = self._inner.recv(READ_AHEAD)
        self.is_drained = not received
        return received

    def buffered(self) -> bool:
        """Return whether something has been read ahead."""
        return self._position < len(self._buffer)

    def pending(self) -> bool:
        """Return whether TLS has decrypted data for which the socket does not become readable."""
        return isinstance(self._inner, ssl.SSLSocket) and self._inner.pending() > 0

    def cork(self, *, corked: bool) -> None:
        """Hold small packets back, or release them."""
        if isinstance(self._inner, socket.socket) and hasattr(socket, "TCP_CORK") and self.fileno() >= 0:
            self._inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, corked)


class PahoClient(mqtt.Client):
    """paho's client, which has no public way to use our socket."""

    def _create_socket(self) -> "SocketLike":
        return BufferedSocket(super()._create_socket())

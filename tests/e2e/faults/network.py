"""A network of our own in which packets can vanish: a namespace of Linux, so that nothing else here is touched.

Where packets vanish a connection is not closed: nobody is told, and it seems to be there until something times out. The
network has a name server of its own, too, which can be slow or silent.
"""

import ctypes
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x00020000
TOOLS = ("ip", "iptables")
RESOLVER = Path("/etc/resolv.conf")
HEADER, A, ANSWER = 12, b"\0\1", b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1"
"""Of DNS: the bytes before a question, what asks for an IPv4 address, and 127.0.0.1 as the answer."""


def _namespace() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


_FIRST = _namespace()


def enter() -> bool:
    """Leave this machine's network for one with nothing but a loopback; return False where that may not be done.

    All processes that are started from then on are in it, too.
    """
    if not all(map(shutil.which, TOOLS)) or ctypes.CDLL(None).unshare(CLONE_NEWNET | CLONE_NEWNS):
        return False
    _run("ip", "link", "set", "lo", "up")
    _run("mount", "--make-rprivate", "/")
    return True


def is_own() -> bool:
    """Whether we are in a network of our own."""
    return _namespace() != _FIRST


def drop(ports: Iterable[int]) -> None:
    """Let every TCP packet from and to these ports vanish."""
    assert is_own()
    for port in ports:
        for end in ("--dport", "--sport"):
            _run("iptables", "-A", "INPUT", "-p", "tcp", end, str(port), "-j", "DROP")


def drop_nothing() -> None:
    """Let all packets arrive again."""
    assert is_own()
    _run("iptables", "-F", "INPUT")


class NameServer:
    """Says that every name is this machine, after `delay_s`; None: never."""

    def __init__(self) -> None:
        self.delay_s: float | None = 0.0
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        with suppress(OSError):  # nobody is connected, but whoever waits for a question has an empty one now
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while (question := self._socket.recvfrom(512))[0]:
            if self.delay_s is not None:
                threading.Timer(self.delay_s, self._answer, question).start()

    def _answer(self, asked: bytes, by: tuple[str, int]) -> None:
        end = asked.index(b"\0", HEADER) + 5
        answers = ANSWER if asked[end - 4 : end - 2] == A else b""
        counts = b"\0\1" + len(answers[:1]).to_bytes(2) + bytes(4)
        with suppress(OSError):  # nobody waits for it any more
            self._socket.sendto(asked[:2] + b"\x81\x80" + counts + asked[HEADER:end] + answers, by)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Yield the name server that all processes ask which are started meanwhile."""
    assert is_own()
    server = NameServer()
    with NamedTemporaryFile("w") as file:
        file.write("nameserver 127.0.0.1\n")
        file.flush()
        _run("mount", "--bind", file.name, str(RESOLVER))
        try:
            yield server
        finally:
            _run("umount", str(RESOLVER))
            server.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)

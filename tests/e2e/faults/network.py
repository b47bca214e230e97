"""A network of our own in which packets can vanish: a namespace of Linux, so that nothing else here is touched.

Where packets vanish a connection is not closed: nobody is told, and it seems to be there until something times out.
"""

import ctypes
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

CLONE_NEWNET = 0x40000000
TOOLS = ("ip", "iptables")


def _namespace() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


_FIRST = _namespace()


def enter() -> bool:
    """Leave this machine's network for one with nothing but a loopback; return False where that may not be done.

    All processes that are started from then on are in it, too.
    """
    if not all(map(shutil.which, TOOLS)) or ctypes.CDLL(None).unshare(CLONE_NEWNET):
        return False
    _run("ip", "link", "set", "lo", "up")
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


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)

"""TCP ports for what a test starts."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle, islice

FIRST, SHARE = 12_000, 1_000
"""Every worker has a share of its own, below the ports that the system hands out (from 32768): neither another test nor
a connection takes one between its choice and its use, or while its listener is away."""


def free_port(in_a_row: int = 1) -> int:
    """Return a port that nobody listens on, or the first of several in a row."""
    while True:
        ports = list(islice(_own(), in_a_row))
        if ports[-1] - ports[0] == in_a_row - 1 and all(map(_is_free, ports)):
            return ports[0]


def listens(port: int) -> bool:
    """Return whether something accepts connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@cache
def _own() -> Iterator[int]:
    """Return the ports of this worker in turn, from a place of its process: the tests may run twice at a time."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = range(FIRST + worker * SHARE, FIRST + (worker + 1) * SHARE)
    start = os.getpid() * 37 % SHARE
    return cycle((*ports[start:], *ports[:start]))


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False

"""Visitors and strangers who want much of the dashboard at once."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import requests

from tests.dashboard.harness import token_of
from tests.support.waiting import PATIENCE_S

PASSWORD = "a password"
A_CENTURY = "/history.csv?from=2010-01-01&to=2109-12-31"
DASH = "/_dash-update-component"


def visitor(address: str) -> requests.Session:
    """Return somebody who has logged in and opened a page."""
    one = requests.Session()
    one.headers["Accept"] = "text/html"
    given = {"csrf": token_of(one.get(f"{address}/login", timeout=PATIENCE_S).text), "password": PASSWORD}
    page = one.post(f"{address}/login", data=given, timeout=PATIENCE_S)
    one.headers["X-CSRF-Token"] = token_of(page.text)
    return one


@contextmanager
def idle(address: str, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections that say no more than this."""
    with ExitStack() as stack:
        place = urlsplit(address)
        opened = [stack.enter_context(socket.create_connection((place.hostname, place.port))) for _ in range(count)]
        for one in opened:
            one.sendall(said)
        yield opened

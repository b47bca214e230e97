"""Where the page listens."""

import socket

import pytest
from flask import Flask

from services.dashboard import web_server
from tests.support.ports import free_port


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("0.0.0.0", "0.0.0.0:8000", id="ipv4"),
        pytest.param("::", "0.0.0.0:8000 [::]:8000", id="everywhere"),
        pytest.param("fd00::5", "[fd00::5]:8000", id="one-address-of-ipv6"),
        pytest.param("pi.local", "pi.local:8000", id="name"),
    ],
)
def test_addresses(host: str, expected: str) -> None:
    assert web_server.addresses(host, 8000) == expected


def test_everywhere_is_this_machine_too() -> None:
    port = free_port()
    server = web_server.listen(Flask("page"), "::", port)
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, port), timeout=5).close()
    server.close()

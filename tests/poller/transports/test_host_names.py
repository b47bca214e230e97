"""Names that are resolved slowly or not at all, as where the line is overloaded or the router has no power."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.poller.settings import ModbusSettings
from services.poller.transports.factory import create_client
from services.poller.transports.host_names import HostName
from shared.conditions import poller
from shared.errors import DeviceOfflineError
from tests.support.ports import free_port

HOST = "inverter.home"


class NameServer:
    """Answers once it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = 0
        self.error: OSError | None = None

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        assert host == HOST
        self.asked += 1
        self.may_answer.wait()
        if self.error:
            raise self.error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    yield server
    server.may_answer.set()


async def test_a_name_that_is_resolved_slowly_is_known_in_the_end(name_server: NameServer) -> None:
    host = HostName(HOST)
    for _ in range(3):
        with pytest.raises(DeviceOfflineError) as raised:
            await host.addresses(patience_s=0.01)
        assert raised.value.reason == poller.host_unknown(host=HOST)
    name_server.may_answer.set()
    assert await host.addresses(patience_s=30) == ["192.0.2.7"]
    assert name_server.asked == 1
    assert await host.addresses(patience_s=30) == ["192.0.2.7"]
    assert name_server.asked == 2, "it may have another address by now"


async def test_a_name_that_cannot_be_resolved_is_looked_up_again(name_server: NameServer) -> None:
    host = HostName(HOST)
    name_server.error = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    name_server.may_answer.set()
    with pytest.raises(DeviceOfflineError):
        await host.addresses(patience_s=30)
    name_server.error = None
    assert await host.addresses(patience_s=30) == ["192.0.2.7"]


@pytest.mark.parametrize("address", ["192.0.2.9", "::1"])
async def test_an_address_needs_no_name_server(address: str, name_server: NameServer) -> None:
    assert await HostName(address).addresses(patience_s=30) == [address]
    assert not name_server.asked


@pytest.mark.parametrize("wire", ["tcp", "dongle"])
async def test_a_name_server_that_hangs_does_not_keep_others_from_working(
    wire: str, name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What blocks runs in a few threads that everything of a service shares, the connection to the broker too."""
    monkeypatch.setattr("services.poller.transports.dongle.RESOLVE_S", 0.01)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    given: dict[str, Any] = {"modbus_transport": wire, "modbus_host": HOST, "modbus_port": free_port()}
    inverter = create_client(ModbusSettings(_env_file=None, modbus_timeout=0.1, **given))
    for _ in range(3):
        with pytest.raises(DeviceOfflineError):
            await inverter.read(201, 2, attempts=1)
    async with asyncio.timeout(30):
        assert await asyncio.to_thread(int) == 0
    name_server.may_answer.set()
    inverter.close()

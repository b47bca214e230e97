import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator

import pytest
import requests
from pymodbus.client import ModbusTcpClient

from tests.simulators.connected import by_udp, eybond, listening, mbap, terminal
from tests.support.fork_server import fork_server, run_module
from tests.support.waiting import PATIENCE_S, eventually

pytestmark = pytest.mark.processes


class Served:
    """The simulator as a process of its own."""

    def __init__(self, folder, **settings):
        self.ready_file = folder / "ready.json"
        self.log = folder / "log"
        self.env = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "HOUSE_MODBUS_PORT": "0",
            "HOUSE_CONTROL_PORT": "0",
            "HOUSE_DONGLE_PORT": "0",
            "HOUSE_DAYS": "0",
            "HOUSE_READY_FILE": str(self.ready_file),
            **settings,
        }
        with self.log.open("wb") as log:
            self.process = fork_server().start("simulators", ["serve"], self.env, [log.fileno()] * 3)

    def wait(self):
        eventually(self.ready_file.exists, f"ready: {self.log.read_text()}")
        self.told = json.loads(self.ready_file.read_text())
        self.url = f"http://127.0.0.1:{self.told['control_port']}"
        return self

    def read(self, address, count=1):
        with ModbusTcpClient("127.0.0.1", port=self.told["modbus_port"], timeout=PATIENCE_S) as client:
            return client.read_holding_registers(address, count=count, device_id=1).registers

    def command(self, *arguments):
        return run_module("simulators", *arguments, env=self.env | {"HOUSE_CONTROL_URL": self.url})


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    served = Served(tmp_path, HOUSE_GRID="on").wait()
    yield served
    served.process.kill()
    served.process.wait()


def test_it_serves_and_is_commanded(served):
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE_S).json() == {"status": "ok"}
    assert 2250 <= served.read(202)[0] <= 2380
    assert requests.post(f"{served.url}/grid", json={"mode": "off"}, timeout=PATIENCE_S).ok
    assert served.read(201, 3) == [3, 0, 0]
    assert requests.get(f"{served.url}/truth", timeout=PATIENCE_S).json()["grid_mode"] == "off"
    bad = requests.post(f"{served.url}/speed", json={"factor": -1}, timeout=PATIENCE_S)
    assert (bad.status_code, bad.json()) == (400, {"error": "factor: it must be more than 0."})


def test_the_command_line(served):
    assert json.loads(served.command("truth").stdout)["grid_on"] is True
    assert json.loads(served.command("grid", "off").stdout) == {"mode": "off", "grid_on": False}
    answer = json.loads(
        served.command("fault", "exception", "--code", "6", "--probability", "0.5", "--first", "300").stdout
    )
    exception = {"kind": "exception", "probability": 0.5, "code": 6, "latency_s": 1.0, "first": 300, "last": 65535}
    assert answer["faults"] == [exception]
    assert json.loads(served.command("latency", "0.06").stdout) == {"seconds": 0.06}
    wire = json.loads(served.command("wire").stdout)
    assert (wire["transport"], wire["modbus_port"], wire["latency_s"]) == ("tcp", served.told["modbus_port"], 0.06)
    thief = served.command("steal", "127.0.0.1", "9")
    assert (thief.returncode, "Only a dongle can be stolen, and this transport is tcp." in thief.stderr) == (1, True)
    wrong = served.command("battery", "200")
    assert wrong.returncode == 1
    assert "soc_percent: it must be at most 100." in wrong.stderr
    assert wrong.stderr.count("\n") == 1


def test_nobody_there(served):
    served.process.kill()
    served.process.wait()
    answer = served.command("truth")
    assert answer.returncode == 1
    assert "No house answers" in answer.stderr


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"x\r\n\r\n", b"400", id="no-request"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400", id="negative-length"),
        pytest.param(b"A" * 100_000, b"414", id="too-long"),
    ],
)
def test_nonsense_on_the_control_port_does_no_harm(served, request_, status):
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(request_)
        assert connection.recv(100).startswith(b"HTTP/1.1 " + status)
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE_S).ok


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(served, number):
    with socket.create_connection(("127.0.0.1", served.told["modbus_port"])):
        served.process.send_signal(number)
        assert served.process.wait(PATIENCE_S) == 0
    assert "Stopped." in served.log.read_text()
    assert "Traceback" not in served.log.read_text()


def test_it_stops_while_it_lives_through_its_past(tmp_path):
    served = Served(tmp_path, HOUSE_DAYS="92", HOUSE_READY_FILE=str(tmp_path / "never"))
    eventually(lambda: signal_is_caught(served.process.pid), "its signal handler")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE_S) == 0


def signal_is_caught(pid):
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    return caught >> (signal.SIGTERM - 1) & 1


REPLIES = {
    "tcp": ("modbus_port", mbap(2, "010300c90002" + "0000"), mbap(2, "0103040002082f" + "0000")),
    "rtu_over_tcp": ("modbus_port", bytes.fromhex("010300c900021435"), bytes.fromhex("0103040002082f1def")),
    "serial": ("serial_port", bytes.fromhex("010300c900021435"), bytes.fromhex("0103040002082f1def")),
    "dongle": ("dongle_port", eybond(2, "010300c900021435"), eybond(2, "0103040002082f1def")),
}


@pytest.mark.parametrize("transport", REPLIES)
def test_a_capture_in_place_of_the_house_on_every_wire(tmp_path, transport):
    where, ask, say = REPLIES[transport]
    link = tmp_path / "tty"
    served = Served(
        tmp_path, HOUSE_REPLAY=captured(tmp_path), HOUSE_TRANSPORT=transport, HOUSE_SERIAL_LINK=str(link)
    ).wait()
    assert set(served.told) == {where, "control_port"}
    assert asyncio.run(answer(transport, served.told[where], link, ask, len(say))) == say
    assert requests.get(f"{served.url}/truth", timeout=PATIENCE_S).status_code == 409
    assert requests.get(f"{served.url}/wire", timeout=PATIENCE_S).json()["answered"] == 1
    served.process.terminate()
    assert served.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in served.log.read_text()
    assert not link.is_symlink()


def captured(folder):
    file = folder / "dumps.json"
    dump = {"id": "x", "protocol_number": 1, "registers_raw_u16": {"201": 2, "202": 2095, "213": 817}}
    file.write_text(json.dumps({"dumps": [dump]}))
    return f"{file}#x"


async def answer(transport, where, link, ask, length):
    async with opened(transport, where, link) as (reader, send):
        send(ask)
        return await asyncio.wait_for(reader.readexactly(length), PATIENCE_S)


@contextlib.asynccontextmanager
async def opened(transport, where, link):
    if transport == "serial":
        assert str(link.readlink()) == where
        async with terminal(str(link)) as (reader, send, _):
            yield reader, send
    elif transport == "dongle":
        async with listening() as server:
            await by_udp(f"set>server=127.0.0.1:{server.port};".encode(), "127.0.0.1", where)
            reader, writer = await server.call()
            yield reader, writer.write
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", where)
        yield reader, writer.write
        writer.close()


def test_latency_and_framing_are_settings(tmp_path):
    served = Served(tmp_path, HOUSE_TRANSPORT="dongle", HOUSE_DONGLE_FRAMING="pi30", HOUSE_LATENCY="0.06").wait()
    wire = json.loads(served.command("wire").stdout)
    assert (wire["latency_s"], wire["server"], wire["connected"]) == (0.06, None, False)
    assert "speaks PI30" in served.command("fault", "zeros").stderr
    served.process.terminate()
    assert served.process.wait(PATIENCE_S) == 0


def test_a_taken_udp_port_is_reported_plainly(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        served = Served(tmp_path, HOUSE_TRANSPORT="dongle", HOUSE_DONGLE_PORT=port)
        assert served.process.wait(PATIENCE_S) == 78
    assert "see HOUSE_DONGLE_BIND and HOUSE_DONGLE_PORT" in served.log.read_text()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param({"HOUSE_OUTAGES": "7-9"}, 'HOUSE_OUTAGES is "7-9"', id="outages"),
        pytest.param({"HOUSE_REPLAY": "/nowhere"}, "The capture /nowhere cannot be read", id="replay"),
        pytest.param({"HOUSE_LAYOUT": "k12"}, 'HOUSE_LAYOUT is "k12"', id="layout"),
        pytest.param({"HOUSE_MODBUS_BIND": "192.0.2.1"}, "see HOUSE_MODBUS_BIND and HOUSE_MODBUS_PORT", id="bind"),
        pytest.param(
            {"HOUSE_CONTROL_BIND": "192.0.2.1"}, "see HOUSE_CONTROL_BIND and HOUSE_CONTROL_PORT", id="control"
        ),
        pytest.param({"HOUSE_TRANSPORT": "can"}, 'HOUSE_TRANSPORT is "can"', id="transport"),
        pytest.param(
            {"HOUSE_TRANSPORT": "serial", "HOUSE_SERIAL_LINK": "/nowhere/tty"}, "see HOUSE_SERIAL_LINK", id="link"
        ),
        pytest.param(
            {"HOUSE_TRANSPORT": "dongle", "HOUSE_DONGLE_BIND": "192.0.2.1"},
            "see HOUSE_DONGLE_BIND and HOUSE_DONGLE_PORT",
            id="dongle",
        ),
    ],
)
def test_what_only_the_user_can_mend_is_reported_plainly(tmp_path, settings, sentence):
    served = Served(tmp_path, **settings)
    assert served.process.wait(PATIENCE_S) == 78
    assert sentence in served.log.read_text()
    assert served.log.read_text().count("ERROR") == 1
    assert "Traceback" not in served.log.read_text()

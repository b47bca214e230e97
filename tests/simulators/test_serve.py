import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from pymodbus.client import ModbusTcpClient

from tests.support.waiting import eventually


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
            "HOUSE_DAYS": "0",
            "HOUSE_READY_FILE": str(self.ready_file),
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulators", "serve"], env=self.env, stderr=self.log.open("w")
        )

    def wait(self):
        eventually(self.ready_file.exists, f"ready: {self.log.read_text()}")
        ports = json.loads(self.ready_file.read_text())
        self.modbus_port, self.url = ports["modbus_port"], f"http://127.0.0.1:{ports['control_port']}"
        return self

    def read(self, address, count=1):
        with ModbusTcpClient("127.0.0.1", port=self.modbus_port, timeout=2) as client:
            return client.read_holding_registers(address, count=count, device_id=1).registers

    def command(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "simulators", *arguments],
            check=False,
            env=self.env | {"HOUSE_CONTROL_URL": self.url},
            capture_output=True,
            text=True,
            timeout=30,
        )


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    served = Served(tmp_path, HOUSE_GRID="on").wait()
    yield served
    served.process.kill()
    served.process.wait()


def test_it_serves_and_is_commanded(served):
    assert requests.get(f"{served.url}/healthz", timeout=5).json() == {"status": "ok"}
    assert 2250 <= served.read(202)[0] <= 2380
    assert requests.post(f"{served.url}/grid", json={"mode": "off"}, timeout=5).ok
    assert served.read(201, 3) == [3, 0, 0]
    assert requests.get(f"{served.url}/truth", timeout=5).json()["grid_mode"] == "off"
    bad = requests.post(f"{served.url}/speed", json={"factor": -1}, timeout=5)
    assert (bad.status_code, bad.json()) == (400, {"error": "factor: input should be greater than 0."})


def test_the_command_line(served):
    assert json.loads(served.command("truth").stdout)["grid_on"] is True
    assert json.loads(served.command("grid", "off").stdout) == {"mode": "off", "grid_on": False}
    answer = json.loads(served.command("fault", "exception", "--code", "6", "--probability", "0.5").stdout)
    assert answer["faults"] == [{"kind": "exception", "probability": 0.5, "code": 6, "latency_s": 1.0}]
    wrong = served.command("battery", "200")
    assert wrong.returncode == 1
    assert "soc_percent: input should be less than or equal to 100." in wrong.stderr
    assert wrong.stderr.count("\n") == 1


def test_nobody_there(served):
    served.process.kill()
    served.process.wait()
    answer = served.command("truth")
    assert answer.returncode == 1
    assert "No house answers" in answer.stderr


@pytest.mark.parametrize("request_", [b"x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"A" * 100_000])
def test_nonsense_on_the_control_port_does_no_harm(served, request_):
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request_)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert requests.get(f"{served.url}/healthz", timeout=5).ok


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(served, number):
    with socket.create_connection(("127.0.0.1", served.modbus_port)):
        served.process.send_signal(number)
        assert served.process.wait(5) == 0
    assert "Stopped." in served.log.read_text()
    assert "Traceback" not in served.log.read_text()


def test_it_stops_while_it_lives_through_its_past(tmp_path):
    served = Served(tmp_path, HOUSE_DAYS="92", HOUSE_READY_FILE=str(tmp_path / "never"))
    eventually(lambda: signal_is_caught(served.process.pid), "its signal handler")
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(5) == 0


def signal_is_caught(pid):
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    return caught >> (signal.SIGTERM - 1) & 1


def test_a_capture_in_place_of_the_house(tmp_path):
    dump = {"id": "x", "protocol_number": 1, "registers_raw_u16": {"201": 2, "202": 2095, "213": 817}}
    file = tmp_path / "dumps.json"
    file.write_text(json.dumps({"dumps": [dump]}))
    served = Served(tmp_path, HOUSE_REPLAY=f"{file}#x").wait()
    assert served.read(201, 2) == [2, 2095]
    assert served.read(184) == [1]
    assert requests.get(f"{served.url}/truth", timeout=5).status_code == 409
    served.process.terminate()
    assert served.process.wait(5) == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param({"HOUSE_OUTAGES": "7-9"}, 'HOUSE_OUTAGES is "7-9"', id="outages"),
        pytest.param({"HOUSE_REPLAY": "/nowhere"}, "The capture /nowhere cannot be read", id="replay"),
        pytest.param({"HOUSE_LAYOUT": "k12"}, 'HOUSE_LAYOUT is "k12"', id="layout"),
        pytest.param({"HOUSE_MODBUS_BIND": "192.0.2.1"}, "A port cannot be opened", id="bind"),
    ],
)
def test_what_only_the_user_can_mend_is_said_plainly(tmp_path, settings, sentence):
    served = Served(tmp_path, **settings)
    assert served.process.wait(30) == 78
    assert sentence in served.log.read_text()
    assert "Traceback" not in served.log.read_text()

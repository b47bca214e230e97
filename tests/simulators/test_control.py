import socket
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from simulators.control import Control
from simulators.faults import FaultKind
from simulators.house import House
from simulators.live import LiveHouse
from simulators.registers import Layout
from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from tests.simulators.control_client import get, post
from tests.support.ports import free_port

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now_s = START.timestamp()

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def house(clock):
    return LiveHouse(House(START), Layout.CLASSIC, clock=clock)


@pytest.fixture
async def inverter(house):
    inverter = TcpGateway(house.words)
    await inverter.start("127.0.0.1", free_port())
    yield inverter
    await inverter.stop()


@pytest.fixture
async def control(house, inverter):
    return Control(house, inverter).app


async def truth(control):
    return (await get(control, "/truth"))[1]


async def test_truth(control, house):
    seen = await truth(control)
    assert seen["house_time"] == "2026-11-20T12:00:00.000Z"
    assert seen["grid_on"] is True
    assert seen["mode_code"] == 2
    assert seen["words_at"] is None
    assert seen["faults"] == []
    house.words()
    assert (await truth(control))["words_at"].endswith("Z")


async def test_grid(control, house):
    assert await post(control, "/grid", {"mode": "off"}) == (HTTPStatus.OK, {"mode": "off", "grid_on": False})
    assert house.words()[202] == 0
    assert house.words()[105] == 1
    await post(control, "/grid", {"mode": "auto"})
    assert house.words()[202] > 2200


async def test_battery(control, house):
    assert await post(control, "/battery", {"soc_percent": 30}) == (HTTPStatus.OK, {"soc_percent": 30})
    assert house.words()[229] == 30


async def test_time_flies_from_now_on(control, clock):
    clock.now_s += 10
    assert await post(control, "/speed", {"factor": 60}) == (HTTPStatus.OK, {"factor": 60.0})
    clock.now_s += 10
    assert (await truth(control))["house_time"] == "2026-11-20T12:10:10.000Z"


async def test_a_clock_set_back_stops_time_and_never_turns_it(control, clock):
    clock.now_s -= 3600
    assert (await truth(control))["house_time"] == "2026-11-20T12:00:00.000Z"
    clock.now_s += 10
    assert (await truth(control))["house_time"] == "2026-11-20T12:00:10.000Z"


async def test_fault(control, inverter):
    status, content = await post(control, "/fault", {"kind": "silent", "probability": 0.05})
    assert status == HTTPStatus.OK
    assert content["faults"][0]["probability"] == 0.05
    assert inverter.faults.active[0].kind is FaultKind.SILENT
    await post(control, "/fault", [{"kind": "zeros", "probability": 0.1}, {"kind": "exception", "code": 2}])
    assert [fault.kind for fault in inverter.faults.active] == ["zeros", "exception"]
    await post(control, "/fault", {"kind": "none"})
    assert inverter.faults.active == ()


async def test_wire(control, inverter):
    await post(control, "/fault", {"kind": "late", "probability": 0.5})
    status, content = await get(control, "/wire")
    assert status == HTTPStatus.OK
    assert content == {
        "transport": "tcp",
        "modbus_port": inverter.port,
        "there": True,
        "connected": False,
        "requests": 0,
        "answered": 0,
        "latency_s": 0.0,
        "faults": [{"kind": "late", "probability": 0.5, "code": 4, "latency_s": 1.0, "first": 0, "last": 65535}],
    }


async def test_latency(control, inverter):
    assert await post(control, "/latency", {"seconds": 0.06}) == (HTTPStatus.OK, {"seconds": 0.06})
    assert inverter.device.latency_s == 0.06


async def test_steal(house):
    dongle = Dongle(house.words)
    await dongle.start("127.0.0.1", 0)
    thief = {"host": "127.0.0.1", "port": 9}
    assert await post(Control(house, dongle).app, "/steal", thief) == (HTTPStatus.OK, thief)
    assert dongle.server == ("127.0.0.1", 9)
    await dongle.stop()


@pytest.mark.parametrize(
    ("wire", "path", "body", "sentence"),
    [
        pytest.param(TcpGateway(dict), "/steal", {"host": "127.0.0.1", "port": 9}, "Only a dongle can", id="no-dongle"),
        pytest.param(Dongle(dict), "/steal", {"host": "127.0.0.1", "port": 9}, "The dongle is off", id="off"),
        pytest.param(SerialPort(dict), "/fault", {"kind": "refuse"}, "A serial line refuses nobody", id="serial"),
        pytest.param(Dongle(dict, framing="pi30"), "/fault", {"kind": "zeros"}, "An inverter that", id="pi30"),
    ],
)
async def test_what_makes_no_sense_on_this_wire(house, wire, path, body, sentence):
    status, content = await post(Control(house, wire).app, path, body)
    assert status == HTTPStatus.CONFLICT
    assert content.startswith(sentence)


async def test_a_wire_that_cannot_come_back(control, inverter):
    await post(control, "/fault", {"kind": "refuse"})
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", inverter.port))
        thief.listen()
        status, content = await post(control, "/fault", {"kind": "none"})
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert content.startswith("The transport cannot be opened again: ")


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        pytest.param("/latency", {"seconds": -1}, "seconds: it must be at least 0.", id="before-it-was-asked"),
        pytest.param(
            "/steal", {"host": "a.example", "port": 1}, "host: an IP address such as 192.168.1.20 is needed.", id="name"
        ),
        pytest.param("/steal", {"host": "127.0.0.1", "port": 0}, "port: it must be at least 1.", id="port-0"),
        pytest.param("/grid", {"mode": "maybe"}, "mode: possible values: on, off, auto.", id="mode"),
        pytest.param("/grid", {}, "mode: it is required.", id="nothing"),
        pytest.param("/grid", {"mode": "on", "x": 1}, "x: there is no such setting.", id="extra"),
        pytest.param("/grid", b"{", "the body: it is not valid JSON.", id="no-json"),
        pytest.param("/grid", b"", "the body: it is not valid JSON.", id="no-body"),
        pytest.param("/grid", b"\xff", "the body: it is not valid JSON.", id="no-text"),
        pytest.param("/speed", {"factor": 0}, "factor: it must be more than 0.", id="standstill"),
        pytest.param("/speed", b'{"factor": NaN}', "factor: a finite number is needed.", id="nan"),
        pytest.param("/battery", {"soc_percent": 101}, "soc_percent: it must be at most 100.", id="overfull"),
        pytest.param("/fault", {"kind": "explode"}, "kind: possible values: none, ", id="kind"),
        pytest.param("/fault", [{"kind": "slow", "latency_s": -1}], "latency_s: it must be at least 0.", id="past"),
        pytest.param(
            "/fault", {"kind": "silent", "probability": 5}, "probability: it must be at most 1.", id="500-percent"
        ),
        pytest.param("/fault", 5, "the body: pairs such as `name: ...` are needed.", id="number"),
    ],
)
async def test_bad_input_gives_one_sentence(control, path, body, sentence):
    status, content = await post(control, path, body)
    assert status == HTTPStatus.BAD_REQUEST
    assert content.startswith(sentence)


async def test_what_there_is(control):
    status, content = await get(control, "/")
    assert status == HTTPStatus.NOT_FOUND
    assert "POST /grid" in content


async def test_a_replayed_capture_cannot_be_commanded(inverter):
    control = Control(None, inverter).app
    assert (await post(control, "/grid", {"mode": "off"}))[0] == HTTPStatus.CONFLICT
    assert (await post(control, "/fault", {"kind": "none"}))[0] == HTTPStatus.OK
    assert (await post(control, "/latency", {"seconds": 0}))[0] == HTTPStatus.OK
    assert (await get(control, "/wire"))[0] == HTTPStatus.OK
    assert (await get(control, "/healthz"))[0] == HTTPStatus.OK

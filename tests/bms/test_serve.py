"""The service: discovery, the list of batteries, and the battery bank; in flying time, without a radio."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from pydantic import ValidationError

from services.bms import rs485_bus, serve
from services.bms.bluetooth import Backend
from services.bms.device_list import device_list
from services.bms.listed_battery import ListedBattery
from services.bms.settings import BmsSettings
from shared.bus import Bus
from shared.clock import Clock
from shared.conditions import Severity, severity
from shared.health import Health
from shared.messages import ServiceStatus
from shared.service import Service
from shared.topics import BATTERY_STATE
from simulators.jk.frames import Measurement
from simulators.jk.tower import Tower, TowerPack
from tests.bms import fake_bleak
from tests.bms.jk import ADDRESS, DEVICE, IDENTITY, SETTINGS, cells
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly
from tests.support.waiting import PATIENCE_S

NO_ADAPTER = BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH)


class EmptyBus(FakeBus):
    """A bus that is connected and whose broker has nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.connected = asyncio.Event()
        self.connected.set()
        self.clock = Clock()

    async def retained(self, *_: Any) -> None:
        """Return nothing."""


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service use the fake backend."""
    monkeypatch.setattr(Backend, "named", lambda _: Backend(fake_bleak.Scanner, fake_bleak.Client))


def status_after(
    seconds: float, devices_file: Path, bus: FakeBus | None = None, soon: Callable[[], None] = lambda: None
) -> ServiceStatus:
    """Return the status of the service after a while; `soon` is called once it has started."""
    health = Health()

    async def run() -> None:
        settings = BmsSettings(_env_file=None, devices_file=devices_file)
        service = Service("bms", settings, cast(Bus, bus or EmptyBus()), health)
        task = asyncio.create_task(serve.serve(service))
        await asyncio.sleep(1)
        soon()
        await asyncio.sleep(seconds)
        assert not task.done()
        task.cancel()

    fly(run())
    return health.status(datetime.now(UTC))


@pytest.mark.parametrize(
    ("port", "packs", "dialect", "expected"),
    [
        ("", "1-4", "auto", []),
        ("/dev/ttyUSB0", "3,1-2", "auto", ["/dev/ttyUSB0#1", "/dev/ttyUSB0#2", "/dev/ttyUSB0#3"]),
        ("tcp://10.0.0.5:8899", "15-17", "listen", ["tcp://10.0.0.5:8899#15"]),
        ("/dev/ttyUSB0", "", "nw", ["/dev/ttyUSB0"]),
        ("/dev/ttyUSB0", "1-4", "display", ["/dev/ttyUSB0"]),
    ],
)
def test_batteries_on_a_wire_by_settings_alone(port: str, packs: str, dialect: Any, expected: list[str]) -> None:
    settings = BmsSettings(_env_file=None, jk_line_port=port, jk_line_packs=packs, jk_line_dialect=dialect)
    assert [one.address for one in settings.batteries_on_line] == expected
    assert {one.dialect for one in settings.batteries_on_line} <= {dialect}


@pytest.mark.parametrize("packs", ["", "16-20", "4-1"])
def test_a_wire_without_packs_is_refused(packs: str) -> None:
    with pytest.raises(ValidationError, match="JK_LINE_PACKS is not"):
        BmsSettings(_env_file=None, jk_line_port="/dev/ttyUSB0", jk_line_packs=packs)


def test_an_address_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="no Bluetooth address"):
        BmsSettings(_env_file=None, jk_line_port="tcp://10.0.0.5:70000", jk_line_packs="1")


def test_no_battery_at_all_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_bleak.Scanner, "in_range", ())
    status = status_after(10, tmp_path / "jk.yaml")
    assert [reason.code for reason in status.reasons] == ["bms.none_found"]


def test_without_bluetooth_the_service_is_disabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_bleak.Scanner, "error", NO_ADAPTER)
    status = status_after(10, tmp_path / "jk.yaml")
    assert status.state == "disabled"
    assert status.reasons[0].text.startswith("No batteries are watched. There is no Bluetooth adapter")
    assert severity(status.reasons[0]) is Severity.NOTICE, "a home may well have no battery of ours"


def test_a_known_battery_without_bluetooth_is_a_problem_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_bleak.Scanner, "error", NO_ADAPTER)
    device_list(tmp_path / "jk.yaml").add([ListedBattery(address=ADDRESS, name="Pack")])
    status = status_after(10, tmp_path / "jk.yaml")
    assert (status.state, [reason.code for reason in status.reasons]) == ("degraded", ["bms.no_adapter"])


def test_a_battery_that_sends_nothing_is_a_problem_and_not_listed(tmp_path: Path) -> None:
    status = status_after(60, tmp_path / "jk.yaml")
    assert [reason.code for reason in status.reasons] == ["bms.silent_unpaired"]
    assert device_list(tmp_path / "jk.yaml").read() == []


def test_a_new_battery_is_published_and_listed_with_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_bleak.Client, "answers", (DEVICE, SETTINGS, cells()))
    bus = EmptyBus()
    status = status_after(12, tmp_path / "jk.yaml", bus)
    assert status.reasons == ()
    assert len(bus.on(BATTERY_STATE, "c84780000001")) == 1
    (listed,) = device_list(tmp_path / "jk.yaml").read()
    assert (listed.address, listed.name, listed.model, listed.layout) == (ADDRESS, "Pack", IDENTITY.model, "JK02_32S")


def test_a_new_battery_that_cannot_be_listed_is_watched_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_bleak.Client, "answers", (DEVICE, SETTINGS, cells()))
    bus = EmptyBus()
    status = status_after(12, tmp_path / "jk.yaml", bus, soon=(tmp_path / "jk.yaml").mkdir)
    assert [reason.code for reason in status.reasons] == ["bms.not_listed"]
    assert "it is a directory" in status.reasons[0].text
    assert len(bus.on(BATTERY_STATE, "c84780000001")) == 1


def test_packs_on_a_line_need_no_bluetooth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_bleak.Scanner, "error", NO_ADAPTER)
    for name, seconds in (("LISTEN_S", 0.1), ("ANSWER_S", 0.2), ("GAP_S", 0.0), ("LEAST_CYCLE_S", 0.05)):
        monkeypatch.setattr(rs485_bus, name, seconds)
    reading = Measurement((3.3,) * 16, -10.0, 50, 100)
    packs = [TowerPack(address, IDENTITY, lambda: reading) for address in (1, 2)]
    bus, health = EmptyBus(), Health()

    async def run() -> None:
        async with await Tower(packs).serve_tcp() as gateway:
            port = gateway.sockets[0].getsockname()[1]
            entries = [{"address": f"tcp://127.0.0.1:{port}#{number}", "id": f"p{number}"} for number in (1, 2)]
            (tmp_path / "jk.yaml").write_text(json.dumps({"batteries": entries}))
            settings = BmsSettings(_env_file=None, devices_file=tmp_path / "jk.yaml")
            task = asyncio.create_task(serve.serve(Service("bms", settings, cast(Bus, bus), health)))
            async with asyncio.timeout(PATIENCE_S):
                while not [bank for bank in bus.on(BATTERY_STATE, "all") if len(bank.packs or ()) == 2]:
                    assert not task.done()
                    await asyncio.sleep(0.02)
            task.cancel()

    asyncio.run(run())
    assert bus.on(BATTERY_STATE, "all")[-1].current_a == -20.0
    assert bus.on(BATTERY_STATE, "p2")[0].current_a == -10.0
    assert health.status(datetime.now(UTC)).state == "online"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("/dev/ttyUSB0#1", "dev_ttyusb0_1"),
        ("tcp://192.168.1.5:8899#15", "tcp_192_168_1_5_8899_15"),
        ("/dev/ttyUSB0#16", None),
        ("tcp://192.168.1.5#1", None),
        ("tcp://192.168.1.5:70000#1", None),
        ("tcp://192.168.1.5:0#1", None),
        ("ttyUSB0#1", None),
    ],
)
def test_the_address_of_a_pack_on_a_line(address: str, key: str | None) -> None:
    if key is None:
        with pytest.raises(ValidationError):
            ListedBattery(address=address)
    else:
        assert ListedBattery(address=address).key == key

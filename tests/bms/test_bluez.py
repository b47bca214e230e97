"""The service's Bluetooth against a BlueZ at the level of D-Bus messages: bleak's own backend, and our agent."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.bluezdbus.version import BlueZFeatures
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus
from pydantic import SecretStr

from services.bms import battery_client, bluetooth
from services.bms.battery import Battery
from services.bms.battery_client import BatteryClient
from services.bms.bluetooth import Adapters
from services.bms.framing import Command, command_bytes
from services.bms.pairing import AGENT, Agent, pair
from shared.conditions import bms, system
from tests.bms.jk import ADDRESS, DEVICE, SETTINGS, battery, cells
from tests.support.fake_bluez import FakeBattery, FakeBluez
from tests.support.waiting import PATIENCE_S


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what does not come, and spare bleak the call of bluetoothctl."""
    monkeypatch.setattr(BlueZFeatures, "checked_bluez_version", True)
    for name in ("ANSWER_S", "SILENT_S", "RETRY_FIRST_S", "NO_BLUETOOTH_S"):
        monkeypatch.setattr(battery_client, name, 0.1)


def answer(command: bytes) -> Sequence[bytes]:
    """Answer as a JK does, with one reading."""
    frames = {command_bytes(Command.DEVICE): (DEVICE,), command_bytes(Command.CELLS): (SETTINGS, cells())}
    return [frame.data for frame in frames.get(command, ())]


def run(
    bluez: FakeBluez,
    known: Battery,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: Callable[[Battery], bool],
    **how: Any,
) -> None:
    """Run a client against BlueZ until a condition holds."""

    async def work() -> None:
        changed = asyncio.Event()
        async with bluez.serve(directory) as address:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            task = asyncio.create_task(BatteryClient(known, Adapters(), 10, changed.set, **how).run())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while not until(known):
                        await changed.wait()
                        changed.clear()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())


def is_online(known: Battery) -> bool:
    return known.is_online


def has_problem(known: Battery) -> bool:
    return known.problem is not None


def test_a_battery_is_read_at_the_listed_adapter_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bluez = FakeBluez(["hci0", "hci1"], FakeBattery(ADDRESS, "hci1", answer))
    run(bluez, known := battery(adapter="hci1"), tmp_path, monkeypatch, is_online)
    assert known.device
    scanned = {path for member, path in bluez.calls if member == "StartDiscovery"}
    assert scanned == {"/org/bluez/hci1"}
    assert ("Disconnect", next(iter(bluez.batteries))) in bluez.calls, "it is let go at the end"


@pytest.mark.parametrize("adapter", ["", "hci1"])
def test_a_link_left_behind_is_taken_over_at_its_adapter_without_an_advertisement(
    adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = FakeBattery(ADDRESS, adapter or "hci0", answer)
    bluez = FakeBluez(["hci0", "hci1"], there)
    bluez._connect(there.path)
    run(bluez, battery(adapter=adapter), tmp_path, monkeypatch, is_online)
    assert "StartDiscovery" not in {member for member, _ in bluez.calls}


def test_a_link_that_could_not_be_ended_is_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "DISCONNECT_S", 0.1)
    bluez = FakeBluez(["hci0"], FakeBattery(ADDRESS, "hci0", lambda _: ()))
    bluez.hangs = {"Disconnect"}

    def until(_: Battery) -> bool:
        return [member for member, _ in bluez.calls].count("StartNotify") == 2

    run(bluez, known := battery(), tmp_path, monkeypatch, until)
    assert known.problem != bms.connect_failed(address=ADDRESS, cause=bms.READ_BY_ANOTHER_PROGRAM())


@pytest.mark.parametrize("property_", ["Notifying", "NotifyAcquired"])
def test_the_link_of_another_program_is_let_alone_while_it_reads(
    property_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = FakeBattery(ADDRESS, "hci0", answer)
    bluez = FakeBluez(["hci0"], there)
    bluez._connect(there.path)
    subscribed = bluez._objects[there.characteristic]["org.bluez.GattCharacteristic1"]
    subscribed[property_] = Variant("b", True)
    run(bluez, known := battery(), tmp_path, monkeypatch, has_problem)
    assert known.problem == bms.connect_failed(address=ADDRESS, cause=bms.READ_BY_ANOTHER_PROGRAM())
    assert not {"Connect", "Disconnect", "StartNotify"} & {member for member, _ in bluez.calls}
    subscribed[property_] = Variant("b", False)
    (tmp_path / "later").mkdir()
    run(bluez, battery(), tmp_path / "later", monkeypatch, is_online)


def test_a_broken_connection_is_offline_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(battery_client, "SILENT_S", 10.0)
    there = FakeBattery(ADDRESS, "hci0", answer)
    bluez = FakeBluez(["hci0"], there)

    def until(known: Battery) -> bool:
        if known.is_online:
            bluez.disconnect(there)
        return known.problem is not None

    run(bluez, known := battery(), tmp_path, monkeypatch, until)
    assert known.problem == bms.connection_lost(name=ADDRESS)


@pytest.mark.parametrize(
    "method", ["Hello", "AddMatch", "GetManagedObjects", "StartDiscovery", "Connect", "StartNotify", "WriteValue"]
)
def test_no_call_waits_for_ever(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "CALL_S", 0.3)
    monkeypatch.setattr(bluetooth, "CONNECT_S", 0.2)
    monkeypatch.setattr(bluetooth, "DISCONNECT_S", 0.3)
    bluez = FakeBluez(["hci0"], FakeBattery(ADDRESS, "hci0", answer))
    bluez.hangs = {method, "Disconnect", "StopDiscovery"}
    run(bluez, known := battery(), tmp_path, monkeypatch, has_problem)
    assert known.problem
    assert known.problem.params["cause"] == system.TIMED_OUT()


@pytest.mark.parametrize(
    ("method", "error", "cause"),
    [
        (
            "StartNotify",
            ("org.bluez.Error.NotPermitted", "Notify acquired"),
            bms.READ_BY_ANOTHER_PROGRAM(),
        ),
        ("Connect", ("org.bluez.Error.AuthenticationCanceled", "Authentication Canceled"), bms.PAIRING_CANCELED()),
        ("StartNotify", ("org.bluez.Error.NotAuthorized", "Insufficient authentication"), bms.NEEDS_PAIRING()),
        ("Connect", ("org.freedesktop.DBus.Error.AccessDenied", "no"), bms.NOT_PERMITTED()),
        ("GetManagedObjects", ("org.freedesktop.DBus.Error.ServiceUnknown", "no"), bms.NO_BLUETOOTHD()),
    ],
)
def test_what_bluez_says_is_told_by_its_meaning(
    method: str, error: tuple[str, str], cause: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluez = FakeBluez(["hci0"], FakeBattery(ADDRESS, "hci0", answer))
    bluez.refuses = {method: error}
    run(bluez, known := battery(), tmp_path, monkeypatch, has_problem)
    assert known.problem
    assert cause in (known.problem, known.problem.params.get("cause")), known.problem


@pytest.mark.parametrize("passkey", [None, 7])
def test_a_battery_of_the_list_that_wants_to_be_paired_is_paired(
    passkey: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there = FakeBattery(ADDRESS, "hci0", answer, locked=True, passkey=passkey)
    bluez = FakeBluez(["hci0"], there)
    known = battery(pin=None if passkey is None else SecretStr("000007"))
    run(bluez, known, tmp_path, monkeypatch, is_online, may_pair=True)
    assert bluez.property(there.path, "Paired")
    assert [member for member, _ in bluez.calls].count("Pair") == 1
    assert "RequestDefaultAgent" not in {member for member, _ in bluez.calls}, "agents of others stay what they are"
    assert bluez.agents == {}, "it is gone as soon as it is not needed"
    assert "000007" not in caplog.text + repr(known.listed)


def test_a_battery_that_is_not_listed_is_never_paired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bluez = FakeBluez(["hci0"], FakeBattery(ADDRESS, "hci0", answer, locked=True))

    def until(_: Battery) -> bool:
        return [member for member, _ in bluez.calls].count("Connect") == 3

    run(bluez, known := battery(), tmp_path, monkeypatch, until)
    assert "Pair" not in {member for member, _ in bluez.calls}
    assert not known.is_online


@pytest.mark.parametrize(
    ("pin", "how", "cause"),
    [
        pytest.param("111111", {"passkey": 7}, bms.PIN_REFUSED(), id="wrong-pin"),
        pytest.param(None, {"passkey": 7}, bms.PAIRING_REFUSED(), id="no-pin"),
        pytest.param(None, {"cancels": True}, bms.PAIRING_CANCELED(), id="canceled"),
    ],
)
def test_a_pairing_that_fails_says_what_to_do_and_plain_connections_go_on(
    pin: str | None, how: dict[str, Any], cause: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = FakeBattery(ADDRESS, "hci0", answer, locked=True, **how)
    bluez, causes = FakeBluez(["hci0"], there), []

    def until(known: Battery) -> bool:
        if known.problem and known.problem.code == bms.pairing_failed.code:
            causes.append(known.problem.params["cause"])
        there.locked = not causes  # a module that only hung is read again
        return known.is_online

    run(bluez, battery(pin=pin and SecretStr(pin)), tmp_path, monkeypatch, until, may_pair=True)
    assert set(causes) == {cause}
    assert bluez.agents == {}


def test_a_hung_pairing_ends_and_the_agent_of_another_program_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluetooth, "PAIR_S", 0.3)
    bluez = FakeBluez(["hci0"], FakeBattery(ADDRESS, "hci0", answer, locked=True))
    bluez.agents, bluez.hangs = {"another": ("/another", "KeyboardDisplay")}, {"Pair"}

    def until(known: Battery) -> bool:
        return known.problem == bms.pairing_failed(address=ADDRESS, cause=system.TIMED_OUT())

    run(bluez, battery(), tmp_path, monkeypatch, until, may_pair=True)
    assert bluez.agents == {"another": ("/another", "KeyboardDisplay")}
    assert ("UnregisterAgent", "/org/bluez") in bluez.calls


def call(member: str, *body: Any) -> Message:
    signature = {"RequestConfirmation": "ou", "AuthorizeService": "os"}.get(member, "o" if body else "")
    return Message(
        path="/easun_bridge/agent", interface=AGENT, member=member, signature=signature, body=list(body), serial=1
    )


OURS, FOREIGN = "/org/bluez/hci0/dev_1", "/org/bluez/hci0/dev_2"


@pytest.mark.parametrize(
    ("request_", "pin", "reply"),
    [
        (call("RequestPasskey", OURS), "000007", [7]),
        (call("RequestPinCode", OURS), "000007", ["000007"]),
        (call("RequestPasskey", FOREIGN), "000007", None),
        (call("RequestPinCode", FOREIGN), "000007", None),
        (call("RequestPasskey", OURS), None, None),
        (call("RequestPinCode", OURS), None, None),
        (call("RequestConfirmation", OURS, 7), "000007", []),
        (call("RequestConfirmation", OURS, 8), "000007", None),
        (call("RequestConfirmation", OURS, 8), None, []),
        (call("RequestConfirmation", FOREIGN, 8), None, None),
        (call("RequestAuthorization", OURS), None, []),
        (call("RequestAuthorization", FOREIGN), None, None),
        (call("AuthorizeService", OURS, "x"), None, None),
        (call("Cancel"), None, []),
        (call("Release"), None, []),
    ],
)
def test_the_agent_answers_for_its_device_only(request_: Message, pin: str | None, reply: list[Any] | None) -> None:
    answered = Agent(OURS, pin and SecretStr(pin)).answer(request_)  # type: ignore[arg-type]
    assert answered
    assert (answered.error_name or None) == (None if reply is not None else "org.bluez.Error.Rejected")
    assert reply is None or answered.body == reply


def test_the_fake_asks_only_the_agent_of_whoever_pairs(tmp_path: Path) -> None:
    there = FakeBattery(ADDRESS, "hci0", answer, passkey=7)
    bluez = FakeBluez(["hci0"], there)
    bluez.asks_about = FOREIGN

    async def work() -> str:
        async with bluez.serve(tmp_path) as address:
            bus = await MessageBus(bus_address=address).connect()
            try:
                return await pair(bus, Agent(there.path, SecretStr("7")))
            finally:
                bus.disconnect()

    assert asyncio.run(work()) == "org.bluez.Error.AuthenticationFailed", "asked about another device"

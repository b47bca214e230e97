"""Three inverters on three wires, two layouts and three phases, through one poller: unplugged, a phase lost, a liar."""

import json
import time
from collections.abc import Callable
from typing import Any

from shared.bus.twin import SAME_AGE_S
from shared.service import EXIT_CONFIG
from tests.support.asking import ask
from tests.support.ports import free_port
from tests.support.stack import Process, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

GRID, ALL = "grid/state", "inverter/all/state"
SUMMED = ("load_power_w", "pv_power_w", "battery_power_w", "grid_power_w")


class House:
    """One simulated inverter of several, in a house whose time stands nearly still."""

    def __init__(self, stack: Stack, name: str, **settings: str) -> None:
        ready = stack.directory / f"{name}.json"
        own = {"HOUSE_READY_FILE": str(ready), "HOUSE_MODBUS_PORT": str(free_port()), "HOUSE_SPEED": "0.001"}
        env = stack.house.env | own | settings
        self.process = Process(name, "simulators", env, stack.directory / f"{name}.log", "serve")
        self.process.start()
        text = eventually(lambda: (ready.exists() and ready.read_text()) or "", f"{name} is ready")
        self.ports: dict[str, Any] = json.loads(text)

    def command(self, path: str, **body: Any) -> None:
        """Tell it something."""
        ask(f"http://127.0.0.1:{self.ports['control_port']}/{path}", body)

    def truth(self) -> dict[str, Any]:
        """Return what is really so."""
        truth: dict[str, Any] = ask(f"http://127.0.0.1:{self.ports['control_port']}/truth")
        return truth


def test_three_inverters_are_one_house(stack: Stack, watcher: Viewer) -> None:
    tty = str(stack.directory / "tty3")
    houses = {
        "gate": House(stack, "gate", HOUSE_SEED="1"),
        "stick": House(stack, "stick", HOUSE_SEED="2", HOUSE_TRANSPORT="dongle", HOUSE_LAYOUT="k11"),
        "wire": House(stack, "wire", HOUSE_SEED="3", HOUSE_TRANSPORT="serial", HOUSE_SERIAL_LINK=tty),
    }
    try:
        run(stack, watcher, houses, tty)
    finally:
        for house in houses.values():
            house.process.stop()


def test_a_second_poller_stops_and_the_first_one_goes_on(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.poller.start()
    began = time.monotonic()
    before = watcher.wait_for(GRID, state="on")
    eventually(lambda: time.monotonic() - began > 2 * SAME_AGE_S)
    log = stack.directory / "second.log"
    second = Process("second", "services.poller", dict(stack.poller.env), log)
    second.start()
    assert second.exit_code() == EXIT_CONFIG
    assert "Another easun-poller has been running on the broker" in log.read_text()
    count = len(watcher.on(GRID))
    eventually(lambda: len(watcher.on(GRID)) > count + 2)
    changes = {(payload["state"], payload["transition_id"]) for payload in watcher.on(GRID)}
    assert changes == {("on", before["transition_id"])}
    watcher.wait_for("service/poller/status", state="online")
    assert stack.poller.end() == 0


def run(stack: Stack, watcher: Viewer, houses: dict[str, House], tty: str) -> None:
    lines = {
        "gate": f"{{name: gate, host: 127.0.0.1, port: {houses['gate'].ports['modbus_port']}",
        "stick": f"{{name: stick, transport: dongle, host: 127.0.0.1, port: {free_port()}, "
        f"dongle_port: {houses['stick'].ports['dongle_port']}",
        "wire": f"{{name: wire, transport: serial, serial_port: {tty}",
    }

    def list_them(**phases: int) -> None:
        entries = [
            f"  - {line}{f', phase: {phases[name]}' if name in phases else ''}}}\n" for name, line in lines.items()
        ]
        stack.inverters_file.write_text("inverters:\n" + "".join(entries))

    def tell(name: str, path: str, **body: Any) -> None:
        houses[name].command(path, **body)

    def false_outages(seen: int) -> list[Any]:
        return [payload for payload in watcher.on(GRID)[seen:] if payload["state"] == "off"]

    list_them()
    stack.poller.start(GRID_UNKNOWN_AFTER="15", MODBUS_TIMEOUT="2")
    before = watcher.wait_for(GRID, state="on")
    assert "phases" not in before
    sums_are_true(watcher, houses)
    one_is_unplugged(watcher, tell)
    assert not false_outages(0)
    one_lies(watcher, tell)
    assert not false_outages(0)
    assert watcher.last(GRID)["transition_id"] == before["transition_id"]

    seen = len(watcher.on(GRID))
    for name in houses:
        tell(name, "grid", mode="off")
    off = watcher.wait_for(GRID, state="off")
    assert [payload["state"] for payload in watcher.on(GRID)[seen:] if payload["state"] == "unknown"] == []
    for name in houses:
        tell(name, "grid", mode="on")
    back = watcher.wait_for(GRID, state="on")
    assert back["transition_id"] not in (off["transition_id"], before["transition_id"])

    list_them(gate=1, stick=2, wire=3)  # picked up while it runs
    watcher.wait_for(GRID, state="on", phases={"1": True, "2": True, "3": True})
    assert watcher.wait_for("inverter/wire/info", phase=3)["layout"] == "classic"
    seen = len(watcher.on(GRID))
    tell("stick", "grid", mode="off")
    watcher.wait_for(GRID, state="on", phases={"1": True, "2": False, "3": True})
    codes_are(watcher, "poller.phases_lost")
    tell("stick", "grid", mode="on")
    watcher.wait_for(GRID, state="on", phases={"1": True, "2": True, "3": True})
    assert not false_outages(seen)
    assert watcher.last(GRID)["transition_id"] == back["transition_id"]

    stack.inverters_file.write_text("inverters:\n  - {name: gate\n")  # broken: the last good one runs on
    codes_are(watcher, "poller.list_not_taken_over")
    count = len(watcher.on("inverter/wire/state"))
    eventually(lambda: len(watcher.on("inverter/wire/state")) > count + 2)
    del lines["wire"]
    list_them()
    eventually(lambda: watcher.last(ALL)["inverters"] == ["gate", "stick"])
    codes_are(watcher)
    assert stack.poller.end() == 0


def sums_are_true(watcher: Viewer, houses: dict[str, House]) -> None:
    """The sum is that of what the simulated inverters really do, whose time stands nearly still."""

    def is_true() -> bool:
        truths = [house.truth() for house in houses.values()]
        total = watcher.last(ALL)
        return total["silent"] == [] and all(
            total[name] is not None and abs(total[name] - sum(truth[name] for truth in truths)) <= 60 for name in SUMMED
        )

    eventually(is_true, f"the sum is true; the last is {watcher.on(ALL)[-1:]}")
    assert watcher.last(ALL)["inverters"] == ["gate", "stick", "wire"]


def one_is_unplugged(watcher: Viewer, tell: Callable[..., None]) -> None:
    """The others go on at their pace, and the sum knows what it does not know."""
    tell("wire", "fault", kind="unplug")
    total = watcher.wait_for(ALL, silent=["wire"])
    assert total["load_power_w"] is None
    count = len(watcher.on("inverter/gate/state"))
    eventually(lambda: len(watcher.on("inverter/gate/state")) > count + 5)
    assert watcher.last(GRID)["state"] == "on"
    status = eventually(lambda: [one for one in watcher.on("service/poller/status") if one["reasons"]])[-1]
    assert status["reasons"][0]["text"].startswith("wire: ")
    tell("wire", "fault", kind="none")
    watcher.wait_for(ALL, silent=[])


def one_lies(watcher: Viewer, tell: Callable[..., None]) -> None:
    """It says off, alone: said, and no outage, not even when the honest ones fall silent."""
    tell("gate", "grid", mode="off")
    watcher.wait_for(GRID, state="on", dissenters=["gate"])
    codes_are(watcher, "poller.witnesses_disagree")
    for honest in ("stick", "wire"):
        tell(honest, "fault", kind="silent")
    watcher.wait_for(GRID, state="unknown")
    for honest in ("stick", "wire"):
        tell(honest, "fault", kind="none")
    watcher.wait_for(GRID, state="on", dissenters=["gate"])
    tell("gate", "grid", mode="on")
    eventually(lambda: "dissenters" not in watcher.last(GRID))
    codes_are(watcher)


def codes_are(watcher: Viewer, *codes: str) -> None:
    """Wait until these are what is wrong with the poller."""

    def seen() -> list[str]:
        return [reason["code"] for reason in watcher.last("service/poller/status")["reasons"]]

    eventually(lambda: seen() == list(codes), f"{codes}; the last are {watcher.last('service/poller/status')}")

"""The poller against real Modbus TCP: captured inverters replayed, and an inverter that misbehaves."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.messages import InverterState
from tests.poller.register_dumps import DUMPS, Dump
from tests.support.stack import INVERTER, SOON_UNKNOWN, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually


def as_json(value: object) -> object:
    return [reason.model_dump(mode="json") for reason in value] if isinstance(value, tuple) else value


def wait_for_codes(watcher: Viewer, *codes: str) -> list[dict[str, Any]]:
    """Wait until these are what is wrong with the poller, and return how."""

    def reasons() -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = watcher.last("service/poller/status")["reasons"]
        return said if [reason["code"] for reason in said] == list(codes) else []

    return eventually(reasons, f"{codes}")


CURRENT = "max_mains_charging_current_a"
WIRES = [
    {},
    {"HOUSE_TRANSPORT": "rtu_over_tcp"},
    {"HOUSE_TRANSPORT": "serial"},
    {"HOUSE_TRANSPORT": "dongle"},
    {"HOUSE_TRANSPORT": "dongle", "HOUSE_DONGLE_FRAMING": "raw"},
]
PAIRS = [(dump, WIRES[number % len(WIRES)]) for number, dump in enumerate(DUMPS)] + [
    (DUMPS[0], wire) for wire in WIRES[1:]
]


def called(pair: tuple[Dump, dict[str, str]]) -> str:
    return "-".join((pair[0].layout + str(len(pair[0].words)), *pair[1].values()))


@pytest.mark.parametrize("pair", PAIRS, ids=called)
def test_a_captured_inverter_comes_out_as_its_decoded_values(
    pair: tuple[Dump, dict[str, str]], stack: Stack, watcher: Viewer, tmp_path: Path
) -> None:
    dump, wire = pair
    file = tmp_path / "dump.json"
    words = {str(address): word for address, word in dump.words.items()}
    file.write_text(json.dumps({"id": "it", "protocol_number": dump.protocol, "registers_raw_u16": words}))
    stack.start_house(HOUSE_REPLAY=str(file), **wire)
    stack.start(stack.poller)
    state = watcher.last(INVERTER)
    info = watcher.last("inverter/main/info")
    live = {name: value for name, value in dump.known.items() if name in InverterState.model_fields}
    rest = {name: value for name, value in dump.known.items() if name not in live}
    assert {name: state[name] for name in live} == {name: as_json(value) for name, value in live.items()}
    told = info["settings"] | info
    assert {name: told[name] for name in rest} == {name: as_json(value) for name, value in rest.items()}
    assert info["layout"] == dump.layout


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        pytest.param({"kind": "silent"}, "poller.no_answer_from_gateway", "no inverter answers as unit 1", id="silent"),
        pytest.param(
            {"kind": "refuse"}, "poller.gateway_unreachable", "Nothing listens for Modbus TCP at", id="refused"
        ),
        pytest.param(
            {"kind": "exception", "code": 4}, "poller.request_refused", "exception 4 (device failure)", id="exception"
        ),
        pytest.param(
            {"kind": "garbage"},
            "poller.bad_answer_from_gateway",
            "something that is not a whole Modbus TCP answer",
            id="garbage",
        ),
        pytest.param(
            {"kind": "half"},
            "poller.bad_answer_from_gateway",
            "something that is not a whole Modbus TCP answer",
            id="half-a-frame",
        ),
        pytest.param({"kind": "zeros"}, "poller.only_zeros", "nothing but zeros", id="gateway-without-inverter"),
    ],
)
def test_a_bad_inverter_is_reported_is_no_outage_and_recovers(
    fault: dict[str, object], code: str, sentence: str, stack: Stack, watcher: Viewer
) -> None:
    stack.start_house()
    stack.poller.start(**SOON_UNKNOWN)
    before = watcher.wait_for("grid/state", state="on")
    stack.command("fault", **fault)
    unknown = watcher.wait_for("grid/state", state="unknown")
    assert (unknown["transition_id"], unknown["last_known"]) == (before["transition_id"], "on")
    (reason,) = wait_for_codes(watcher, code)
    assert sentence in reason["text"]
    eventually(lambda: (watcher.last("inverter/main/availability")["reason"] or {}).get("code") == code)
    assert watcher.last("inverter/main/availability")["state"] == "offline"
    assert stack.poller.log.count(sentence) <= 2, "it is said once of each, not at every try"

    stack.command("fault", kind="none")
    after = watcher.wait_for("grid/state", state="on")
    assert (after["since"], after["transition_id"]) == (before["since"], before["transition_id"])
    watcher.wait_for("inverter/main/availability", state="online", reason=None)
    watcher.wait_for("service/poller/status", state="online", reasons=[])
    assert not [payload for payload in watcher.on("grid/state") if payload["state"] == "off"]


@pytest.mark.parametrize("kind", ["zeros", "silent"])
def test_one_block_that_fails_is_unknown_and_the_rest_is_read(kind: str, stack: Stack, watcher: Viewer) -> None:
    stack.start_house(HOUSE_LAYOUT="k11")
    stack.poller.start(MODBUS_TIMEOUT="1")
    watcher.wait_for("grid/state", state="on")
    eventually(lambda: watcher.last(INVERTER)["battery_soc_percent"], "it is read")
    stack.command("fault", kind=kind, first=277, last=281)
    watcher.wait_for(INVERTER, battery_soc_percent=None, battery_voltage_v=None)
    wait_for_codes(watcher, "poller.registers_left_out")
    assert watcher.wait_for("grid/state", state="on")["voltage_v"] > 200
    assert watcher.last("inverter/main/availability")["state"] == "online"
    stack.command("fault", kind="none")
    assert 0 not in [state["battery_soc_percent"] for state in watcher.on(INVERTER)]
    if kind == "zeros":
        watcher.wait_for("service/poller/status", state="online")
        eventually(lambda: watcher.last(INVERTER)["battery_soc_percent"], "it is read again")


@pytest.mark.parametrize("transport", ["tcp", "rtu_over_tcp", "serial", "dongle"])
def test_silence_is_unknown_on_time_however_long_a_read_tries(transport: str, stack: Stack, watcher: Viewer) -> None:
    stack.start_house(HOUSE_TRANSPORT=transport)
    stack.poller.start(GRID_UNKNOWN_AFTER="3", MODBUS_TIMEOUT="60")
    watcher.wait_for("grid/state", state="on")
    stack.command("fault", kind="silent")
    unknown = watcher.wait_for("grid/state", state="unknown")
    at, last = (datetime.fromisoformat(unknown[name]) for name in ("at", "since"))
    assert timedelta(seconds=3) <= at - last < timedelta(seconds=60), "it waits for no read that tries"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "other_unit"}, "poller.answers_as_other_unit"),
        ({"kind": "own_number"}, "poller.answers_with_other_number"),
        ({"kind": "exception", "code": 2}, "poller.refuses_everything"),
    ],
)
def test_a_gateway_that_answers_strangely_is_reported(
    fault: dict[str, object], code: str, stack: Stack, watcher: Viewer
) -> None:
    stack.start_house()
    stack.command("fault", **fault)
    stack.poller.start(**SOON_UNKNOWN)
    wait_for_codes(watcher, code)
    stack.command("fault", kind="none")
    watcher.wait_for("grid/state", state="on")


def test_an_inverter_that_is_not_there_at_the_start(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.command("fault", kind="refuse")
    stack.poller.start(**SOON_UNKNOWN)
    watcher.wait_for("service/poller/status", state="degraded")
    assert watcher.wait_for("grid/state", state="unknown")["transition_id"] is None
    stack.command("fault", kind="none")
    watcher.wait_for("grid/state", state="on")
    watcher.wait_for("service/poller/status", state="online")


def test_now_and_then_a_lost_reply_costs_nothing(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.command("fault", kind="silent", probability=0.1)
    stack.poller.start(MODBUS_TIMEOUT="0.5")
    watcher.wait_for("grid/state", state="on")
    seen = len(watcher.on(INVERTER))
    while len(watcher.on(INVERTER)) < seen + 8:
        watcher.wait_for("grid/state", state="on")


@pytest.mark.parametrize("code", [11, 2])
def test_passing_exceptions_leave_no_trace(stack: Stack, watcher: Viewer, code: int) -> None:
    """A gateway that now and then does not reach the inverter must not blind us for good."""
    stack.start_house()
    stack.command("fault", kind="exception", code=code, probability=0.5)
    stack.start(stack.poller)
    eventually(lambda: "exception" in stack.poller.log)  # said once, however often it happens
    stack.command("fault", kind="exception", code=code)
    watcher.wait_for("service/poller/status", state="degraded")
    stack.command("fault", kind="none")
    watcher.wait_for("service/poller/status", state="online")
    watcher.wait_for("grid/state", state="on")
    seen = len(watcher.on(INVERTER))
    eventually(lambda: len(watcher.on(INVERTER)) > seen + 3)
    assert watcher.last(INVERTER)["fault_bits"] == 0
    assert watcher.last(INVERTER)["battery_soc_percent"] is not None


def test_a_named_model_that_contradicts_the_device_is_reported(stack: Stack, watcher: Viewer) -> None:
    stack.start_house(HOUSE_LAYOUT="k11")
    stack.poller.start(INVERTER_MODEL="ISOLAR_SMG_II_6K")
    (reason,) = wait_for_codes(watcher, "poller.model_mismatch")
    assert "INVERTER_MODEL=ISOLAR_SMG_II_6K means the layout classic" in reason["text"]
    watcher.wait_for("grid/state", state="on")


@pytest.mark.parametrize("transport", ["serial", "dongle"])
def test_an_outage_over_the_other_wires(transport: str, stack: Stack, watcher: Viewer) -> None:
    stack.start_house(HOUSE_TRANSPORT=transport)
    stack.poller.start(**SOON_UNKNOWN)
    before = watcher.wait_for("grid/state", state="on")
    stack.command("grid", mode="off")
    lost = watcher.wait_for("grid/state", state="off")
    assert lost["transition_id"] != before["transition_id"]
    stack.command("fault", kind="unplug")
    watcher.wait_for("grid/state", state="unknown", transition_id=lost["transition_id"])
    watcher.wait_for("service/poller/status", state="degraded")
    stack.command("fault", kind="none")
    watcher.wait_for("grid/state", state="off", transition_id=lost["transition_id"])
    watcher.wait_for("service/poller/status", state="online")


def test_without_an_inverter_named_the_poller_is_disabled_and_waits(stack: Stack, watcher: Viewer) -> None:
    stack.poller.start(MODBUS_TRANSPORT="serial")
    watcher.wait_for("service/poller/status", state="disabled")
    (reason,) = wait_for_codes(watcher, "poller.serial_port_not_set")
    assert "set MODBUS_SERIAL_PORT" in reason["text"]


def test_a_setting_is_changed_by_command_and_a_kill_is_settled(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.poller.start(INVERTER_CONTROL="settings")
    before = watcher.last("inverter/main/settings")["settings"]["output_priority"]
    assert before["writable"], before
    with Viewer(stack.broker, "dashboard") as page:

        def ask(setting: str, value: object) -> None:
            command = {"at": datetime.now(UTC).isoformat(), "v": 2, "value": value, "by": "page"}
            page.client.publish(f"inverter/main/setting/{setting}/set", json.dumps(command), qos=1)

        ask("output_priority", "sbu")
        change = watcher.last("inverter/main/setting/output_priority/change")
        assert (change["before"], change["value"], change["outcome"]) == ("sub", "sbu", "confirmed")
        state = watcher.wait_for("inverter/main/settings", changing=None)
        assert state["settings"]["output_priority"]["changed_by"] == "page"
        eventually(lambda: watcher.last("inverter/main/info")["settings"]["output_priority"] == "sbu")
        ask("remote_switch", "off")
        refused = watcher.last("inverter/main/setting/remote_switch/change")
        assert (refused["outcome"], refused["reason"]["code"]) == ("not_written", "control.never")
        stack.command("fault", kind="late_write", latency_s=600)
        ask("buzzer_mode", "mute")
        watcher.wait_for("inverter/main/settings", changing="buzzer_mode")
        journal = stack.directory / "inverter_journal" / "main.json"
        eventually(lambda: "buzzer_mode" in str(json.loads(journal.read_text())["pending"]))
        stack.poller.kill()
    stack.poller.start()
    change = watcher.last("inverter/main/setting/buzzer_mode/change")
    assert (change["outcome"], change["reason"]["code"]) == ("not_taken_over", "control.no_answer")


def test_the_battery_is_charged_before_a_planned_outage_and_a_person_may_undo_it(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.command("battery", soc_percent=30)
    stack.poller.start(INVERTER_CONTROL="automatic", CHARGE_AHEAD_DRY_RUN_DAYS="0")
    watcher.wait_for("grid/state", state="on")
    before = watcher.last("inverter/main/settings")["settings"]
    now = datetime.now(UTC)
    window = {"start": (now + timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=4)).isoformat()}
    plan = {"at": now.isoformat(), "v": 2, "queue": "5.2", "fetched_at": now.isoformat(), "windows": [window]}
    with Viewer(stack.broker, "schedule") as schedule, Viewer(stack.broker, "dashboard") as page:
        schedule.client.publish("outage/schedule", json.dumps(plan), qos=1, retain=True)
        state = watcher.wait_for("inverter/main/charge_ahead", phase="charging")
        assert (state["basis"], state["target_percent"]) == ("plan", 90)
        eventually(lambda: watcher.last("inverter/main/settings")["settings"][CURRENT].get("returns_to") is not None)
        undo = {"at": datetime.now(UTC).isoformat(), "v": 2, "hold_off": True, "by": "page"}
        page.client.publish("inverter/main/charge_ahead/set", json.dumps(undo), qos=1)
        state = watcher.wait_for("inverter/main/charge_ahead", phase="held_off")
        assert state["reason"]["code"] == "charging.undone"
        after = watcher.last("inverter/main/settings")["settings"]
        assert {name: one["value"] for name, one in after.items()} == {
            name: one["value"] for name, one in before.items()
        }

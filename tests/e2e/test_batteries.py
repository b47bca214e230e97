"""The bms service as a process, against virtual batteries on a virtual radio."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

ONE, TWO = "battery/c84780000001", "battery/c84780000002"
KNOWN = """\
# mine
batteries:
  - {address: "C8:47:80:00:00:01", name: Cellar, invert_current: true, cell_high_v: 3.2}  # by the door
  - {address: "C8:47:80:00:00:02", enabled: false}
"""
STALE_S = 15


def more(viewer: Viewer, topic: str, count: int = 2) -> list[dict[str, Any]]:
    """Wait for more readings, and return them."""
    before = len(viewer.on(topic))
    eventually(lambda: len(viewer.on(topic)) >= before + count, f"{count} more on {topic}")
    return viewer.on(topic)[before:]


def never_stale(viewer: Viewer, topic: str) -> None:
    """No reading came twice, and none was older than its message says."""
    moments = [payload["at"] for payload in viewer.on(topic)]
    assert len(moments) == len(set(moments))
    assert all(payload["frame_age_s"] < STALE_S for payload in viewer.on(topic))


@pytest.fixture
def known(stack: Stack) -> Stack:
    """Two batteries that the service knows already, so that it need not look for them."""
    addresses = ("C8:47:80:00:00:01", "C8:47:80:00:00:02")
    stack.devices_file.write_text("batteries:\n" + "".join(f'  - {{address: "{one}"}}\n' for one in addresses))
    stack.start_batteries()
    return stack


def test_batteries_are_found_written_down_and_agree_with_the_inverter(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.start_batteries(HOUSE_CONTROL_URL=stack.control)
    stack.command("grid", mode="off")
    stack.command("battery", soc_percent=60)  # a full one takes no current at noon
    stack.start(stack.poller, stack.bms)

    def agreeing() -> dict[str, Any] | None:
        """The sum of both, once it has followed the house, whose sun may shine or not."""
        inverter, total = watcher.last("inverter/main/state"), watcher.last("battery/all/state")
        is_near = abs(total["current_a"] - inverter["battery_current_a"]) < 4 and total["current_a"] != 0
        return total if is_near and len(total["packs"]) == 2 else None

    total = eventually(agreeing, "the batteries agree with the inverter")
    assert total["packs"] == ["Pack 1", "Pack 2"]
    assert total["soc_percent"] == pytest.approx(watcher.last("inverter/main/state")["battery_soc_percent"], abs=1)
    assert (watcher.last(f"{ONE}/info")["layout"], watcher.last(f"{TWO}/info")["layout"]) == ("JK02_32S", "JK02_24S")
    state = watcher.last(f"{ONE}/state")
    assert (len(state["cell_voltages_v"]), state["health"], state["alarms"]) == (16, "green", [])
    written = eventually(lambda: stack.devices_file.exists() and stack.devices_file.read_text())
    assert written.count("address:") == 2 or eventually(lambda: stack.devices_file.read_text().count("address:") == 2)
    assert not any("1234" in str(payload) for _, payload, _ in watcher.messages), "pass codes stay in the battery"
    assert "1234" not in stack.bms.log


def test_edits_survive_and_count(stack: Stack, watcher: Viewer) -> None:
    stack.devices_file.write_text(KNOWN)
    stack.start_batteries(HOUSE_BATTERIES="3")
    stack.start(stack.bms)
    info = watcher.last(f"{ONE}/info")
    state = watcher.last(f"{ONE}/state")
    assert info["name"] == "Cellar"
    assert state["health"] == "red", "its owner wants the cells lower than they are"
    watcher.last("battery/c84780000003/info")
    written = eventually(lambda: (text := stack.devices_file.read_text()).count("address") == 3 and text)
    assert written.startswith(KNOWN)
    assert not watcher.on(f"{TWO}/state")


def test_kills_of_the_service_and_of_the_radio_are_survived(known: Stack, watcher: Viewer) -> None:
    known.start(known.bms)
    watcher.wait_for(f"{ONE}/availability", state="online")
    more(watcher, f"{ONE}/state")
    known.bms.kill()
    watcher.wait_for("service/bms/status", state="offline")
    known.bms.start()
    more(watcher, f"{ONE}/state")
    assert {payload["state"] for payload in watcher.on(f"{ONE}/availability")} == {"online"}, "it did not even blink"
    known.batteries.kill()
    watcher.wait_for(f"{TWO}/availability", state="offline")
    known.start_batteries()
    watcher.wait_for(f"{ONE}/availability", state="online", reason=None)
    watcher.wait_for(f"{TWO}/availability", state="online", reason=None)
    more(watcher, f"{TWO}/state")
    for topic in (f"{ONE}/state", f"{TWO}/state"):
        never_stale(watcher, topic)
    assert known.bms.end() == 0
    assert "Traceback" not in known.bms.log


@pytest.mark.parametrize("fault", ["mute", "frozen", "off"])
def test_a_battery_that_says_nothing_new_is_offline_and_comes_back(fault: str, known: Stack, watcher: Viewer) -> None:
    known.start(known.bms)
    more(watcher, f"{ONE}/state")
    known.battery("fault", battery=1, fault=fault)
    gone = watcher.wait_for(f"{ONE}/availability", state="offline")
    assert gone["reason"]["code"].startswith("bms.")
    last = watcher.on(f"{ONE}/state")[-1]
    more(watcher, f"{TWO}/state")
    assert watcher.on(f"{ONE}/state")[-1] == last, "nothing old is published as new"
    known.battery("fault", battery=1, fault="none")
    watcher.wait_for(f"{ONE}/availability", state="online")
    more(watcher, f"{ONE}/state")
    never_stale(watcher, f"{ONE}/state")


def test_damaged_frames_and_a_lost_link_cost_nothing(known: Stack, watcher: Viewer) -> None:
    known.start(known.bms)
    more(watcher, f"{ONE}/state")
    known.battery("fault", battery=1, fault="corrupt")
    eventually(lambda: watcher.last(f"{ONE}/state")["bad_frames"] > 0)
    known.battery("fault", battery=1, fault="none")
    known.battery("drop", battery=1)
    eventually(lambda: watcher.last(f"{ONE}/state")["reconnects"] > 0)
    assert all(payload["cell_max_v"] < 3.5 for payload in watcher.on(f"{ONE}/state"))
    assert watcher.on(f"{ONE}/availability")[-1]["state"] == "online"
    away = [payload["reason"]["code"] for payload in watcher.on(f"{ONE}/availability") if payload["state"] == "offline"]
    assert away == ["bms.connection_lost"], "damaged frames are no absence, a lost link is one until the next reading"


def test_from_a_minute_on_each_reading_has_a_connection_of_its_own(known: Stack, watcher: Viewer) -> None:
    known.bms.env |= {"JK_SCAN_INTERVAL": "60"}
    known.start(known.bms)
    state = watcher.last(f"{TWO}/state")
    assert state["nominal_ah"] == 120.0, "the settings came too"
    assert (datetime.now(UTC) - datetime.fromisoformat(state["at"])).total_seconds() < STALE_S


def test_without_bluetooth_the_service_is_disabled_until_there_is_some(stack: Stack, watcher: Viewer) -> None:
    stack.start(stack.bms)
    status = watcher.wait_for("service/bms/status", state="disabled")
    (reason,) = status["reasons"]
    assert (reason["code"], reason["params"]["cause"]["code"]) == ("bms.disabled", "bms.no_adapter")
    assert "no Bluetooth adapter" in reason["text"]
    stack.start_batteries()
    watcher.wait_for("service/bms/status", state="online")
    watcher.wait_for(f"{ONE}/availability", state="online")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("batteries:\n  - address: [\n", "line 3: it is not valid YAML", id="syntax"),
        pytest.param("batteries: 5\n", "line 1: there must be a list under `batteries:`", id="no-list"),
        pytest.param("batteries:\n  - address: C8-47\n", "entry 1, address: it is no Bluetooth address", id="address"),
        pytest.param('batteries:\n  - {address: "C8:47:80:00:00:01", nmae: x}\n', "entry 1, nmae", id="misspelt"),
        pytest.param(
            'batteries:\n  - address: "C8:47:80:00:00:01"\n  - address: "c8:47:80:00:00:01"\n',
            "line 3, entry 2: another entry has the same address",
            id="twice",
        ),
    ],
)
def test_a_bad_list_is_reported_and_left_as_it_is(text: str, sentence: str, stack: Stack, watcher: Viewer) -> None:
    stack.devices_file.write_text(text)
    stack.start(stack.bms)
    assert stack.bms.exit_code() == 78
    assert sentence in watcher.wait_for("service/bms/status", state="offline")["reasons"][0]["text"]
    assert sentence in stack.bms.log
    assert "Traceback" not in stack.bms.log
    assert stack.devices_file.read_text() == text

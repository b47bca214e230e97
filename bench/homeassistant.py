"""What a real Home Assistant shows of the simulated house: an outage, a dead battery, its own restart, and ours.

It needs Home Assistant in a virtual environment of its own, named by HOMEASSISTANT_PYTHON:

    python3.13 -m venv ../ha-venv && ../ha-venv/bin/pip install uv
    ../ha-venv/bin/uv pip install --python ../ha-venv/bin/python homeassistant "paho-mqtt<2.2"
    HOMEASSISTANT_PYTHON=../ha-venv/bin/python python -m bench homeassistant

With Python 3.13.0 that is version 2025.4.4; 2026.2.3 needs 3.13.2.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from simulators.tuya.cloud import CLIENT_ID, SECRET, USER
from tests.support.broker import ROOT, Broker
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer

CORE = ROOT / "bench/homeassistant_core.py"
PATIENCE_S = 60.0
GRID, EVENT = "binary_sensor.easun_grid_power", "event.easun_grid_change"
SETTING = "select.easun_inverter_main_output_priority"
KINDS = ("uti", "sol", "sbu", "sub")
UNAVAILABLE = "unavailable"
States = dict[str, dict[str, Any]]


class HomeAssistant:
    """A real one, in a process and a Python of its own."""

    def __init__(self, python: str, broker: Broker, directory: Path) -> None:
        self._command = [python, "-P", str(CORE), "run", str(directory), str(broker.port)]
        self._command += [(broker.secrets_dir / "hass").read_text().strip()]
        self._log = directory.with_suffix(".log")
        directory.mkdir(exist_ok=True)
        (directory / "configuration.yaml").touch()

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=log, text=True)
        self.started_s = time.monotonic()
        print(f"Home Assistant {self._read()['version']} has started", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, *command: str) -> Any:
        """Send a command and return the answer."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"Home Assistant has ended: {self._log.read_text()[-3000:]}")
        return json.loads(line)

    def states(self) -> States:
        """Return the entities of ours."""
        states: States = self.ask("states")
        return {name: one for name, one in states.items() if ".easun_" in name}

    def wait(self, what: str, is_so: Callable[[States], bool]) -> States:
        """Wait until the entities are so, and print how long that took."""
        began = time.monotonic()
        while not is_so(states := self.states()):
            if time.monotonic() - began > PATIENCE_S:
                print(f"NOT within {PATIENCE_S:.0f} s: {what}\n{self._log.read_text()[-2000:]}", flush=True)
                return states
            time.sleep(0.25)
        print(f"{time.monotonic() - began:5.1f} s: {what}", flush=True)
        return states

    @property
    def warnings(self) -> list[str]:
        """What it has logged of MQTT."""
        return [line for line in self._log.read_text().splitlines() if "mqtt" in line.lower()]


def main() -> None:
    """Print what Home Assistant shows."""
    python = os.environ.get("HOMEASSISTANT_PYTHON", "")
    if not python:
        print("skipped: HOMEASSISTANT_PYTHON names no Home Assistant; see bench/homeassistant.py")
        return
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, watcher):
        start(stack, watcher)
        home = HomeAssistant(python, stack.broker, Path(directory) / "ha")
        with home:
            states = home.wait(
                "everything is there and known", lambda now: len(now) > 60 and now[GRID]["state"] == "on"
            )
            validate(python, watcher, Path(directory))
            table(states)
            outage(stack, home)
            switched(home)
            set_from_home_assistant(home)
            ours_is_killed(stack, home)
            dead_battery(stack, home)
        print("\nHome Assistant is started again while the batteries are dead", flush=True)
        with home:
            never_fresh(home)
            energy_goes_on(home)
            energy_dashboard(home)
            print("\nDiscovery is switched off", flush=True)
            stack.homeassistant.end()
            stack.homeassistant.start(HOMEASSISTANT_DISCOVERY="false")
            home.wait("no entity of ours is left", lambda now: not now)
        print(f"\nwarnings of Home Assistant: {len(home.warnings)}", *Counter(home.warnings).most_common(10), sep="\n")


def start(stack: Stack, watcher: Viewer) -> None:
    """Start the whole house, and wait until it has said everything once."""
    stack.start_house()
    stack.start_batteries(HOUSE_CONTROL_URL=stack.control)
    stack.start_outages()
    places = stack.start_plugs()
    stack.tuya.env |= {"TUYA_ENDPOINT": f"http://127.0.0.1:{places['cloud_port']}", "TUYA_ALL_DEVICES": "true"}
    stack.tuya.env |= {"TUYA_ACCESS_ID": CLIENT_ID, "TUYA_ACCESS_SECRET": SECRET, "TUYA_USER_ID": USER}
    stack.command("battery", soc_percent=60)
    stack.poller.env |= {"INVERTER_CONTROL": "settings"}
    stack.start(stack.poller, stack.bms, stack.tuya, stack.schedule, stack.homeassistant)
    for topic in ("easun_inverter_main", "easun_grid", "easun_energy", "easun_schedule", "easun_battery_all"):
        watcher.last(f"homeassistant/device/{topic}/config")


def validate(python: str, watcher: Viewer, directory: Path) -> None:
    """Check what is at the broker against Home Assistant's schemas."""
    configs = {
        topic.split("/")[-2]: payload for topic, payload, _ in list(watcher.messages) if topic.endswith("/config")
    }
    file = directory / "configs.json"
    file.write_text(json.dumps(configs))
    done = subprocess.run([python, "-P", str(CORE), "validate", str(file)], check=False, capture_output=True, text=True)
    components = sum(len(one["components"]) for one in configs.values())
    print(f"{len(configs)} devices with {components} components by Home Assistant's schemas: {done.stdout.strip()}")


def table(states: States) -> None:
    """Print every entity with its state."""
    print("\n| entity | name | state | device class | state class |\n|---|---|---|---|---|")
    for name, one in sorted(states.items()):
        facts = one["attributes"]
        unit = facts.get("unit_of_measurement", "")
        about = (
            facts.get("friendly_name"),
            f"{one['state']} {unit}",
            facts.get("device_class"),
            facts.get("state_class"),
        )
        print(f"| {name} | " + " | ".join(str(cell or "") for cell in about) + " |")
    print(flush=True)


def outage(stack: Stack, home: HomeAssistant) -> None:
    """Take the grid away and give it back."""
    before = home.states()[EVENT]["state"]
    stack.command("grid", mode="off")
    states = home.wait("the outage is shown", lambda now: now[GRID]["state"] == "off")
    home.wait("the event has come", lambda now: now[EVENT]["state"] != before)
    print(f"       {EVENT}: {home.states()[EVENT]['attributes'].get('event_type')}")
    print(f"       batteries: {states['sensor.easun_battery_all_discharging_w']['state']} W out")
    stack.command("grid", mode="on")
    home.wait("power is back", lambda now: now[GRID]["state"] == "on")
    time.sleep(1)
    print(f"       device triggers that fired: {home.ask('triggers')}")


def switched(home: HomeAssistant) -> None:
    """Switch a plug from Home Assistant, and see it confirmed."""

    def on(now: States) -> list[str]:
        return [name for name, one in now.items() if name.startswith("switch.") and one["state"] == "on"]

    switches = on(home.wait("a plug is on", lambda now: bool(on(now))))
    home.ask("turn_off", switches[0])
    home.wait(f"{switches[0]} is off, as the plug says", lambda now: now[switches[0]]["state"] == "off")


def set_from_home_assistant(home: HomeAssistant) -> None:
    """Change a setting of the inverter from Home Assistant, and see it confirmed."""
    known = home.wait("a setting is there", lambda now: now.get(SETTING, {}).get("state") in KINDS)
    wanted = next(one for one in known[SETTING]["attributes"]["options"] if one != known[SETTING]["state"])
    home.ask("select", f"{SETTING}={wanted}")
    home.wait(f"{SETTING} is {wanted}, as the inverter says", lambda now: now[SETTING]["state"] == wanted)


def energy_dashboard(home: HomeAssistant) -> None:
    """Choose our counters in the energy dashboard, as a user does by clicks, and let it validate them."""
    found = home.ask("energy")
    saved = (found["saved"] or {}).get("energy_sources", [])
    issues = [one for source in (found["validated"] or {}).get("energy_sources", [[found]]) for one in source]
    statistics = len(found["statistics"])
    print(f"energy dashboard: {statistics} statistics, {len(saved)} sources saved; {len(issues)} issues {issues or ''}")


def ours_is_killed(stack: Stack, home: HomeAssistant) -> None:
    """Kill our service: nobody vouches for anything now."""
    before = energies(home.states())
    stack.homeassistant.kill()
    home.wait("our service was killed: all is unavailable", lambda now: all_unavailable(now, but="service"))
    stack.homeassistant.start()
    home.wait("it runs again: the grid is shown", lambda now: now[GRID]["state"] == "on")
    home.wait("and the counters", lambda now: min(energies(now).values(), default=-1) >= 0)
    after = energies(home.states())
    print(f"       counters before {before}, after {after}: none is lower: {not lower(before, after)}")


def dead_battery(stack: Stack, home: HomeAssistant) -> None:
    """End the virtual batteries: they fall silent, as with a BMS out of reach."""
    stack.batteries.kill()
    home.wait("the batteries are dead: unavailable", lambda now: all_unavailable(batteries(now)))


def never_fresh(home: HomeAssistant) -> None:
    """Look again and again: a dead battery must not be shown, while everything else comes."""
    shown, seconds = 0, 20.0
    while time.monotonic() - home.started_s < seconds:
        shown += any(one["state"] != UNAVAILABLE for one in batteries(home.states()).values())
        time.sleep(0.1)
    print(f"{seconds:5.1f} s: dead batteries were shown as fresh {shown} times")
    home.wait("the grid is shown", lambda now: now.get(GRID, {}).get("state") == "on")


def energy_goes_on(home: HomeAssistant) -> None:
    """See the counters grow."""
    before = energies(home.states())
    home.wait("a counter grows", lambda now: energies(now) != before)
    print(f"       none is lower: {not lower(before, energies(home.states()))}")


def energies(states: States) -> dict[str, float]:
    """Return the energy counters that are known."""
    ours = {name: one["state"] for name, one in states.items() if name.startswith("sensor.easun_energy_")}
    return {name: float(state) for name, state in ours.items() if state not in (UNAVAILABLE, "unknown")}


def lower(before: dict[str, float], after: dict[str, float]) -> list[str]:
    """Return the counters that went back."""
    return [name for name, value in after.items() if value < before.get(name, 0)]


def batteries(states: States) -> States:
    """Return the entities of batteries."""
    return {name: one for name, one in states.items() if ".easun_battery_" in name}


def all_unavailable(states: States, but: str = "-") -> bool:
    """Whether every entity is unavailable; what expires by itself may take longer."""
    return bool(states) and all(one["state"] == UNAVAILABLE for name, one in states.items() if but not in name)

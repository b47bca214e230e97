"""A simulated inverter in a process of its own, and the readers that are timed on it, each in its own process."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests

from bench.wire_cycles import Values
from tests.support.broker import ROOT
from tests.support.ports import free_port
from tests.support.stack import Process
from tests.support.waiting import eventually

EASUNPY = "easunpy==0.1.37"
EASUNPY_HOME = ROOT / ".venv-easunpy"
EASUNPY_UDP = 58899
"""easunpy knows no other port of a dongle, so the dongle gets an address of its own."""
EASUNPY_MODELS = {"classic": "ISOLAR_SMG_II_6K", "k11": "ISOLAR_SMG_II_11K"}
BARE = {"PATH": os.environ["PATH"], "ENV_FILE": ""}


@dataclass
class House:
    """A simulated inverter that runs: where it is, and its control."""

    layout: str
    settings: dict[str, str]
    control: str

    @property
    def requests(self) -> int:
        """How many requests it has received."""
        return int(requests.get(f"{self.control}/wire", timeout=5).json()["requests"])

    def command(self, path: str, **body: Any) -> None:
        """Send it a command: its grid, its faults."""
        requests.post(f"{self.control}/{path}", json=body, timeout=5).raise_for_status()


@dataclass
class Cycle:
    """One reading of everything: how long it took, and what came of it."""

    seconds: float
    cpu_s: float
    values: Values | None


@contextmanager
def house(kind: str, layout: str, **changes: str) -> Iterator[House]:
    """Run an inverter on a transport such as tcp or dongle-raw; its readers need the settings that come with it."""
    with tempfile.TemporaryDirectory() as directory:
        ready = Path(directory) / "house.json"
        env = BARE | house_settings(kind, layout) | {"HOUSE_READY_FILE": str(ready)} | changes
        process = Process("house", "simulators", env, Path(directory) / "house.log", "serve")
        process.start()
        try:
            place = json.loads(eventually(lambda: ready.read_text() if ready.exists() else "", "the house is ready"))
            yield House(layout, way_to(env, place), f"http://127.0.0.1:{place['control_port']}")
        finally:
            process.stop()


def house_settings(kind: str, layout: str) -> dict[str, str]:
    """Return the settings of a house without a past, on free ports of this machine."""
    transport, _, framing = kind.partition("-")
    return {
        "HOUSE_TRANSPORT": transport,
        "HOUSE_DONGLE_FRAMING": framing or "eybond",
        "HOUSE_DONGLE_BIND": "127.0.0.1",
        "HOUSE_LAYOUT": layout,
        "HOUSE_DAYS": "0",
        "HOUSE_GRID": "on",
        **dict.fromkeys(("HOUSE_MODBUS_PORT", "HOUSE_DONGLE_PORT", "HOUSE_CONTROL_PORT"), "0"),
    }


def way_to(env: dict[str, str], place: dict[str, Any]) -> dict[str, str]:
    """Return the poller's settings for an inverter; port 0 takes a free one for the dongle to call."""
    wire = {
        "MODBUS_TRANSPORT": env["HOUSE_TRANSPORT"],
        "MODBUS_HOST": env["HOUSE_DONGLE_BIND"],
        "MODBUS_PORT": place.get("modbus_port", 0),
        "MODBUS_SERIAL_PORT": place.get("serial_port", ""),
        "DONGLE_PORT": place.get("dongle_port", EASUNPY_UDP),
    }
    return {name: str(value) for name, value in wire.items()}


def ours(inverter: House, count: int, limit_s: float = 600, **changes: str) -> Iterator[Cycle]:
    """Read with our own code; the first cycle connects."""
    command = [sys.executable, "-m", "bench.wire_ours", str(count)]
    return cycles(command, BARE | inverter.settings | changes, limit_s)


def easunpy(inverter: House, count: int, limit_s: float = 600) -> Iterator[Cycle]:
    """Read with easunpy; the first cycle connects."""
    python, address = EASUNPY_HOME / "bin/python", inverter.settings["MODBUS_HOST"]
    arguments = (count, address, free_port(), EASUNPY_MODELS[inverter.layout])
    return cycles([str(python), "-m", "bench.wire_easunpy", *map(str, arguments)], BARE, limit_s)


def cycles(command: list[str], env: Mapping[str, str], limit_s: float) -> Iterator[Cycle]:
    """Run a reader, for so long at the most."""
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        patience = threading.Timer(limit_s, process.kill)
        patience.start()
        try:
            for line in process.stdout or ():
                yield Cycle(**json.loads(line))
        finally:
            patience.cancel()
            process.kill()


@cache
def has_easunpy() -> bool:
    """Install easunpy into an environment of its own, and return whether that worked."""
    python = EASUNPY_HOME / "bin/python"
    with suppress(subprocess.CalledProcessError):
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", EASUNPY_HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", EASUNPY], check=True)
        return True
    print(f"{EASUNPY} cannot be installed: it is left out.")
    return False


def own_address() -> str:
    """Return an address of this machine at which nobody plays a dongle."""
    while True:
        address = f"127.{random.randint(64, 250)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, EASUNPY_UDP))
            return address

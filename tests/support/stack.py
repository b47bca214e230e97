"""The whole system as real processes around a real broker, each of which can be killed and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from tests.support.asking import ask
from tests.support.broker import ROOT, Broker
from tests.support.databases import empty_database
from tests.support.fork_server import Forked, fork_server
from tests.support.ports import free_port, listens
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

INVERTER = "inverter/main/state"
MOST_PLUGS = 25
WIRES = {"modbus_port": "MODBUS_PORT", "serial_port": "MODBUS_SERIAL_PORT", "dongle_port": "DONGLE_PORT"}
"""What the house tells of its wire, and the setting of the poller that it belongs in."""
SOON_UNKNOWN = {"MODBUS_TIMEOUT": "0.5", "GRID_UNKNOWN_AFTER": "1"}
"""For a poller whose inverter falls silent on purpose. By default it waits: on a slow machine any inverter is late."""


class Process:
    """One program of ours, with its log beside."""

    def __init__(self, name: str, module: str, env: dict[str, str], log: Path, *arguments: str) -> None:
        self.name = name
        self.env = env
        self.log_file = log
        self.has_own_interpreter = False
        """Whether it is started as a user's is: its memory is its own, and LD_PRELOAD counts. A fork is cheaper."""
        self._module = module
        self._arguments = arguments
        self._process: Forked | subprocess.Popen[bytes] | None = None

    def start(self, **changes: str) -> None:
        """Start it; `changes` go into its environment for good."""
        self.env |= changes
        with self.log_file.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno(), log.fileno(), log.fileno()]
            if self.has_own_interpreter:
                command = [sys.executable, "-m", self._module, *self._arguments]
                self._process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdin=nothing, stdout=log, stderr=log)
                return
            self._process = fork_server().start(self._module, self._arguments, self.env, streams)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, wait until it is gone, and return its exit code."""
        assert self._process
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it without a word."""
        self.end(signal.SIGKILL)

    def exit_code(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        assert self._process
        return self._process.wait(PATIENCE_S)

    def stop(self) -> None:
        """Make sure that it is gone."""
        self.ask_to_end()
        self.make_sure()

    def ask_to_end(self) -> None:
        """Send it the signal to end, if it runs."""
        if self._process:
            self._process.terminate()

    def make_sure(self) -> None:
        """Wait until it is gone; end it where the patience is over."""
        if self._process and self._process.poll() is None:
            try:
                self._process.wait(PATIENCE_S)
            finally:
                self._process.kill()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text() if self.log_file.exists() else ""


class Stack:
    """Broker, simulated house, poller, recorder, dashboard. Nothing runs before it is asked for, but the broker."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broker = Broker(directory / "state")
        self.db_path = directory / "easun.db"
        self.dashboard_port = free_port()
        self._ready = directory / "house.json"
        self.house = self._process("house", "simulators", {"PATH": os.environ["PATH"], "ENV_FILE": ""}, "serve")
        self.house.env |= {
            "HOUSE_MODBUS_PORT": str(free_port()),
            "HOUSE_DONGLE_PORT": "0",
            "HOUSE_CONTROL_PORT": "0",
            "HOUSE_GRID": "on",
            # by itself the pseudo terminal may have another number after an unplug
            "HOUSE_SERIAL_LINK": str(directory / "tty"),
            "HOUSE_DAYS": "0",
            "HOUSE_READY_FILE": str(self._ready),
        }
        self.inverters_file = directory / "inverters.yaml"
        self.poller = self._service(
            "poller",
            INVERTERS_FILE=str(self.inverters_file),
            INVERTER_JOURNAL_DIR=str(directory / "inverter_journal"),
            INVERTER_PROFILES_FILE=str(directory / "inverter_profiles.yaml"),
            POLL_INTERVAL="0.5",
            MODBUS_TIMEOUT="10",
            GRID_UNKNOWN_AFTER="60",
        )
        self.recorder = self._service("recorder", BATCH_SECONDS="0.2")
        self.radio_port = free_port()
        self._radio_ready = directory / "radio.json"
        bare = {"PATH": os.environ["PATH"], "ENV_FILE": ""}
        self.batteries = self._process("batteries", "simulators", bare, "batteries")
        self.batteries.env |= {
            "HOUSE_RADIO_PORT": str(self.radio_port),
            "HOUSE_RADIO_CONTROL_PORT": "0",
            "HOUSE_RADIO_READY_FILE": str(self._radio_ready),
        }
        self.devices_file = directory / "jk_devices.yaml"
        self.bms = self._service(
            "bms",
            BLE_BACKEND="simulators.jk.backend",
            BLE_RADIO=f"127.0.0.1:{self.radio_port}",
            DEVICES_FILE=str(self.devices_file),
            JK_SCAN_INTERVAL="1",
        )
        self.outages_port = free_port()
        self.outages_url = f"http://127.0.0.1:{self.outages_port}"
        self._outages_ready = directory / "outages.json"
        self.outages = self._process("outages", "simulators", dict(bare), "outages")
        self.outages.env |= {
            "HOUSE_SCHEDULE_PORT": str(self.outages_port),
            "HOUSE_SCHEDULE_CONTROL_PORT": "0",
            "HOUSE_SCHEDULE_READY_FILE": str(self._outages_ready),
        }
        self.schedule = self._service(
            "schedule",
            QUEUE_NUMBER="5.2",
            SCHEDULE_PROVIDERS="be_svitlo",
            SCHEDULE_INTERVAL="1",
            SCHEDULE_RAW_DIR=str(directory / "schedule"),
            BE_SVITLO_URL=self.outages_url,
            GPV_JSON_URL=f"{self.outages_url}/data/Prykarpattiaoblenerho.json",
            YASNO_URL=self.outages_url,
        )
        self.plugs_file = directory / "plugs.yaml"
        self._plugs_ready = directory / "plugs.json"
        self.plugs = self._process("plugs", "simulators", dict(bare), "plugs")
        self.plugs.env |= {
            "HOUSE_PLUGS_PORT": str(free_port(MOST_PLUGS)),
            "HOUSE_PLUGS_CONTROL_PORT": "0",
            "HOUSE_PLUGS_ANNOUNCE_PORT": "0",
            "HOUSE_CLOUD_PORT": "0",
            "HOUSE_PLUGS_FILE": str(self.plugs_file),
            "HOUSE_PLUGS_READY_FILE": str(self._plugs_ready),
        }
        self.tuya = self._service(
            "tuya",
            TUYA_PLUGS_FILE=str(self.plugs_file),
            TUYA_JOURNAL_FILE=str(directory / "plugs_journal.json"),
            PLUG_RESTORE_DELAY="0.2",
            PLUG_RESTORE_PAUSE="0.1",
            PLUG_CHECK_INTERVAL="0.3",
            TUYA_LOCAL_TIMEOUT="5",
            TUYA_ANNOUNCE_PORTS="",
        )
        self._telegram_ready = directory / "telegram.json"
        self.telegram_port = free_port()
        self.telegram = self._process("telegram", "simulators", dict(bare), "telegram")
        self.telegram.env |= {
            "HOUSE_TELEGRAM_PORT": str(self.telegram_port),
            "HOUSE_TELEGRAM_READY_FILE": str(self._telegram_ready),
        }
        self.outlook = self._service("outlook", OUTLOOK_STATE_DIR=str(directory / "outlook"), TIME_ZONE="UTC")
        self.bot = self._service(
            "bot",
            TELEGRAM_API_URL=f"http://127.0.0.1:{self.telegram_port}",
            TELEGRAM_BOT_TOKEN="1:secret-of-the-test",
            TELEGRAM_CHAT_ID="4242",
            BOT_LANGUAGE="en",
            BOT_STATE_DIR=str(directory / "bot"),
        )
        self.homeassistant = self._service(
            "homeassistant",
            HOMEASSISTANT_LANGUAGE="en",
            HOMEASSISTANT_ENERGY_FILE=str(directory / "home_energy.json"),
        )
        self.dashboard = self._service(
            "dashboard",
            DASHBOARD_PORT=str(self.dashboard_port),
            DASHBOARD_STATE_DIR=str(directory / "dashboard"),
        )

    def _service(self, name: str, **settings: str) -> Process:
        env = self.broker.env() | {"DB_PATH": str(self.db_path)} | settings
        return self._process(name, f"services.{name}", env)

    def _process(self, name: str, module: str, env: dict[str, str], *arguments: str) -> Process:
        return Process(name, module, env, self.directory / f"{name}.log", *arguments)

    @property
    def services(self) -> tuple[Process, ...]:
        """The programs of a home."""
        readers = (self.bot, self.dashboard, self.outlook, self.homeassistant)
        return *readers, self.schedule, self.tuya, self.poller, self.bms, self.recorder

    @property
    def simulators(self) -> tuple[Process, ...]:
        """What they are connected to."""
        return self.telegram, self.batteries, self.plugs, self.outages, self.house

    @property
    def processes(self) -> tuple[Process, ...]:
        """Everything but the broker."""
        return *self.services, *self.simulators

    def start_house(self, **changes: str) -> None:
        """Start the house and point the poller at it, whatever the wire between them."""
        self._ready.unlink(missing_ok=True)
        self.house.start(**changes)
        ports = json.loads(
            eventually(lambda: (self._ready.exists() and self._ready.read_text()) or "", "the house is ready")
        )
        self.poller.env |= {
            "MODBUS_TRANSPORT": self.house.env.get("HOUSE_TRANSPORT", "tcp"),
            "MODBUS_HOST": "127.0.0.1",
        }
        self.poller.env |= {setting: str(ports[key]) for key, setting in WIRES.items() if key in ports}
        if "serial_port" in ports:
            self.poller.env["MODBUS_SERIAL_PORT"] = self.house.env["HOUSE_SERIAL_LINK"]
        if "dongle_port" in ports:
            self.poller.env["MODBUS_PORT"] = str(free_port())
        self.control = f"http://127.0.0.1:{ports['control_port']}"

    def start_batteries(self, **changes: str) -> None:
        """Start the virtual batteries and wait until they are on the air."""
        self._radio_ready.unlink(missing_ok=True)
        self.batteries.start(**changes)
        ready = eventually(
            lambda: self._radio_ready.read_text() if self._radio_ready.exists() else "", "the radio is up"
        )
        self._radio_control = f"http://127.0.0.1:{json.loads(ready)['control_port']}"

    def start_plugs(self, **changes: str) -> dict[str, Any]:
        """Start the virtual plugs and their cloud; return where they are."""
        self._plugs_ready.unlink(missing_ok=True)
        self.plugs.start(**changes)
        ready = eventually(
            lambda: self._plugs_ready.read_text() if self._plugs_ready.exists() else "", "the plugs are there"
        )
        places: dict[str, Any] = json.loads(ready)
        self._plugs_control = f"http://127.0.0.1:{places['control_port']}"
        return places

    def tell_plugs(self, path: str, **body: Any) -> dict[str, Any]:
        """Tell plugs or their cloud something, or ask for their state; return it."""
        state: dict[str, Any] = ask(f"{self._plugs_control}/{path}", body or None)
        return state

    def start_telegram(self) -> None:
        """Start the simulated Telegram and wait until it listens."""
        self.telegram.start()
        eventually(lambda: listens(self.telegram_port), "Telegram listens")

    def tell_telegram(self, path: str, **body: Any) -> None:
        """Say something as the person, press a button, or let it fail."""
        ask(f"http://127.0.0.1:{self.telegram_port}/{path}", body)

    def chat(self, chat: int = 4242) -> list[dict[str, Any]]:
        """Return what a chat shows."""
        seen = ask(f"http://127.0.0.1:{self.telegram_port}/chat")["messages"]
        return [message for message in seen if message["chat"] == chat]

    def battery(self, path: str, **body: Any) -> None:
        """Tell the batteries something: a fault, a lost link."""
        ask(f"{self._radio_control}/{path}", body)

    def start_outages(self, **changes: str) -> None:
        """Start the web sites that publish the plan, at `outages_url`, and wait until they answer."""
        self._outages_ready.unlink(missing_ok=True)
        self.outages.start(**changes)
        ready = eventually(
            lambda: self._outages_ready.read_text() if self._outages_ready.exists() else "", "the plan is published"
        )
        self._outages_control = f"http://127.0.0.1:{json.loads(ready)['control_port']}"

    def plan(self, path: str, **body: Any) -> Any:
        """Tell those web sites something: a plan, a fault. Return what they answer."""
        return ask(f"{self._outages_control}/{path}", body)

    def plan_requests(self) -> list[dict[str, Any]]:
        """Return who asked those web sites, with method, target, headers, body and fault, oldest first."""
        asked: list[dict[str, Any]] = ask(f"{self._outages_control}/requests")["requests"]
        return asked

    def start(self, *processes: Process) -> None:
        """Start processes, the recorder with an empty database; a dashboard is waited for."""
        if self.recorder in processes and not self.db_path.exists():
            self.db_path.write_bytes(empty_database())
        for process in processes:
            process.start()
        if self.dashboard in processes:
            eventually(lambda: listens(self.dashboard_port), "the dashboard listens")

    def command(self, path: str, **body: Any) -> None:
        """Tell the house something: its grid, its faults."""
        ask(f"{self.control}/{path}", body)

    def rows(self, query: str) -> list[Any]:
        """Ask the database, as anybody with sqlite3 could; nothing where there is none yet."""
        if not self.db_path.exists():
            return []
        with closing(sqlite3.connect(self.db_path, timeout=PATIENCE_S)) as connection:
            try:
                return connection.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    def stop(self) -> None:
        """Stop all services at once, then the simulators, which none must miss while it ends, and the broker."""
        with ExitStack() as all_of_them:
            all_of_them.callback(self.broker.stop)
            for simulator in self.simulators:
                if simulator.is_running:
                    all_of_them.callback(simulator.kill)
            for service in self.services:
                all_of_them.callback(service.make_sure)
            for service in self.services:
                service.ask_to_end()


@contextmanager
def running_stack(directory: Path) -> Iterator[tuple[Stack, Viewer]]:
    """Run a broker with a viewer at it, and whatever the test starts."""
    stack = Stack(directory)
    try:
        stack.broker.start()
        with Viewer(stack.broker) as viewer:
            yield stack, viewer
    finally:
        stack.stop()

"""A whole home as real processes, every outside fact of which is known: to be broken, and counted afterwards."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from tests.e2e.faults.network import NameServer
from tests.support.asking import ask
from tests.support.broker import Broker
from tests.support.databases import empty_database
from tests.support.simulated_clock import SimulatedClock
from tests.support.stack import SOON_UNKNOWN, Process, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

SERVICES = ("recorder", "poller", "bms", "schedule", "tuya", "outlook", "bot", "dashboard", "homeassistant")
SETTLE_S = 180.0
"""How long a home may take to come to itself, on a busy machine."""
SETTINGS = (("output_priority", "sbu", 301, 2), ("output_priority", "sub", 301, 3))
"""Changes of a setting of the inverter that take turns: name, value, register, word."""
BY_NAME = {
    "poller": ("MODBUS_HOST",),
    "bot": ("TELEGRAM_API_URL",),
    "tuya": ("TUYA_ENDPOINT",),
}
"""The settings that have a name instead of an address; sites of schedules that are not here are asked too rarely."""
CHAT = 4242
Part = Process | Broker

GARBLED_S = 60.0
"""Longer than replies are damaged in the soak or the matrix."""


@dataclass(frozen=True)
class Flip:
    """Power has come or gone: some time between the moment at which the house was asked for it, and its answer."""

    at: float
    by: float
    on: bool


@dataclass(frozen=True)
class Cut:
    """When the host lost its power, and what the bot had on disk then."""

    at: float
    outbox: dict[str, Any]


class Home:
    """The broker, the services that were asked for, and around them an inverter, plugs, Telegram and web sites."""

    def __init__(self, viewer: Viewer, stack: Stack, services: tuple[str, ...] = SERVICES) -> None:
        self.stack = stack
        self.viewer = viewer
        self.services = services
        self.clock: SimulatedClock | None = None
        self.disk = stack.directory
        self.name_server: NameServer | None = None
        """Where the services know by name what is not on this machine."""
        self.held: list[Any] = []
        """What a strike holds until it is mended."""
        self.flips: list[Flip] = []
        """When power went and came, by the true clock."""
        self.due_settings: list[tuple[int, int]] = []
        self.may_be_degraded = False
        """Whether services may say that something is wrong: they get rubbish, or the database was damaged."""
        self.garbled_at: list[float] = []
        """When replies of the inverter began to be damaged: its number may be, too, and then looks like another's."""
        self.asides: set[int] = set()
        """Readings that were taken to change a setting, and may be published or not."""
        self.cuts: list[Cut] = []
        """Every cut of the power of the host."""
        self._places: dict[str, Any] = {}
        self._changes = 0
        self._telegram_disk = TemporaryDirectory(prefix="faults-telegram-")
        """Not that of the home, which may be full: Telegram would keep a message and answer that it failed."""

    # starting

    def start(self) -> None:
        """Start everything, and wait until it is in order."""
        stack = self.stack
        stack.start_house(HOUSE_NUMBERED="true")
        self._places = stack.start_plugs()
        stack.telegram.env["HOUSE_TELEGRAM_CHAT_FILE"] = str(Path(self._telegram_disk.name) / "chat.json")
        stack.start_telegram()
        stack.start_outages()
        if "bms" in self.services:
            stack.start_batteries()
        stack.poller.env |= {"INVERTER_CONTROL": "settings"} | SOON_UNKNOWN
        stack.tuya.env |= {
            "TUYA_LOCAL_TIMEOUT": "0.5",
            "TUYA_ENDPOINT": f"http://127.0.0.1:{self._places['cloud_port']}",
            "TUYA_ACCESS_ID": "simulated0client0id0",
            "TUYA_ACCESS_SECRET": "0123456789abcdef0123456789abcdef",
            "TUYA_USER_ID": "eu0simulated0user",
        }
        if self.name_server:
            for name, settings in BY_NAME.items():
                process = self.part(name)
                assert isinstance(process, Process)
                process.env |= {one: process.env[one].replace("127.0.0.1", f"{name}.test") for one in settings}
        self.flips.append(Flip(time.time(), time.time(), on=True))
        if not stack.db_path.exists():
            stack.db_path.write_bytes(empty_database())
        self.start_parts(*self.services)
        self.until_in_order()

    def part(self, name: str) -> Part:
        """Return the broker, a service or a part of the world around."""
        part: Part = getattr(self.stack, name)
        return part

    def ports(self, place: str) -> list[int]:
        """Return where a place listens: the broker, the inverter, the plugs, the internet."""
        return {
            "broker": lambda: [self.stack.broker.port],
            "inverter": lambda: [int(self.stack.poller.env["MODBUS_PORT"])],
            "plugs": lambda: [int(plug["port"]) for plug in self._places["plugs"]],
            "internet": lambda: [self.stack.telegram_port, self.stack.outages_port, int(self._places["cloud_port"])],
        }[place]()

    def with_clock(self, library: Path | None = None) -> SimulatedClock:
        """Let all services run on a machine whose clock can be set wrong, the broker too with libfaketime.

        Before `start`.
        """
        self.clock = SimulatedClock(self.stack, library)
        self.clock.boot(0, synchronised=True)
        if library:
            self.stack.broker.stop()
            self.stack.broker.start()
        return self.clock

    def keep_database_on(self, disk: Path) -> None:
        """Keep the database on a disk of its own. Before `start`."""
        self.stack.db_path = disk / "easun.db"
        for process in self.stack.processes:
            if "DB_PATH" in process.env:
                process.env["DB_PATH"] = str(self.stack.db_path)

    def new_day(self) -> None:
        """Let the bot forget the outages so far, so that the next one is no flapping, and the poller what it wrote."""
        for name, file in (("bot", "bot/outbox.json"), ("poller", "inverter_journal/main.json")):
            if name in self.services:
                process = self.part(name)
                assert isinstance(process, Process)
                process.end()
                (self.stack.directory / file).unlink(missing_ok=True)
                process.start()
        self.until_in_order()

    # what is done to it

    def kill(self, *names: str) -> None:
        """End parts without a word, all at once."""
        for name in names:
            self.part(name).kill()

    def start_parts(self, *names: str) -> None:
        """Start parts, in this order."""
        for name in names:
            part = self.part(name)
            if isinstance(part, Broker) or not part.is_running:
                part.start()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a part."""
        part = self.part(name)
        pid = part.pid
        assert pid
        os.kill(pid, number)

    def power_cut(self, chance: random.Random, pause_s: float = 0.0) -> None:
        """Let the host lose its power, and start cold: everything at once and in any order."""
        names = ["broker", *self.services]
        for name in names:
            self.part(name).kill()
        self.cuts.append(Cut(time.time(), self.remembers("bot/outbox.json") or {}))
        time.sleep(pause_s)
        chance.shuffle(names)
        self.start_parts(*names)

    def power(self, *, on: bool) -> None:
        """Let the mains come or go."""
        asked_at = time.time()
        self.stack.command("grid", mode="on" if on else "off")
        self.flips.append(Flip(asked_at, time.time(), on=on))

    def change_a_setting(self) -> None:
        """Command a change of a setting of the inverter, and wait until it is confirmed."""
        name, value, address, word = SETTINGS[self._changes % len(SETTINGS)]
        self._changes += 1
        self.due_settings.append((address, word))
        topic = f"inverter/main/setting/{name}"
        before, number = len(self.viewer.on(f"{topic}/change")), self.number
        with Viewer(self.stack.broker, "dashboard") as page:
            command = {"at": datetime.now(UTC).isoformat(), "v": 2, "value": value, "by": "page"}
            page.client.publish(f"{topic}/set", json.dumps(command), qos=1).wait_for_publish(PATIENCE_S)
        eventually(lambda: len(self.viewer.on(f"{topic}/change")) > before, f"{name} is changed", SETTLE_S)
        self.asides.update(range(number, self.number + 3))

    # what is true of it

    @property
    def power_is_on(self) -> bool:
        """Whether there is power."""
        return self.flips[-1].on

    @property
    def number(self) -> int:
        """The number of the last reading that the inverter has given out."""
        return int(self._counted()["number"])

    @property
    def written(self) -> list[tuple[int, int]]:
        """Every register that was ever written, with its word."""
        return [(address, word) for address, word in self._counted()["written"]]

    def stored(self) -> list[int]:
        """Return the numbers of all recorded readings."""
        query = "SELECT load_apparent_power_va FROM inverter_state WHERE device = 'main'"
        return [number for (number,) in self.stack.rows(query) if number is not None]

    def doubled(self, given: set[int]) -> int:
        """Return how many of these readings are recorded twice, of those whose number nobody can have damaged."""
        query = "SELECT load_apparent_power_va, at FROM inverter_state WHERE device = 'main'"
        numbers = [number for number, at_ms in self.stack.rows(query) if not self._was_garbled(at_ms / 1000)]
        found = [number for number in numbers if number in given]
        return len(found) - len(set(found))

    def _was_garbled(self, at_s: float) -> bool:
        return any(0 <= at_s - began_s <= GARBLED_S for began_s in self.garbled_at)

    def undated(self) -> int:
        """Return how many messages wait for their time."""
        rows = self.stack.rows("SELECT count(*) FROM undated_message")
        return int(rows[0][0]) if rows else 0

    def published(self) -> set[int]:
        """Return the numbers of all readings that an outsider at the broker has seen, live or repeated."""
        topics = ("inverter/main/state", "replay/inverter/main/state")
        seen = (payload for topic, payload, _ in list(self.viewer.messages) if topic in topics)
        return {payload["load_apparent_power_va"] for payload in seen if payload.get("load_apparent_power_va")}

    def chat(self) -> list[dict[str, Any]]:
        """Return what the bot has sent, oldest first."""
        return [message for message in self.stack.chat(CHAT) if message["is_from_bot"]]

    def plugs(self) -> list[dict[str, Any]]:
        """Return the plugs as they are, with every command that they ever got."""
        state: list[dict[str, Any]] = self.stack.tell_plugs("state")["plugs"]
        return state

    def statuses(self) -> dict[str, str]:
        """Return what each service says of itself, by the last word that an outsider has seen."""
        return {name: (self.viewer.on(f"service/{name}/status") or [{}])[-1].get("state", "") for name in self.services}

    def remembers(self, file: str, *path: str) -> Any:
        """Return something in a state file of a service, None where it is not there."""
        content: Any = None
        with suppress(OSError, ValueError):
            content = json.loads((self.stack.directory / file).read_text())
        for step in path:
            content = (content or {}).get(step)
        return content

    def shown(self) -> str | None:
        """Return what the page says of the power: on, off or unknown; None where it does not answer."""
        try:
            now = requests.get(f"http://127.0.0.1:{self.stack.dashboard_port}/live/now", timeout=PATIENCE_S).json()
        except requests.RequestException:
            return None
        return str(now["state"]["banner"])

    def recorded(self) -> str | None:
        """Return the last state of the power in the record."""
        rows = self.stack.rows("SELECT state FROM grid_state ORDER BY at DESC LIMIT 1")
        return str(rows[0][0]) if rows else None

    def told(self) -> list[tuple[float, str]]:
        """Return when an outsider at the broker was told which state of the power, oldest first."""
        arrivals = list(self.viewer.arrivals)
        return [
            (at / 1000, payload["state"])
            for topic, payload, at in arrivals
            if topic == "grid/state" and isinstance(payload, dict) and "state" in payload
        ]

    def tracebacks(self) -> list[str]:
        """Return the services in whose logs a bug has left a trace, with its last line."""
        logs = {name: part.log for name in self.services if isinstance(part := self.part(name), Process)}
        return [f"{name}: {_last_line(log)}" for name, log in logs.items() if "Traceback" in log]

    # waiting

    def until_in_order(self) -> None:
        """Wait until everybody knows how the power is, and everything that it entails is done."""
        for name, probe in self._order().items():
            eventually(probe, name, SETTLE_S)

    def out_of_order(self) -> list[str]:
        """Return what has not come to itself in time."""
        deadline = time.monotonic() + SETTLE_S
        missing = []
        for name, probe in self._order().items():
            try:
                eventually(probe, name, max(1.0, deadline - time.monotonic()))
            except AssertionError:
                missing.append(f"{name}{self._why(name.removesuffix(' works'))}")
        return missing

    def _order(self) -> dict[str, Callable[[], object]]:
        known = "on" if self.power_is_on else "off"
        checks: dict[str, Callable[[], object]] = {
            f"{name} works": partial(self._works, name) for name in self.services
        }
        checks[f"the broker says that power is {known}"] = lambda: self.grid() == known
        if "recorder" in self.services:
            target = self.number + 1
            checks["the newest reading is recorded"] = lambda: max(self.stored(), default=0) >= target
            checks["nothing waits for its time"] = lambda: not self.undated()
        if "tuya" in self.services:
            checks["the plugs know it"] = lambda: self.remembers("plugs_journal.json", "handled") == self._transition()
            checks["the plugs are as they must be"] = self._plugs_are_right
        if "bot" in self.services:
            checks["the bot knows it"] = lambda: self.remembers("bot/outbox.json", "state", "grid", "state") == known
            checks["nothing waits for Telegram"] = lambda: not self.remembers("bot/outbox.json", "waiting")
        if "dashboard" in self.services:
            checks["the page shows it"] = lambda: self.shown() == known
        return checks

    def _why(self, name: str) -> str:
        """Return what is known of a service that does not work: what it says last, and its log."""
        part = getattr(self.stack, name, None)
        if not isinstance(part, Process):
            return ""
        status = (self.viewer.on(f"service/{name}/status") or [{}])[-1]
        last = part.log.splitlines()[-3:]
        return f": runs: {part.is_running}; {status.get('state')} {status.get('reasons')}; {' / '.join(last)}"

    def _works(self, name: str) -> bool:
        part = self.part(name)
        right = ("online", "disabled", "degraded") if self.may_be_degraded else ("online", "disabled")
        return isinstance(part, Process) and part.is_running and self.statuses()[name] in right

    def grid(self) -> str | None:
        """Return what the broker says now of the power."""
        return self._last_grid().get("state")

    def _transition(self) -> str | None:
        return self._last_grid().get("transition_id")

    def _last_grid(self) -> dict[str, Any]:
        last: Any = (self.viewer.on("grid/state") or [{}])[-1]
        return last if isinstance(last, dict) else {}  # a hostile client has published something else

    def _plugs_are_right(self) -> bool:
        """Whether all plugs are on with power, and off without, but the router."""
        on = [all(plug["relays"].values()) for plug in self.plugs()]
        off = [not any(plug["relays"].values()) for plug in self.plugs()]
        return all(on) if self.power_is_on else all(off[:-1]) and on[-1]

    def _counted(self) -> dict[str, Any]:
        state: dict[str, Any] = ask(f"{self.stack.control}/counted")
        return state


def _last_line(log: str) -> str:
    behind = log[log.rindex("Traceback") :].splitlines()
    return next((line for line in behind[1:] if line and not line.startswith(" ")), "?")[:200]


@contextmanager
def running_home(directory: Path, services: tuple[str, ...] = SERVICES) -> Iterator[Home]:
    """Yield a home of which nothing but the broker runs, and stop it afterwards."""
    stack = Stack(directory)
    try:
        stack.broker.start()
        with Viewer(stack.broker) as viewer:
            yield Home(viewer, stack, services)
    finally:
        for process in stack.processes:  # one that was stopped would not hear of its end
            if process.is_running and process.pid:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)
        stack.stop()

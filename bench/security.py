"""The demo and a home from outside: open ports, headers, logins, hostile accounts at the broker, versions.

python -m bench security
"""

import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import requests
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from docs.generate_topics import HASS, SERVICES, VIEWER
from shared.topics import GRID_STATE, PLUG_SET, SETTING_SET
from tests.e2e.faults.home import Home, running_home
from tests.e2e.faults.report import replace_part, today
from tests.support.broker import ROOT, Broker
from tests.support.fork_server import stop_fork_server
from tests.support.stack import Stack
from tests.support.waiting import eventually

LOOPBACK = ("127.0.0.1", "::1")
OPEN_PORTS = {
    ("services.tuya", "udp", 6666), ("services.tuya", "udp", 6667), ("services.tuya", "udp", 7000),
}  # fmt: skip
"""Where anything but this machine may knock in the demo: TUYA_ANNOUNCE_PORTS. Everything else listens on 127.0.0.1."""
HEADERS = {
    "Content-Security-Policy": r"default-src 'none'.*frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": r"camera=\(\)",
}
PATHS = ("/", "/login", "/live/now", "/history.json", "/metrics", "/healthz", "/nowhere", "/assets/icon.svg")
PASSWORD = "correct horse battery"
GUESSES = 300
SILENT_CONNECTIONS, RETAINED, BIG_BYTES = 1500, 3000, 2_000_000
MARK = "hostile"
BUZZER = 303
HOSTILE_S = 3.0
"""How long an effect is waited for."""


def main() -> None:
    """Print the table."""
    rows = [f"{today()}.\n\n| test | result |\n|---|---|"]
    print(rows[0], flush=True)
    try:
        for part in (ports, page, broker):
            for tried, result in part():
                rows.append(f"| {tried} | {result} |")
                print(rows[-1], flush=True)
    finally:
        stop_fork_server()
    rows.append(f"\nVersions on {today()}: {versions()}.")
    print(rows[-1])
    if "--write" in sys.argv:
        replace_part("security", "\n".join(rows))


# ports


def ports() -> Iterator[tuple[str, str]]:
    """Compare what the demo listens on with what is documented."""
    with demo() as process:
        found = set(_listening(process))
    outside = {(program, kind, port) for program, kind, host, port in found if host not in LOOPBACK}
    strange = sorted(map(str, outside - OPEN_PORTS))
    yield "ports of the demo on 127.0.0.1", str(len(found) - len(outside))
    yield (
        "ports of the demo open to the network, as documented",
        ", ".join(f"{program} {kind} {port}" for program, kind, port in sorted(outside & OPEN_PORTS)) or "none",
    )
    yield "other ports open to the network", ", ".join(strange) or "none"


@contextmanager
def demo() -> Iterator[psutil.Process]:
    """Run the demo as a newcomer does."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "supervisor", "demo", "--days", "1", "--state", f"{folder}/state"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        try:
            eventually(lambda: "Dashboard: " in log.read_text(), "the demo has started", 300)
            time.sleep(5)
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def _listening(supervisor: psutil.Process) -> Iterator[tuple[str, str, str, int]]:
    """Yield program, protocol, address and port of whatever waits for somebody."""
    for process in supervisor.children(recursive=True):
        with suppress(psutil.Error):
            words = process.cmdline()
            program = words[words.index("-m") + 1] if "-m" in words else Path(words[0]).name
            for one in process.net_connections(kind="inet"):
                is_udp = one.type == socket.SOCK_DGRAM
                if (is_udp and not one.raddr and one.laddr) or one.status == psutil.CONN_LISTEN:
                    yield program, "udp" if is_udp else "tcp", one.laddr.ip, one.laddr.port


# the page


def page() -> Iterator[tuple[str, str]]:
    """Look at the headers of a page with a password, and guess that."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            stack.broker.start()
            stack.dashboard.env["DASHBOARD_PASSWORD"] = PASSWORD
            stack.start(stack.dashboard)
            address = f"http://127.0.0.1:{stack.dashboard_port}"
            yield "security headers of the page", _headers(address)
            yield from _guesses(address)
        finally:
            stack.stop()


def _headers(address: str) -> str:
    missing: list[str] = []
    for path in PATHS:
        answer = requests.get(address + path, headers={"Accept": "text/html"}, allow_redirects=False, timeout=10)
        wrong = [name for name, wanted in HEADERS.items() if not re.search(wanted, answer.headers.get(name, ""))]
        if re.search(r"\d", answer.headers.get("Server", "")):
            wrong.append("Server tells a version")
        missing += [f"{path}: {name}" for name in wrong]
    return ", ".join(missing) or f"all {len(HEADERS)} on all {len(PATHS)} addresses; no server version is shown"


def _guesses(address: str) -> Iterator[tuple[str, str]]:
    with requests.Session() as session:
        began, looked_at = time.monotonic(), 0
        for number in range(GUESSES):
            looked_at += _log_in(session, address, f"guess{number}") == 401
        seconds = time.monotonic() - began
        yield (
            f"{GUESSES} passwords guessed in {seconds:.0f} s",
            f"{looked_at} were checked, the others told to wait",
        )
        with_the_right_one = _log_in(session, address, PASSWORD)
        yield "the right password meanwhile, from the same address", f"status {with_the_right_one}, not let in"
        for path in ("/live/now", "/history.json", "/_dash-layout", "/diagnostics.zip", "/metrics?key=x"):
            assert session.get(address + path, timeout=10).status_code == 401, path
        yield "data without a login", "401 everywhere"
        elsewhere = {"Origin": "http://evil"}
        forged = session.post(f"{address}/login", data={"password": PASSWORD}, headers=elsewhere, timeout=10)
        yield "a login from another site", f"status {forged.status_code}"


def _log_in(session: requests.Session, address: str, password: str) -> int:
    form = session.get(f"{address}/login", timeout=10).text
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    data = {"csrf": token[1] if token else "", "password": password}
    return session.post(f"{address}/login", data=data, allow_redirects=False, timeout=10).status_code


# the broker


class Hostile:
    """A client that wants more than it may."""

    def __init__(self, broker: Broker, account: str | None, client_id: str = "") -> None:
        self.answers: Counter[str] = Counter()
        self.is_in: bool | None = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        if account:
            self._client.username_pw_set(account, (broker.secrets_dir / account).read_text().strip())
        self._client.on_connect = lambda _c, _u, _f, reason, _p: setattr(self, "is_in", not reason.is_failure)
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self._count(is_taken=not reason.is_failure)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        eventually(lambda: self.is_in is not None, "the broker has answered")

    def _count(self, *, is_taken: bool) -> None:
        self.answers["yes" if is_taken else "no"] += 1

    def publish(self, topic: str, payload: object, *, retain: bool = False) -> str:
        """Publish, and return whether the broker takes it; empty if it says nothing."""
        before = self.answers.total()
        given = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self._client.publish(topic, given, qos=1, retain=retain)
        with suppress(AssertionError):
            eventually(lambda: self.answers.total() > before, "an answer", HOSTILE_S)
        return "" if self.answers.total() == before else list(self.answers.elements())[-1]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


def broker() -> Iterator[tuple[str, str]]:
    """Let every account, and a stranger, try what it may not; then fill the broker."""
    services = ("recorder", "poller", "tuya")
    with tempfile.TemporaryDirectory() as folder, running_home(Path(folder), services) as home:
        home.start()
        yield from _as_each(home)
        yield from _fill(home)


def _as_each(home: Home) -> Iterator[tuple[str, str]]:
    done: dict[str, list[str]] = {"switched a plug": [], "faked the grid": [], "changed a setting": []}
    for account in (*SERVICES, HASS, VIEWER):
        hostile = Hostile(home.stack.broker, account, f"hostile-{account}")
        at = datetime.now(UTC).isoformat()
        plug, written = home.plugs()[0], len(home.written)
        hostile.publish(PLUG_SET.named(plug["id"]), {"at": at, "v": 2, "on": False, "by": "bot"})
        hostile.publish(SETTING_SET.named("main/buzzer_mode"), {"at": at, "v": 2, "value": _other(home), "by": "page"})
        fake = {"at": at, "v": 2, "since": at, "state": "on", "transition_id": f"{MARK}-{account}"}
        hostile.publish(GRID_STATE.named(), fake)
        effects = {
            "switched a plug": lambda name=plug["id"]: not _relay(home, name),
            "changed a setting": lambda before=written: len(home.written) > before,
            "faked the grid": lambda who=account: any(
                one.get("transition_id") == f"{MARK}-{who}" for one in home.viewer.on(GRID_STATE.named())
            ),
        }
        for effect, is_there in effects.items():
            with suppress(AssertionError):
                if eventually(is_there, effect, HOSTILE_S):
                    done[effect].append(account)
        hostile.close()
        home.stack.tell_plugs("plug", on=True)
    for effect, allowed in (
        ("switched a plug", PLUG_SET.writers), ("faked the grid", GRID_STATE.writers),
        ("changed a setting", SETTING_SET.writers),
    ):  # fmt: skip
        too_many = ", ".join(sorted(set(done[effect]) - set(allowed))) or "none"
        yield f"accounts that {effect}", f"{', '.join(done[effect]) or 'none'}; without permission: {too_many}"
    stranger = Hostile(home.stack.broker, None, "stranger")
    yield "a client without an account", "let in" if stranger.is_in else "not let in"
    stranger.close()


def _relay(home: Home, id_: str) -> bool:
    return all(next(plug for plug in home.plugs() if plug["id"] == id_)["relays"].values())


def _other(home: Home) -> str:
    """Return what the buzzer is not set to."""
    words = [word for address, word in home.written if address == BUZZER]
    return "fault" if words and words[-1] == 0 else "mute"


def _fill(home: Home) -> Iterator[tuple[str, str]]:
    pid = home.stack.broker.pid
    before_mb = _megabytes(pid)
    hostile = Hostile(home.stack.broker, HASS, "hostile-big")
    answer = hostile.publish("plug/x/set", b"x" * BIG_BYTES)
    yield (
        f"a payload of {BIG_BYTES / 1e6:.0f} MB",
        "taken" if answer == "yes" else "refused, the client disconnected",
    )
    hostile.close()
    hostile = Hostile(home.stack.broker, HASS, "hostile-many")
    for number in range(RETAINED):
        hostile._client.publish(f"plug/{MARK}{number}/set", b"x" * 1000, qos=1, retain=True)
    with suppress(AssertionError):
        eventually(lambda: hostile.answers.total() >= RETAINED, "all answers", 120)
    grown = _megabytes(pid) - before_mb
    yield (
        f"{RETAINED} retained messages of 1 kB from an account that may publish them",
        (f"{hostile.answers['yes']} accepted; the broker has grown by {grown:.1f} MB; {_goes_on(home)}"),
    )
    hostile.close()
    yield from _connections(home)


def _connections(home: Home) -> Iterator[tuple[str, str]]:
    """Open connections that say nothing, and see whether a service still gets in."""
    with ExitStack() as opened:
        count = 0
        with suppress(OSError):
            for _ in range(SILENT_CONNECTIONS):
                opened.enter_context(socket.create_connection(("127.0.0.1", home.stack.broker.port), 2))
                count += 1
        meanwhile = _goes_on(home)
        home.stack.recorder.kill()
        home.stack.recorder.start()
        is_back = _back(home, 20)
        files = psutil.Process(home.stack.broker.pid).num_fds()
        limit = Path(f"/proc/{home.stack.broker.pid}/limits").read_text()
        most = re.search(r"Max open files\s+(\d+)", limit)
    yield (
        f"{count} silent connections",
        (
            f"{meanwhile}; a starting service {'can connect' if is_back else 'cannot connect until they end'} "
            f"({files} files open of {most[1] if most else '?'})"
        ),
    )
    yield "after these have ended", "everything works" if _back(home, 120) else "the service is not back"


def _goes_on(home: Home) -> str:
    before = home.number
    with suppress(AssertionError):
        eventually(lambda: max(home.stored(), default=0) > before, "readings are recorded", 30)
        return "recording goes on"
    return "recording has stopped"


def _back(home: Home, patience_s: float) -> bool:
    before = home.number
    with suppress(AssertionError):
        eventually(lambda: max(home.stored(), default=0) > before + 1, "it is back", patience_s)
        return True
    return False


def _megabytes(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 1e6)


# versions


def versions() -> str:
    """Return what is used of others."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = sorted({re.split(r"[^\w.-]", one)[0].lower() for one in project["dependencies"]})
    said = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, check=False).stdout
    known: list[Any] = [f"Python {sys.version.split()[0]}", said.splitlines()[0].replace(" version", "")]
    return ", ".join([*known, *(f"{name} {version(name)}" for name in names)])


if __name__ == "__main__":
    main()

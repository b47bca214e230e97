"""python -m supervisor demo | up"""

import argparse
import asyncio
import fcntl
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared import env_file
from shared.conditions.system import os_reason
from shared.errors import ConfigError, UsageError
from shared.known_settings import known_settings, remarks
from shared.service import EXIT_CONFIG
from supervisor import programs
from supervisor.programs import ROOT, Ports, Program
from supervisor.supervise import Supervisor, is_free, ports_near

log = logging.getLogger("supervisor")

LOCAL = ("127.0.0.1", "localhost", "::1", "")
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")
"""Variables that the demo inherits; others, such as MODBUS_HOST, must not reach it."""


DEMO_PORTS = {
    "mqtt": 1883,
    "dashboard": 8000,
    "modbus": 5020,
    "control": 8502,
    "radio": 8503,
    "radio_control": 8504,
    "outages": 8505,
    "outages_control": 8506,
    "cloud": 8507,
    "plugs_control": 8508,
    "plugs": 16668,
    "telegram": 8081,
}
IN_A_ROW = {"plugs": 5}
"""Each plug has a port, the next one from the first on (`HOUSE_PLUGS`)."""


def main() -> None:
    """Run until Ctrl-C or SIGTERM."""
    logging.basicConfig(level="INFO", format="%(asctime)s supervisor: %(levelname)s: %(message)s", datefmt="%F %T")
    arguments = _arguments()
    os.chdir(ROOT)
    try:
        _demo(arguments.state, arguments.days) if arguments.what == "demo" else _up()
    except (ConfigError, UsageError) as error:
        log.error("%s", error)
        sys.exit(EXIT_CONFIG)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="supervisor", description=__doc__)
    parser.add_argument("what", choices=("demo", "up"))
    parser.add_argument("--state", type=Path, default=ROOT / ".demo", help="the demo's directory; removed at its end")
    parser.add_argument("--days", type=int, default=3, help="days of history in the demo")
    return parser.parse_args()


def _demo(state: Path, days: int) -> None:
    env = {name: os.environ[name] for name in INHERITED if name in os.environ}
    ports = Ports(**ports_near(DEMO_PORTS, IN_A_ROW))
    with _only_one(state):
        try:
            _clear(state)
            _write_env(state / "env", programs.demo_settings(state, ports, days))
            asyncio.run(_run(programs.demo(env, state, ports, days), lambda: _print_demo(ports)))
        finally:
            shutil.rmtree(state, ignore_errors=True)


def _up() -> None:
    env = _settings_file() | dict(os.environ)
    ports = Ports(mqtt=_port(env, "MQTT_PORT", 1883), dashboard=_port(env, "DASHBOARD_PORT", 8000))
    own_broker = env.get("MQTT_HOST", "") in LOCAL
    _must_be_free(ports.dashboard, "DASHBOARD_PORT")
    if own_broker:
        _must_be_free(ports.mqtt, "MQTT_PORT")
    state = ROOT / "data"
    with _only_one(state):
        running = programs.up(env, state, ports, own_broker=own_broker)
        asyncio.run(_run(running, lambda: _print_up(ports)))


async def _run(running: Sequence[Program], report: Callable[[], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(running)
    starting = asyncio.create_task(supervisor.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        starting.result()
        report()
    await stopping
    log.info("Stopping.")
    starting.cancel()
    await supervisor.stop()


def _print_demo(ports: Ports) -> None:
    print(
        f"""
    Dashboard:        http://localhost:{ports.dashboard}/
    Telegram:         http://localhost:{ports.telegram}/      (simulated: write to the bot, see its alerts)
    Every message:    make demo-watch        (Mosquitto on port {ports.mqtt}, user viewer)
    Cut the grid:     make demo-grid-off     and restore it: make demo-grid-on
    Stop:             Ctrl-C
""",
        flush=True,
    )


def _print_up(ports: Ports) -> None:
    print(f"\n    Dashboard:  http://localhost:{ports.dashboard}/\n", flush=True)


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Lock the state directory: two supervisors would fight over one database and broker."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = (state / "lock").open("w")
    except OSError as error:
        raise UsageError(f"{state} cannot be written ({os_reason(error)}): does it belong to another user?") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"It runs already in {state}: stop that one first.") from None
        yield


def _clear(state: Path) -> None:
    """Remove the leftovers of a killed demo, except the lock that we hold."""
    for left in state.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != "lock":
            left.unlink()


def _write_env(file: Path, settings: dict[str, str]) -> None:
    """Write the settings for the other make targets."""
    file.write_text(env_file.with_values("", settings))


def _must_be_free(port: int, setting: str) -> None:
    if not is_free(port):
        raise UsageError(f"Port {port} is taken by another program: stop it, or set {setting} in .env.")


def _settings_file() -> dict[str, str]:
    try:
        text = (ROOT / ".env").read_text(encoding="utf-8") if (ROOT / ".env").exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file .env cannot be read: {os_reason(error)}.") from None
    for remark in remarks(text, known_settings()):
        log.warning(".env: %s", remark)
    return {name: value for name, value in env_file.values(text, os.environ).items() if value}


def _port(env: dict[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdecimal()) or not 0 < int(value) < 65536:
        raise UsageError(f'{name} is "{value}": it must be a port between 1 and 65535. Mend it in .env.')
    return int(value)


if __name__ == "__main__":
    main()

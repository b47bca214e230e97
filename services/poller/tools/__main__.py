"""python -m services.poller scan | read | dump | replay"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from services.poller.settings import Transport, WireSettings
from services.poller.tools.dump import dump
from services.poller.tools.read import read
from services.poller.tools.scan import Plan, scan
from services.poller.transports import conversation
from shared.errors import ConfigError, EasunError
from shared.service import EXIT_CONFIG
from shared.settings import load


def main() -> None:
    """Use one tool. Exit codes: 0 done, 1 no inverter answers, 78 only the user can mend it."""
    options = _parser().parse_args()
    logging.basicConfig(level="WARNING", format="%(message)s")
    try:
        _run(options)
    except EasunError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(options: argparse.Namespace) -> None:
    if options.tool == "replay":
        _replay(options)
        return
    settings = load(WireSettings)
    if options.tool == "scan":
        plan = Plan(settings, options.networks, options.ports or [502, 8899], serial=not options.no_serial)
        sys.exit(0 if asyncio.run(scan(plan, print)) else 1)
    if settings.nothing_to_read:
        raise ConfigError(f"{settings.nothing_to_read} `python -m services.poller scan` looks for inverters.")
    asyncio.run(_with_inverter(settings, options))


async def _with_inverter(settings: WireSettings, options: argparse.Namespace) -> None:
    inverter = conversation(_beside_a_poller(settings))
    work: Coroutine[Any, Any, str] = read(inverter) if options.tool == "read" else dump(inverter, options.file)
    try:
        print(await work)
    finally:
        inverter.close()


def _beside_a_poller(settings: WireSettings) -> WireSettings:
    """The usual port, which the dongle calls, may be in use by the service: take a free one where none is set."""
    with_free_port = settings.modbus_transport is Transport.DONGLE and settings.modbus_port is None
    return settings.model_copy(update={"modbus_port": 0}) if with_free_port else settings


def _replay(options: argparse.Namespace) -> None:
    """Become the simulator: it stands at the wire, and we do not import it."""
    if not options.file.is_file():
        raise ConfigError(f"There is no file {options.file}.")
    env = {"HOUSE_REPLAY": str(options.file), "HOUSE_TRANSPORT": options.transport}
    os.execve(sys.executable, [sys.executable, "-m", "simulators", "serve"], os.environ | env)  # noqa: S606


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.poller", description="Tools for a new inverter.")
    tools = parser.add_subparsers(dest="tool", required=True)
    look = tools.add_parser("scan", help="look for dongles, gateways and serial ports with an inverter behind them")
    look.add_argument("--network", dest="networks", action="append", type=IPv4Network, help="default: ours, as a /24")
    look.add_argument("--port", dest="ports", action="append", type=int, help="of gateways; default: 502 and 8899")
    look.add_argument("--no-serial", action="store_true", help="leave the serial ports alone")
    tools.add_parser("read", help="one reading of the inverter that .env names, as a table")
    save = tools.add_parser("dump", help="all registers into a file for a bug report, serial numbers masked")
    save.add_argument("file", type=Path, nargs="?", default=Path("inverter-dump.json"))
    serve = tools.add_parser("replay", help="serve such a file as an inverter")
    serve.add_argument("file", type=Path)
    serve.add_argument("--transport", default="tcp", choices=["tcp", "rtu_over_tcp", "serial", "dongle"])
    return parser

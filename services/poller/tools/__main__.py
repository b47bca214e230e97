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

from services.poller.inverter_list import inverter_list
from services.poller.settings import ModbusSettings, PollerSettings, TransportKind
from services.poller.tools.dump import dump
from services.poller.tools.read import read
from services.poller.tools.scan import ScanRange, scan
from services.poller.transports.factory import create_client
from shared.errors import ConfigError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import load


def main() -> None:
    """Run one tool. Exit codes: 0 done, 1 no inverter answers, 78 only the user can correct it."""
    options = _parser().parse_args()
    logging.basicConfig(level="WARNING", format="%(message)s")
    try:
        _run(options)
    except EasunError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError | UsageError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(options: argparse.Namespace) -> None:
    if options.tool == "replay":
        _replay(options)
        return
    settings = _listed(options.inverter) if getattr(options, "inverter", "") else load(ModbusSettings)
    if options.tool == "scan":
        where = ScanRange(settings, options.networks, options.ports or [502, 8899], serial=not options.no_serial)
        sys.exit(0 if asyncio.run(scan(where, print)) else 1)
    if reason := settings.not_configured:
        raise UsageError(f"{reason} `python -m services.poller scan` looks for inverters.")
    asyncio.run(_with_inverter(settings, options))


def _listed(name: str) -> PollerSettings:
    """Return how an inverter of the list is reached."""
    common = load(PollerSettings)
    listed = {entry.name: entry for entry in inverter_list(common.inverters_file).read()}
    if name not in listed:
        raise UsageError(f"There is no inverter {name} in {common.inverters_file}; there are: {', '.join(listed)}.")
    return listed[name].settings(common)


async def _with_inverter(settings: ModbusSettings, options: argparse.Namespace) -> None:
    inverter = create_client(_with_free_port(settings))
    work: Coroutine[Any, Any, str] = read(inverter) if options.tool == "read" else dump(inverter, options.file)
    try:
        print(await work)
    finally:
        inverter.close()


def _with_free_port(settings: ModbusSettings) -> ModbusSettings:
    """The service may use the default port for the dongle: take a free one where none is set."""
    is_default = settings.modbus_transport is TransportKind.DONGLE and settings.modbus_port is None
    return settings.model_copy(update={"modbus_port": 0}) if is_default else settings


def _replay(options: argparse.Namespace) -> None:
    """Become the simulator, which no service imports."""
    if not options.file.is_file():
        raise UsageError(f"There is no file {options.file}.")
    env = {"HOUSE_REPLAY": str(options.file), "HOUSE_TRANSPORT": options.transport}
    os.execve(sys.executable, [sys.executable, "-m", "simulators", "serve"], os.environ | env)  # noqa: S606


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.poller", description="Tools for a new inverter.")
    tools = parser.add_subparsers(dest="tool", required=True)
    search = tools.add_parser("scan", help="look for dongles, gateways and serial ports with an inverter behind them")
    search.add_argument("--network", dest="networks", action="append", type=IPv4Network, help="default: ours, as a /24")
    search.add_argument("--port", dest="ports", action="append", type=int, help="of gateways; default: 502 and 8899")
    search.add_argument("--no-serial", action="store_true", help="skip the serial ports")
    one = tools.add_parser("read", help="one reading of the inverter in .env, as a table")
    save = tools.add_parser("dump", help="save all registers for a bug report, serial numbers masked")
    save.add_argument("file", type=Path, nargs="?", default=Path("inverter-dump.json"))
    for tool in (one, save):
        tool.add_argument("--inverter", metavar="NAME", default="", help="one of INVERTERS_FILE instead")
    serve = tools.add_parser("replay", help="serve such a file as an inverter")
    serve.add_argument("file", type=Path)
    serve.add_argument("--transport", default="tcp", choices=["tcp", "rtu_over_tcp", "serial", "dongle"])
    return parser

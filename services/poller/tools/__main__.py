"""python -m services.poller scan | read | dump | replay"""

import argparse
import asyncio
import os
import sys
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

from services.poller.inverter_list import inverter_list
from services.poller.settings import PORTS, ModbusSettings, PollerSettings, TransportKind
from services.poller.tools.dump import dump
from services.poller.tools.read import read
from services.poller.tools.scan import Finding, ScanRange, scan
from services.poller.transports.factory import create_client
from shared.errors import UsageError
from shared.settings import load
from shared.texts.localizer import Localizer
from shared.tool import speak, write


def main() -> None:
    """Run one tool. Exit codes: 0 done, 1 no inverter answers, 78 only the user can correct it."""
    speak(lambda localizer: _run(_parser(localizer).parse_args(), localizer))


def _run(options: argparse.Namespace, localizer: Localizer) -> None:
    if options.tool == "replay":
        _replay(options, localizer)
        return
    settings = _listed(options.inverter, localizer) if getattr(options, "inverter", "") else load(ModbusSettings)
    if options.tool == "scan":
        ports = options.ports or [PORTS[TransportKind.TCP], PORTS[TransportKind.RTU_OVER_TCP]]
        where = ScanRange(settings, options.networks, ports, serial=not options.no_serial)
        shown = Finding.to_json if options.json else partial(Finding.line, localizer=localizer)
        asyncio.run(scan(where, localizer, lambda finding: write(shown(finding))))
        return
    if reason := settings.not_configured:
        raise UsageError(localizer("tool.not_configured", reason=localizer.reason(reason)))
    asyncio.run(_with_inverter(settings, options, localizer))


def _listed(name: str, localizer: Localizer) -> PollerSettings:
    """Return how an inverter of the list is reached."""
    common = load(PollerSettings)
    listed = {entry.name: entry for entry in inverter_list(common.inverters_file).read()}
    if name not in listed:
        known = ", ".join(listed)
        raise UsageError(localizer("tool.not_listed", name=name, file=common.inverters_file, known=known or "–"))
    return listed[name].settings(common)


async def _with_inverter(settings: ModbusSettings, options: argparse.Namespace, localizer: Localizer) -> None:
    inverter = create_client(_with_free_port(settings))
    try:
        if options.tool == "read":
            write(await read(inverter, localizer))
        else:
            write(await dump(inverter, options.file, localizer))
    finally:
        inverter.close()


def _with_free_port(settings: ModbusSettings) -> ModbusSettings:
    """The service may use the default port for the dongle: take a free one where none is set."""
    is_default = settings.modbus_transport is TransportKind.DONGLE and settings.modbus_port is None
    return settings.model_copy(update={"modbus_port": 0}) if is_default else settings


def _replay(options: argparse.Namespace, localizer: Localizer) -> None:
    """Become the simulator, which no service imports."""
    if not options.file.is_file():
        raise UsageError(localizer("tool.no_file", file=options.file))
    env = {"HOUSE_REPLAY": str(options.file), "HOUSE_TRANSPORT": options.transport}
    os.execve(sys.executable, [sys.executable, "-m", "simulators", "serve"], os.environ | env)  # noqa: S606


def _parser(localizer: Localizer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.poller", description=localizer("help.poller"))
    tools = parser.add_subparsers(dest="tool", required=True)
    search = tools.add_parser("scan", help=localizer("help.scan"))
    search.add_argument(
        "--network", dest="networks", action="append", type=IPv4Network, help=localizer("help.scan_network")
    )
    search.add_argument("--port", dest="ports", action="append", type=int, help=localizer("help.scan_port"))
    search.add_argument("--no-serial", action="store_true", help=localizer("help.scan_no_serial"))
    search.add_argument("--json", action="store_true", help=localizer("help.json"))
    one = tools.add_parser("read", help=localizer("help.read"))
    save = tools.add_parser("dump", help=localizer("help.dump"))
    save.add_argument("file", type=Path, nargs="?", default=Path("inverter-dump.json"))
    for tool in (one, save):
        tool.add_argument("--inverter", metavar="NAME", default="", help=localizer("help.of_list"))
    serve = tools.add_parser("replay", help=localizer("help.replay"))
    serve.add_argument("file", type=Path)
    serve.add_argument("--transport", default="tcp", choices=["tcp", "rtu_over_tcp", "serial", "dongle"])
    return parser

"""The command line: run the house, command a running one, or publish its past."""

import argparse
import asyncio
import importlib
import json
import logging
import math
import sys
from typing import Any

from shared.errors import ConfigError, EasunError, UsageError
from shared.service import EXIT_CONFIG
from shared.settings import Settings, load
from simulators.control_client import ask
from simulators.faults import FaultKind
from simulators.history import PASTS, publish_pasts
from simulators.mains import GridMode
from simulators.settings import (
    BatteriesSettings,
    ClientSettings,
    HistorySettings,
    OutagesSettings,
    PlugsSettings,
    ServeSettings,
    TelegramSettings,
)

SIMULATORS: dict[str, tuple[str, type[Settings]]] = {
    "serve": ("simulators.serve", ServeSettings),
    "batteries": ("simulators.jk.serve", BatteriesSettings),
    "outages": ("simulators.schedule.serve", OutagesSettings),
    "plugs": ("simulators.tuya.serve", PlugsSettings),
    "telegram": ("simulators.telegram.serve", TelegramSettings),
}
"""Modules with a `serve(settings)`, imported on demand: a home without the demo's packages has no virtual radio."""


def main(arguments: list[str] | None = None) -> None:
    """Do one command. Exit codes: 0 done, 1 refused or no house, 78 wrong settings."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level="INFO",
        format="%(asctime)s house: %(levelname)s: %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    try:
        _run(options)
    except EasunError as error:
        logging.getLogger("house").error("%s", error)
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError | UsageError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(options: argparse.Namespace) -> None:
    if options.command in SIMULATORS:
        module, settings = SIMULATORS[options.command]
        asyncio.run(importlib.import_module(module).serve(load(settings)))
    elif options.command == "history":
        accounts = options.account or ["poller"]
        asyncio.run(publish_pasts(load(HistorySettings), accounts, options.days, options.every, wait=options.wait))
    else:
        answer = ask(load(ClientSettings).house_control_url, f"/{options.command}", _body(options))
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")


def _body(options: argparse.Namespace) -> dict[str, Any] | None:
    """Return the body to post: all given options."""
    given = {name: value for name, value in vars(options).items() if name != "command" and value is not None}
    return given or None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="A virtual house behind the wires of its inverter."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the house; settings HOUSE_*")
    commands.add_parser("batteries", help="run virtual JK batteries on a virtual radio; settings HOUSE_RADIO_*")
    commands.add_parser("outages", help="run the web sites that publish planned outages; settings HOUSE_SCHEDULE_*")
    commands.add_parser("plugs", help="run virtual Tuya plugs and their cloud; settings HOUSE_PLUGS_*")
    commands.add_parser("telegram", help="run the Bot API with a page that shows the chat; settings HOUSE_TELEGRAM_*")
    history = commands.add_parser("history", help="publish what a service would have published in the past days")
    history.add_argument("--account", choices=PASTS, action="append", help="of which service; may be repeated (poller)")
    history.add_argument(
        "--days", type=_at_least(0), help="default: HOUSE_DAYS, as of serve, so that both join seamlessly"
    )
    history.add_argument("--every", type=_at_least(1), help="seconds between readings (60, of batteries 300)")
    history.add_argument("--wait", action="store_true", help="wait for a recorder to be online")
    commands.add_parser("truth", help="show the state of the running house")
    commands.add_parser("grid", help="cut the mains or bring it back").add_argument(
        "mode", choices=[mode.value for mode in GridMode]
    )
    commands.add_parser("speed", help="change the speed of time").add_argument("factor", type=_number)
    commands.add_parser("battery", help="set the battery's charge").add_argument("soc_percent", type=_number)
    setting = commands.add_parser("setting", help="change a register as at the inverter's own panel")
    setting.add_argument("address", type=int)
    setting.add_argument("word", type=int)
    commands.add_parser("wire", help="show the transport: connection and counters")
    commands.add_parser("latency", help="delay every answer").add_argument("seconds", type=_number)
    thief = commands.add_parser("steal", help="redirect the dongle to another server, as another program may")
    thief.add_argument("host")
    thief.add_argument("port", type=int)
    _add_fault(commands.add_parser("fault", help="set a fault of the transport; replaces the previous one"))
    return parser


def _add_fault(fault: argparse.ArgumentParser) -> None:
    fault.add_argument("kind", choices=[kind.value for kind in FaultKind])
    fault.add_argument("--probability", type=_number, help="0 to 1 (1)")
    fault.add_argument("--code", type=int, help="of exception (4)")
    fault.add_argument("--first", type=int, help="register: only requests that touch it or one up to --last (0)")
    fault.add_argument("--last", type=int, help="register (65535)")
    fault.add_argument("--latency", type=_number, dest="latency_s", help="seconds of slow, late_write and reboot (1)")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError("must be a finite number")
    return number


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more")
        return int(text)

    return number


if __name__ == "__main__":
    main()

"""Command-line tools: scan for plugs, list them, switch one, or simulate a change of the grid."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from services.tuya.account_listing import devices_of
from services.tuya.cloud import Credentials
from services.tuya.connector import Connector
from services.tuya.grid_rules import on_grid
from services.tuya.journal_file import peek
from services.tuya.local import ANNOUNCE_PORTS, discover
from services.tuya.manual import BY, WORDS, switch_plug
from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from shared.clock import utc_now
from shared.errors import ConfigError, DeviceError, EasunError
from shared.messages import Grid, GridState, PlugCommand
from shared.service import EXIT_CONFIG
from shared.settings import load

SCAN_S = 10


def main(arguments: list[str]) -> None:
    """Run one tool. Exit codes: 0 done, 1 the plug or the cloud refused, 78 only the user can correct it."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level="WARNING", format="%(levelname)s: %(message)s")
    try:
        settings = load(TuyaSettings)
        for line in _lines(options, settings):
            sys.stdout.write(line + "\n")
    except EasunError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CONFIG if isinstance(error, ConfigError) else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.tuya", description="Plugs; without a command, the service."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    scan = commands.add_parser("scan", help="find plugs on this network")
    scan.add_argument("--seconds", type=float, default=SCAN_S, help="how long (10)")
    scan.add_argument("--port", type=int, action="append", help="listen on this UDP port only, and ask nobody")
    commands.add_parser("list", help="list the plugs of the list and of the account").add_argument(
        "--keys", action="store_true", help="with their local keys"
    )
    for word in ("on", "off"):
        switch = commands.add_parser(word, help=f"switch a plug {word}: through the service if it runs, else directly")
        switch.add_argument("id")
        switch.add_argument("--gang", help="only this one of its switches")
    commands.add_parser("simulate", help="what would happen if the grid changed now").add_argument(
        "grid", choices=[Grid.OFF.value, Grid.ON.value]
    )
    return parser


def _lines(options: argparse.Namespace, settings: TuyaSettings) -> Iterator[str]:
    listed = {plug.id: plug for plug in plug_list(settings.tuya_plugs_file).read()}
    if options.command == "scan":
        yield from _scan(options.seconds, options.port, listed)
    elif options.command == "list":
        yield from _list(settings, listed, keys=options.keys)
    elif options.command == "simulate":
        yield from _simulate(settings, listed, Grid(options.grid))
    else:
        command = PlugCommand(at=utc_now(), on=options.command == "on", gang=options.gang, by=BY)
        yield from asyncio.run(switch_plug(settings, listed, options.id, command))


def _scan(seconds: float, ports: list[int] | None, listed: dict[str, Plug]) -> Iterator[str]:
    found = discover(seconds, ports or ANNOUNCE_PORTS, ask=not ports)
    for id_, host, version in found:
        note = f"listed as {listed[id_].title}" if id_ in listed else "not in the list"
        yield f'id: {id_}  host: {host}  version: "{version}"  ({note})'
    if not found:
        yield (
            f"No plug announced itself on UDP {', '.join(map(str, ports or ANNOUNCE_PORTS))}: "
            "announcements reach neither a container nor another network."
        )


def _list(settings: TuyaSettings, listed: dict[str, Plug], *, keys: bool) -> Iterator[str]:
    for plug in listed.values():
        use = "protected" if plug.protected else "enabled" if plug.enabled else "disabled"
        yield f"{plug.id}  {plug.title}  {use}, {plug.mode}, {', '.join(plug.gangs)}, {plug.host or 'no host'}"
    if credentials := settings.credentials():
        yield from _in_account(credentials, listed, keys=keys)


def _in_account(credentials: Credentials, listed: dict[str, Plug], *, keys: bool) -> Iterator[str]:
    for device in devices_of(credentials):
        online = "online" if device.online else "offline"
        note = "listed" if device.id in listed else "not listed"
        key = f"  local_key: {device.local_key.get_secret_value()}" if keys else ""
        yield f"{device.id}  {device.name}  in the account, {online}, {note}{key}"


def _simulate(settings: TuyaSettings, listed: dict[str, Plug], grid: Grid) -> Iterator[str]:
    """Decide as the service would, with its journal as it is, and switch nothing."""
    now = utc_now()
    known = peek(settings.tuya_journal_file).model_copy(update={"handled": "before"})
    message = GridState(at=now, state=grid, since=now, transition_id="simulated")
    stable_for = timedelta(seconds=settings.plug_restore_delay)
    after = on_grid(known, message, listed, settings.rules(), now, stable_for=stable_for)
    for target in after.targets.values():
        plug = listed[target.plug]
        wait = (target.not_before - now).total_seconds() + (settings.plug_restore_delay if target.on else 0)
        is_now = asyncio.run(_reading(settings, plug, target.gang))
        yield f"{plug.title} ({target.gang}): {is_now} now; {WORDS[target.on]} after {wait:.0f} s"
    if not after.targets:
        yield "Nothing would be switched."


async def _reading(settings: TuyaSettings, plug: Plug, gang: str) -> str:
    connector = Connector(settings.credentials(), settings.tuya_local_timeout)
    for via in connector.ways(plug):
        try:
            with closing(await connector.connect(plug, via)) as connection:
                return WORDS[(await connection.read())[gang]]
        except DeviceError:
            continue
    return "unreachable"

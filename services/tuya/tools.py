"""Command-line tools: scan for plugs, list them, switch one, or simulate a change of the grid."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from services.tuya.account_listing import devices_of
from services.tuya.cloud import Credentials
from services.tuya.connector import Connector
from services.tuya.grid_rules import on_grid
from services.tuya.journal_file import peek
from services.tuya.local import ANNOUNCE_PORTS, discover
from services.tuya.manual import BY, state_name, switch_plug
from services.tuya.plug import Plug
from services.tuya.plug_list import plug_list
from services.tuya.settings import TuyaSettings
from shared.clock import utc_now
from shared.errors import DeviceError
from shared.messages import Grid, GridState, PlugCommand
from shared.settings import load
from shared.texts.localizer import Localizer
from shared.tool import speak, write

SCAN_S = 10


def main(arguments: list[str]) -> None:
    """Run one tool. Exit codes: 0 done, 1 the plug or the cloud refused, 78 only the user can correct it."""
    speak(lambda localizer: _run(_parser(localizer).parse_args(arguments), localizer))


def _run(options: argparse.Namespace, localizer: Localizer) -> None:
    for line in _lines(options, load(TuyaSettings), localizer):
        write(line)


def _parser(localizer: Localizer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.tuya", description=localizer("help.tuya"))
    commands = parser.add_subparsers(dest="command", required=True)
    scan = commands.add_parser("scan", help=localizer("help.plug_scan"))
    scan.add_argument("--seconds", type=float, default=SCAN_S, help=localizer("help.plug_seconds"))
    scan.add_argument("--port", type=int, action="append", help=localizer("help.plug_port"))
    commands.add_parser("list", help=localizer("help.plug_list")).add_argument(
        "--keys", action="store_true", help=localizer("help.plug_keys")
    )
    for word in ("on", "off"):
        switch = commands.add_parser(word, help=localizer(f"help.plug_{word}"))
        switch.add_argument("id")
        switch.add_argument("--gang", help=localizer("help.plug_gang"))
    commands.add_parser("simulate", help=localizer("help.plug_simulate")).add_argument(
        "grid", choices=[Grid.OFF.value, Grid.ON.value]
    )
    return parser


def _lines(options: argparse.Namespace, settings: TuyaSettings, localizer: Localizer) -> Iterator[str]:
    listed = {plug.id: plug for plug in plug_list(settings.tuya_plugs_file).read()}
    if options.command == "scan":
        yield from _scan(options.seconds, options.port, listed, localizer)
    elif options.command == "list":
        yield from _list(settings, listed, localizer, keys=options.keys)
    elif options.command == "simulate":
        yield from _simulate(settings, listed, Grid(options.grid), localizer)
    else:
        command = PlugCommand(at=utc_now(), on=options.command == "on", gang=options.gang, by=BY)
        yield from asyncio.run(switch_plug(settings, listed, options.id, command, localizer))


def _scan(seconds: float, ports: list[int] | None, listed: dict[str, Plug], localizer: Localizer) -> Iterator[str]:
    found = discover(seconds, ports or ANNOUNCE_PORTS, ask=not ports)
    for id_, host, version in found:
        is_listed = id_ in listed
        note = localizer("tool.plug_listed_as", title=listed[id_].title) if is_listed else localizer("tool.plug_new")
        yield f'id: {id_}  host: {host}  version: "{version}"  ({note})'
    if not found:
        yield localizer("tool.no_plug_announced", ports=", ".join(map(str, ports or ANNOUNCE_PORTS)))


def _list(settings: TuyaSettings, listed: dict[str, Plug], localizer: Localizer, *, keys: bool) -> Iterator[str]:
    for plug in listed.values():
        use = "protected" if plug.protected else "enabled" if plug.enabled else "disabled"
        host = plug.host or localizer("tool.plug_without_host")
        yield f"{plug.id}  {plug.title}  {localizer(f'tool.plug_{use}')}, {plug.mode}, {', '.join(plug.gangs)}, {host}"
    if credentials := settings.credentials():
        yield from _in_account(credentials, listed, localizer, keys=keys)


def _in_account(
    credentials: Credentials, listed: dict[str, Plug], localizer: Localizer, *, keys: bool
) -> Iterator[str]:
    for device in devices_of(credentials):
        online = localizer("tool.plug_online" if device.online else "tool.plug_offline")
        note = localizer("tool.plug_listed" if device.id in listed else "tool.plug_new")
        key = f"  local_key: {device.local_key.get_secret_value()}" if keys else ""
        yield f"{device.id}  {device.name}  {localizer('tool.plug_in_account', online=online, note=note)}{key}"


def _simulate(settings: TuyaSettings, listed: dict[str, Plug], grid: Grid, localizer: Localizer) -> Iterator[str]:
    """Decide as the service would, with its journal as it is, and switch nothing."""
    now = utc_now()
    known = peek(settings.tuya_journal_file).model_copy(update={"handled": "before"})
    message = GridState(at=now, state=grid, since=now, transition_id="simulated")
    stable_for = timedelta(seconds=settings.plug_restore_delay)
    after = on_grid(known, message, listed, settings.rules(), now, stable_for=stable_for)
    for target in after.targets.values():
        plug = listed[target.plug]
        wait = (target.not_before - now).total_seconds() + (settings.plug_restore_delay if target.on else 0)
        is_now = asyncio.run(_reading(settings, plug, target.gang, localizer))
        found = {"title": plug.title, "gang": target.gang, "state": is_now, "wait_s": f"{wait:.0f}"}
        yield localizer("tool.simulated_on" if target.on else "tool.simulated_off", **found)
    if not after.targets:
        yield localizer("tool.nothing_switched")


async def _reading(settings: TuyaSettings, plug: Plug, gang: str, localizer: Localizer) -> str:
    connector = Connector(settings.credentials(), settings.tuya_local_timeout)
    for via in connector.ways(plug):
        try:
            with closing(await connector.connect(plug, via)) as connection:
                return state_name((await connection.read())[gang], localizer)
        except DeviceError:
            continue
    return localizer("plug.away")

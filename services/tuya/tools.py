"""What people run by hand: look for plugs, list them, switch one, or see what the grid would do now."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from datetime import timedelta

from services.tuya import decide, journal, plugs
from services.tuya.by_hand import BY, WORDS, switched
from services.tuya.cloud import Account, CloudTalk
from services.tuya.local import ANNOUNCE_PORTS, look_around
from services.tuya.plugs import Plug
from services.tuya.settings import TuyaSettings
from services.tuya.switch import Switcher
from shared.errors import ConfigError, DeviceError, EasunError
from shared.messages import Grid, GridState, PlugCommand
from shared.service import EXIT_CONFIG, utc_now
from shared.settings import load

SCAN_S = 10


def main(arguments: list[str]) -> None:
    """Do one thing. Exit codes: 0 done, 1 the plug or the cloud said no, 78 only the user can mend it."""
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
    scan = commands.add_parser("scan", help="look for plugs on this network")
    scan.add_argument("--seconds", type=float, default=SCAN_S, help="how long (10)")
    scan.add_argument("--port", type=int, action="append", help="listen on this UDP port only, and ask nobody")
    commands.add_parser("list", help="the plugs of the list and of the account").add_argument(
        "--keys", action="store_true", help="with their local keys"
    )
    for word in ("on", "off"):
        switch = commands.add_parser(word, help=f"switch a plug {word}: by the service where it runs, else directly")
        switch.add_argument("id")
        switch.add_argument("--gang", help="only this one of its switches")
    commands.add_parser("simulate", help="what would happen if the grid turned now").add_argument(
        "grid", choices=[Grid.OFF.value, Grid.ON.value]
    )
    return parser


def _lines(options: argparse.Namespace, settings: TuyaSettings) -> Iterator[str]:
    listed = {plug.id: plug for plug in plugs.read(settings.tuya_plugs_file)}
    if options.command == "scan":
        yield from _scanned(options.seconds, options.port, listed)
    elif options.command == "list":
        yield from _all_plugs(settings, listed, keys=options.keys)
    elif options.command == "simulate":
        yield from _simulated(settings, listed, Grid(options.grid))
    else:
        command = PlugCommand(at=utc_now(), on=options.command == "on", gang=options.gang, by=BY)
        yield from asyncio.run(switched(settings, listed, options.id, command))


def _scanned(seconds: float, ports: list[int] | None, listed: dict[str, Plug]) -> Iterator[str]:
    found = look_around(seconds, ports or ANNOUNCE_PORTS, ask=not ports)
    for id_, host, version in found:
        note = f"listed as {listed[id_].title}" if id_ in listed else "not in the list"
        yield f'id: {id_}  host: {host}  version: "{version}"  ({note})'
    if not found:
        yield (
            f"No plug announced itself on UDP {', '.join(map(str, ports or ANNOUNCE_PORTS))}: "
            "they are not heard from inside a container, nor from another network."
        )


def _all_plugs(settings: TuyaSettings, listed: dict[str, Plug], *, keys: bool) -> Iterator[str]:
    for plug in listed.values():
        use = "protected" if plug.protected else "enabled" if plug.enabled else "disabled"
        yield f"{plug.id}  {plug.title}  {use}, {plug.mode}, {', '.join(plug.gangs)}, {plug.host or 'no host'}"
    if account := settings.account():
        yield from _in_account(account, listed, keys=keys)


def _in_account(account: Account, listed: dict[str, Plug], *, keys: bool) -> Iterator[str]:
    with CloudTalk(account) as talk:
        for device in talk.devices():
            online = "online" if device.get("online") is True else "offline"
            note = "listed" if device["id"] in listed else "not listed"
            key = f"  local_key: {device.get('local_key')}" if keys else ""
            yield f"{device['id']}  {device.get('name')}  in the account, {online}, {note}{key}"


def _simulated(settings: TuyaSettings, listed: dict[str, Plug], grid: Grid) -> Iterator[str]:
    """Decide as the service would, with its journal as it is, and touch nothing."""
    now = utc_now()
    known = journal.peek(settings.tuya_journal_file).model_copy(update={"handled": "before"})
    message = GridState(at=now, state=grid, since=now, transition_id="simulated")
    steady = timedelta(seconds=settings.plug_restore_delay)
    after = decide.on_grid(known, message, listed, settings.rules(), now, steady=steady)
    for want in after.wants.values():
        plug = listed[want.plug]
        wait = (want.not_before - now).total_seconds() + (settings.plug_restore_delay if want.on else 0)
        is_now = asyncio.run(_reading(settings, plug, want.gang))
        yield f"{plug.title} ({want.gang}): {is_now} now; {WORDS[want.on]} after {wait:.0f} s"
    if not after.wants:
        yield "Nothing would be switched."


async def _reading(settings: TuyaSettings, plug: Plug, gang: str) -> str:
    switcher = Switcher(settings.account(), settings.tuya_local_timeout)
    for via in switcher.ways(plug):
        try:
            return WORDS[(await switcher.read(plug, via))[gang]]
        except DeviceError:
            continue
    return "unreachable"

"""The process: the house, the inverter at the wire, and the control."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from werkzeug.serving import BaseWSGIServer

from shared.errors import ConfigError
from simulators.control import Control
from simulators.http_server import start_server
from simulators.live import LiveHouse
from simulators.mains import GridMode
from simulators.ready import say_ready
from simulators.registers import Words
from simulators.replay import load_dump
from simulators.settings import ServeSettings
from simulators.wire import Wire
from simulators.wires import open_wire

log = logging.getLogger("serve")

LOOK_EVERY_S = 1.0


async def serve(settings: ServeSettings) -> None:
    """Run until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    work = asyncio.create_task(_work(settings))
    await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    log.info("Stopped.")


async def _work(settings: ServeSettings) -> None:
    if settings.house_replay:
        words = load_dump(settings.house_replay)
        log.info("Replaying %s: %d registers.", settings.house_replay, len(words))
        await _show(settings, None, lambda: words)
    else:
        house = await _lived_in(settings)
        await _show(settings, house, house.words)


async def _lived_in(settings: ServeSettings) -> LiveHouse:
    """Return a house that has lived through its past by the timetable; a command counts from now on."""
    now = datetime.now(UTC)
    house = settings.new_house(now)
    while house.now < now:
        house.advance_to(min(now, house.now + timedelta(days=1)))
        await asyncio.sleep(0)  # so that it can be stopped meanwhile
    if settings.house_grid is not GridMode.AUTO:
        house.set_grid(settings.house_grid)
    soc = house.truth().battery_soc_percent
    log.info("A %s inverter, %d days old, battery at %d %%.", settings.house_layout, settings.house_days, soc)
    return LiveHouse(house, settings.house_layout, speed=settings.house_speed)


async def _show(settings: ServeSettings, house: LiveHouse | None, words: Callable[[], Words]) -> NoReturn:
    """Serve the words, and the control, for ever."""
    wire = await open_wire(settings, words)
    try:
        control = _open_control(settings, Control(house, wire))
        try:
            _say_ready(settings, wire, control.port)
            while True:
                if house:
                    house.truth()  # events are logged when they happen, and no time piles up
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            control.shutdown()
    finally:
        await wire.stop()


def _open_control(settings: ServeSettings, control: Control) -> BaseWSGIServer:
    try:
        return start_server(control.app, settings.house_control_bind, settings.house_control_port)
    except OSError as error:
        raise ConfigError(
            f"A port cannot be opened ({error}): see HOUSE_CONTROL_BIND and HOUSE_CONTROL_PORT."
        ) from None


def _say_ready(settings: ServeSettings, wire: Wire, control_port: int) -> None:
    log.info("The inverter at %s (%s), control on port %d.", *wire.place.values(), wire.transport, control_port)
    say_ready(settings.house_ready_file, wire.place | {"control_port": control_port})

"""The process: the house, the inverter at its transport, and the control API."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from werkzeug.serving import BaseWSGIServer

from shared.errors import UsageError
from simulators.control import Control
from simulators.history import keep_grid
from simulators.http_server import start_server
from simulators.live import LiveHouse
from simulators.mains import GridMode
from simulators.ready_file import write_ready_file
from simulators.registers import APPARENT_LOAD, Words
from simulators.replay import load_dump
from simulators.setting_store import SettingStore
from simulators.settings import ServeSettings
from simulators.transports.factory import open_transport
from simulators.transports.transport import Transport

log = logging.getLogger("serve")

UPDATE_S = 1.0


async def serve(settings: ServeSettings) -> None:
    """Run until SIGTERM or SIGINT."""
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
        await _serve_registers(settings, None, lambda: words)
    else:
        house = await _house_with_past(settings)
        await _serve_registers(settings, house, house.words)


async def _house_with_past(settings: ServeSettings) -> LiveHouse:
    """Return a house that has lived through its past by the timetable; commands apply from now on."""
    now = datetime.now(UTC)
    house = settings.new_house(now)
    while house.now < now:
        house.advance_to(min(now, house.now + timedelta(days=1)))
        await asyncio.sleep(0)  # let a signal stop it meanwhile
    if settings.house_grid is not GridMode.AUTO:
        house.set_grid(settings.house_grid)
    truth = house.truth()
    if settings.house_kept_grid:
        keep_grid(settings.house_kept_grid, truth)
    soc = truth.battery_soc_percent
    log.info("A %s inverter, %d days old, battery at %d %%.", settings.house_layout, settings.house_days, soc)
    return LiveHouse(house, settings.house_layout, speed=settings.house_speed)


async def _serve_registers(settings: ServeSettings, house: LiveHouse | None, words: Callable[[], Words]) -> NoReturn:
    """Serve the registers and the control API for ever."""
    transport = await open_transport(settings, words)
    if house:
        transport.device.settings = SettingStore(settings.house_layout)
        transport.device.numbered = APPARENT_LOAD[settings.house_layout] if settings.house_numbered else None
    try:
        control = _open_control(settings, Control(house, transport))
        try:
            _report_ready(settings, transport, control.port)
            while True:
                if house:
                    house.truth()  # logs events when they happen and keeps each step of time short
                await asyncio.sleep(UPDATE_S)
        finally:
            control.shutdown()
    finally:
        await transport.stop()


def _open_control(settings: ServeSettings, control: Control) -> BaseWSGIServer:
    try:
        return start_server(control.app, settings.house_control_bind, settings.house_control_port)
    except OSError as error:
        raise UsageError(f"A port cannot be opened ({error}): see HOUSE_CONTROL_BIND and HOUSE_CONTROL_PORT.") from None


def _report_ready(settings: ServeSettings, transport: Transport, control_port: int) -> None:
    log.info("The inverter at %s (%s), control on port %d.", *transport.address.values(), transport.kind, control_port)
    write_ready_file(settings.house_ready_file, transport.address | {"control_port": control_port})

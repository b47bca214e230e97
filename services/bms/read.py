"""The command `read`: reads the batteries at JK_LINE_PORT once, without publishing anything."""

import asyncio
from contextlib import suppress

from services.bms.battery import Battery
from services.bms.battery_health import Limits
from services.bms.line_packs import Pack
from services.bms.settings import BmsSettings
from services.bms.wires import lines_of
from shared.clock import utc_now
from shared.conditions import Reason, bms
from shared.errors import ConfigError, DeviceOfflineError
from shared.texts.localizer import Localizer

READ_S = 25.0
"""Time for listening whether there is a master, and for asking 15 packs several times."""


def read(settings: BmsSettings, localizer: Localizer) -> str:
    """Return a line for each battery. Raises ConfigError, DeviceOfflineError if none answers."""
    if not settings.jk_line_port:
        raise ConfigError(bms.NO_LINE())
    limits = Limits(settings.jk_cell_low_v, settings.jk_cell_high_v, settings.jk_cell_delta_v)
    batteries = [Battery(listed, limits, 1) for listed in settings.batteries_on_line]
    asyncio.run(_read(batteries))
    if not any(battery.is_online for battery in batteries):
        raise DeviceOfflineError(_silence(batteries[0]))
    return "\n".join(_line(battery, localizer) for battery in batteries)


async def _read(batteries: list[Battery]) -> None:
    """Read until each battery has answered or failed, or for as long as it may take."""
    changed = asyncio.Event()
    lines = lines_of([Pack(battery, changed.set) for battery in batteries], 1)
    tasks = [asyncio.create_task(line.run()) for line in lines]
    with suppress(TimeoutError):
        async with asyncio.timeout(READ_S):
            while not all(battery.is_online or battery.problem for battery in batteries):
                await changed.wait()
                changed.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _line(battery: Battery, localizer: Localizer) -> str:
    if not battery.is_online:
        return localizer.reason(_silence(battery))
    state = battery.to_state(utc_now())
    return localizer(
        "tool.battery_reading",
        title=battery.listed.title,
        voltage=localizer.number("volts", state.voltage_v, 1),
        current=localizer.number("amperes", state.current_a, 1),
        charge=localizer.number("percent", state.soc_percent),
    )


def _silence(battery: Battery) -> Reason:
    return battery.problem or battery.silence_reason

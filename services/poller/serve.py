"""The service: polls one inverter for ever."""

import asyncio

from services.poller import grid
from services.poller.poller import Poller
from services.poller.settings import PollerSettings
from services.poller.transports.factory import create_client
from shared.clock import utc_now
from shared.service import Service, repeat
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY

SESSION_S = 3600
"""Only so that a missing session shows that the broker has lost its state."""
RETRY_MOST_S = 2.0
"""An attempt on the home network costs nothing, so a device that is back is read again soon."""


async def serve(service: Service[PollerSettings]) -> None:
    """Poll for ever, starting from our own retained messages."""
    settings = service.settings
    if reason := settings.not_configured:
        service.health.disable(reason)
        await asyncio.Event().wait()
    await service.bus.connected.wait()
    last_grid = grid.restore(await service.bus.retained(GRID_STATE), utc_now(), settings.grid_limits())
    availability = await service.bus.retained(INVERTER_AVAILABILITY, settings.inverter_name)
    inverter = create_client(settings)
    poller = Poller(inverter, settings, service.bus, service.health, grid_track=last_grid, availability=availability)
    service.bus.clock.on_change(poller.on_clock_change)
    polling = repeat(poller.step, service.health, "inverter", retry_most_s=RETRY_MOST_S)
    tasks = [asyncio.create_task(work) for work in (polling, poller.watch_silence())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done.pop().result()  # raises what ended it: both go on for ever
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        inverter.close()

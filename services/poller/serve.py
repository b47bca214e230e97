"""The service: one inverter, polled for ever."""

import asyncio
from datetime import UTC, datetime

from services.poller import grid
from services.poller.poll import Poller
from services.poller.settings import PollerSettings
from services.poller.transports import conversation
from shared.service import Service, repeat
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY

SESSION_S = 3600
"""Only to notice, by its absence, that the broker has lost its memory."""
RETRY_MOST_S = 2.0
"""The wire is in the house and a try costs nothing, so nobody waits longer for a device that is back."""


async def serve(service: Service[PollerSettings]) -> None:
    """Poll for ever, going on from what our own retained message remembers."""
    settings = service.settings
    if missing := settings.nothing_to_read:
        service.health.disable(missing)
        await asyncio.Event().wait()
    await service.bus.connected.wait()
    memory = grid.remembered(await service.bus.retained(GRID_STATE), datetime.now(UTC), settings.grid_limits)
    contact = await service.bus.retained(INVERTER_AVAILABILITY, settings.inverter_name)
    inverter = conversation(settings)
    poller = Poller(inverter, settings, service.bus, service.health, memory=memory, contact=contact)
    try:
        await repeat(poller.step, service.health, "inverter", retry_most_s=RETRY_MOST_S)
    finally:
        inverter.close()

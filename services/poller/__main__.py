"""python -m services.poller"""

import asyncio
from datetime import UTC, datetime

from services.poller import grid
from services.poller.poll import Poller
from services.poller.settings import PollerSettings
from services.poller.transport_tcp import TcpInverter
from shared.service import Service, repeat, run
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY

SESSION_S = 3600
"""Only to notice, by its absence, that the broker has lost its memory."""


async def serve(service: Service[PollerSettings]) -> None:
    """Poll for ever, going on from what our own retained message remembers."""
    settings = service.settings
    if not settings.modbus_host:
        service.health.disable("No inverter is configured: set MODBUS_HOST in .env to the address of its gateway.")
        await asyncio.Event().wait()
    await service.bus.connected.wait()
    memory = grid.remembered(await service.bus.retained(GRID_STATE), datetime.now(UTC), settings.grid_limits)
    contact = await service.bus.retained(INVERTER_AVAILABILITY, settings.inverter_name)
    inverter = TcpInverter(settings.modbus_host, settings.modbus_port, settings.modbus_unit_id, settings.modbus_timeout)
    poller = Poller(inverter, settings, service.bus, service.health, memory=memory, contact=contact)
    try:
        await repeat(poller.step, service.health, "inverter")
    finally:
        inverter.close()


if __name__ == "__main__":
    run("poller", PollerSettings, serve, session_s=SESSION_S)

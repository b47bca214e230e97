"""The service: shows the house to Home Assistant, if that is wanted."""

import asyncio

from services.homeassistant.announcer import Announcer
from services.homeassistant.energy_counter import EnergyCounter
from services.homeassistant.house import House
from services.homeassistant.settings import HomeAssistantSettings
from shared.broker_mirror import BrokerMirror
from shared.conditions import homeassistant as conditions
from shared.service import Service


async def serve(service: Service[HomeAssistantSettings]) -> None:
    """Run for ever; if discovery is off, remove what Home Assistant was shown, and wait."""
    settings, bus = service.settings, service.bus
    announcer = Announcer(settings, bus)
    if not settings.homeassistant_discovery:
        service.health.disable(conditions.OFF())
        await bus.wait_for_retained()
        await announcer.withdraw_all()
        await asyncio.Event().wait()
    counter = EnergyCounter(settings.homeassistant_energy_file, bus, service.health)
    house = House(bus, counter, settings.homeassistant_energy_file)
    mirror = BrokerMirror(bus, on_change=house.on_change)
    await bus.wait_for_retained()
    counter.start_from(mirror.snapshot().energy)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(counter.publish_regularly())
            tasks.create_task(house.publish_outages(mirror.snapshot))
            tasks.create_task(announcer.run(mirror.snapshot))
    finally:
        counter.save()

"""The service: goes on from its own retained plan, and asks for ever."""

import asyncio
from datetime import UTC, datetime

from services.schedule.fetch import fetch
from services.schedule.settings import ScheduleSettings
from services.schedule.watch import Watch
from shared.service import Service, repeat
from shared.topics import OUTAGE_SCHEDULE

NO_QUEUE = "No plan of outages: QUEUE_NUMBER is not set. Set it to the queue of your address, such as 5.2."

RETRY_S = 60.0
"""Within a step every source was tried three times already."""


async def serve(service: Service[ScheduleSettings]) -> None:
    """Watch the plan for ever."""
    settings = service.settings
    if not settings.queue_number:
        service.health.disable(NO_QUEUE)
        await asyncio.Event().wait()
    await service.bus.connected.wait()
    plan = await service.bus.retained(OUTAGE_SCHEDULE)
    watch = Watch(settings, service.bus, service.health, fetch, plan=plan, clock=lambda: datetime.now(UTC))
    longest = settings.schedule_interval
    await repeat(watch.step, service.health, "sources", retry_first_s=min(RETRY_S, longest), retry_most_s=longest)

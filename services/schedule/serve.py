"""The service: continues from its own retained schedule, and updates it for ever."""

import asyncio

from services.schedule.fetch import fetch
from services.schedule.queue_watch import QueueWatch
from services.schedule.settings import ScheduleSettings
from services.schedule.sources import address
from services.schedule.updater import ScheduleUpdater
from shared.clock import utc_now
from shared.conditions.schedule import NO_QUEUE
from shared.errors import ConfigError
from shared.service import Service, repeat
from shared.topics import GRID_STATE, OUTAGE_SCHEDULE

RETRY_S = 60.0
"""Within a step every source was tried three times already."""


async def serve(service: Service[ScheduleSettings]) -> None:
    """Keep the schedule up to date for ever."""
    settings = service.settings
    if not settings.queue_number:
        service.health.disable(NO_QUEUE())
        await asyncio.Event().wait()
    queues = _watched_queues(service)
    await service.bus.connected.wait()
    last = await service.bus.retained(OUTAGE_SCHEDULE)
    try:
        updater = ScheduleUpdater(
            settings, service.bus, service.health, fetch, schedule=last, clock=utc_now, queues=queues
        )
    except ConfigError as error:
        home = address(settings)
        if last and not home.has(last):
            service.bus.publish(OUTAGE_SCHEDULE, home.empty(utc_now()))
        service.health.disable(error.reason)
        await asyncio.Event().wait()
    service.bus.clock.on_change(updater.on_clock_change)
    longest = settings.schedule_interval
    await repeat(updater.step, service.health, "sources", retry_first_s=min(RETRY_S, longest), retry_most_s=longest)


def _watched_queues(service: Service[ScheduleSettings]) -> QueueWatch | None:
    """Follow the home's outages, to tell whether they are those of its queue; None without a source."""
    try:
        home = address(service.settings)
    except ConfigError:
        return None
    queues = QueueWatch(service.settings.schedule_raw_dir, home, service.bus, utc_now)
    service.bus.subscribe(GRID_STATE, queues.on_grid)
    service.bus.clock.on_change(queues.on_clock_change)
    return queues

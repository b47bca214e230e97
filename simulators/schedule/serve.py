"""The process: the outage sites on one port, their control API on another."""

import asyncio
import logging
from datetime import UTC, datetime

from shared.errors import UsageError
from simulators.http_server import start_server
from simulators.ready_file import write_ready_file
from simulators.schedule.control import OutagesControl
from simulators.schedule.plan import OutagePlan
from simulators.schedule.web import OutageSites
from simulators.settings import OutagesSettings

log = logging.getLogger("outages")


async def serve(settings: OutagesSettings) -> None:
    """Run until stopped."""
    plan = OutagePlan(settings.house_outages, settings.house_queue)
    sources = OutageSites(plan, lambda: datetime.now(UTC))
    bind = settings.house_schedule_bind
    try:
        await sources.start(bind, settings.house_schedule_port)
        control = start_server(OutagesControl(sources).app, bind, settings.house_schedule_control_port)
    except OSError as error:
        raise UsageError(f"A port cannot be opened ({error}): see HOUSE_SCHEDULE_*.") from None
    log.info("The plan of queue %s at port %d, control on %d.", plan.queue, sources.port, control.port)
    write_ready_file(settings.house_schedule_ready_file, {"schedule_port": sources.port, "control_port": control.port})
    await asyncio.Event().wait()

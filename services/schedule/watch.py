"""One step: ask the sources in order, publish the plan, say what is wrong."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from services.schedule.fetch import Fetch
from services.schedule.plan import advance, failed
from services.schedule.raw import RawAnswers
from services.schedule.reading import ZONE
from services.schedule.settings import POLITE_S, ScheduleSettings
from services.schedule.sources import Answer, Source, sources
from shared.errors import BadReplyError, DeviceOfflineError
from shared.health import Health
from shared.messages import OutageSchedule
from shared.outages import STALE_AFTER
from shared.topics import OUTAGE_SCHEDULE, Topic

log = logging.getLogger("schedule")

T = TypeVar("T")

TRY_AGAIN_S = (1.0, 2.0)
BUSY_FROM, BUSY_TO = time(19, 45), time(20, 30)
"""Tomorrow's plan appears in this hour of the evening; see docs/schedule.md."""
BUSY_SHARE = 0.4
JITTER = 0.1
CHECK_QUEUE = timedelta(days=1)
CLOCK_OFF = timedelta(minutes=5)


class Publisher(Protocol):
    """What a step needs of the bus."""

    def publish(self, topic: Topic[OutageSchedule], message: OutageSchedule, name: str = "") -> None:
        """Send a message."""
        ...


class Watch:
    """What is known of the plan, and how it gets newer."""

    def __init__(
        self,
        settings: ScheduleSettings,
        bus: Publisher,
        health: Health,
        fetch: Fetch,
        *,
        plan: OutageSchedule | None,
        clock: Callable[[], datetime],
    ) -> None:
        self.plan = plan
        self._settings = settings
        self._sources = sources(settings)
        self._bus = bus
        self._health = health
        self._fetch = fetch
        self._clock = clock
        self._raw = RawAnswers(settings.schedule_raw_dir)
        self._odd: tuple[str, ...] = ()
        self._queue_checked_at: datetime | None = None

    async def step(self) -> float:
        """Ask once and return the seconds to the next time. Raises DeviceOfflineError where no source helps."""
        problems: list[str] = []
        for source in self._sources:
            try:
                answer = await self._asked(source)
            except (BadReplyError, DeviceOfflineError) as error:
                problems.append(f"{source.name}: {error}")
                continue
            self._take(source, answer, problems)
            await self._check_queue(source, answer)
            return pause(self._settings.schedule_interval, self._clock())
        sentence = f"No source tells the plan of outages ({'; '.join(problems)}); the last good one stays."
        plan = failed(self.plan, sentence, queue=self._settings.queue_number, now=self._clock())
        if self.plan is None or (plan.problem, plan.stale) != (self.plan.problem, self.plan.stale):
            self._publish(plan)
        raise DeviceOfflineError(sentence)

    async def _asked(self, source: Source) -> Answer:
        answer = await tried(lambda: asyncio.to_thread(source.ask, self._fetch))
        as_of = answer.reading.as_of
        if as_of and self._clock() - as_of > STALE_AFTER:
            raise BadReplyError(f"it has not looked at the operator since {as_of:%d.%m %H:%M} UTC")
        return answer

    def _take(self, source: Source, answer: Answer, problems: list[str]) -> None:
        now = self._clock()
        self._keep_raw(source, answer, now)
        self._check_clock(answer, now)
        plan = advance(self.plan, answer.reading, queue=self._settings.queue_number, source=source.name, now=now)
        self._say_odd(source, answer.reading.odd)
        if problems:
            self._health.problem("source", f"The plan comes from {source.name}, for {'; '.join(problems)}.")
        else:
            self._health.solved("source")
        self._log_change(plan)
        self._publish(plan)

    def _publish(self, plan: OutageSchedule) -> None:
        self.plan = plan
        self._bus.publish(OUTAGE_SCHEDULE, plan)

    def _log_change(self, plan: OutageSchedule) -> None:
        if self.plan is None or self.plan.source != plan.source:
            known = ", ".join(f"{day.day:%d.%m} {day.state}" for day in plan.days)
            log.info("Queue %s, told by %s: %s.", plan.queue, plan.source, known or "nothing is published")
        change = plan.change
        if change and (self.plan is None or change != self.plan.change):
            days = ", ".join(f"{day:%d.%m}" for day in change.published)
            log.info(
                "The plan has changed: %d outages added, %d removed, %d moved%s.",
                *(len(part) for part in (change.added, change.removed, change.moved)),
                f"; now published: {days}" if days else "",
            )

    def _keep_raw(self, source: Source, answer: Answer, now: datetime) -> None:
        try:
            self._raw.keep(source.name, answer.raw, now)
            self._health.solved("raw")
        except OSError as error:
            folder = self._settings.schedule_raw_dir
            self._health.problem("raw", f"Raw answers cannot be kept in {folder} ({error.strerror}): who owns it?")

    def _check_clock(self, answer: Answer, now: datetime) -> None:
        off = now - answer.server_time if answer.server_time else timedelta()
        if abs(off) > CLOCK_OFF:
            way = "fast" if off > timedelta() else "slow"
            minutes = round(abs(off).total_seconds() / 60)
            self._health.problem("clock", f"This machine's clock is {minutes} min {way}: set it, or switch NTP on.")
        else:
            self._health.solved("clock")

    def _say_odd(self, source: Source, odd: tuple[str, ...]) -> None:
        if not odd:
            self._health.solved("odd")
        elif odd != self._odd:
            self._health.problem("odd", f"A part of the answer of {source.name} is left out or doubtful: {odd[0]}.")
        self._odd = odd

    async def _check_queue(self, source: Source, answer: Answer) -> None:
        """Ask at the start and daily whether the queue exists: an unknown one looks like a day without information."""
        now = self._clock()
        if self._queue_checked_at and now - self._queue_checked_at < CHECK_QUEUE:
            return
        try:
            known = answer.reading.queues or await tried(lambda: asyncio.to_thread(source.ask_queues, self._fetch))
        except (BadReplyError, DeviceOfflineError) as error:
            log.info("The list of queues of %s is not to be had now: %s.", source.name, error)
            return
        self._queue_checked_at = now
        if known and source.queue.removeprefix("GPV") not in known:
            some = ", ".join(known[:30])
            self._health.problem(
                "queue", f'{source.name} has no queue "{source.queue}": set QUEUE_NUMBER to one of {some}.'
            )
        else:
            self._health.solved("queue")


def pause(interval_s: float, now: datetime) -> float:
    """Return the seconds to the next request: fewer in the evening, never the same as those of all other homes."""
    local = now.astimezone(ZoneInfo(ZONE)).time()
    is_busy = BUSY_FROM <= local <= BUSY_TO
    seconds = max(interval_s * BUSY_SHARE, min(interval_s, POLITE_S)) if is_busy else interval_s
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)


async def tried(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask up to three times, a little later each time, for a passing fault of the source."""
    for wait_s in TRY_AGAIN_S:
        try:
            return await ask()
        except (BadReplyError, DeviceOfflineError):
            await asyncio.sleep(wait_s)
    return await ask()

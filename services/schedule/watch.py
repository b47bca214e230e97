"""One step: ask the sources in order, publish the plan, say what is wrong."""

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Protocol, TypeVar, cast
from zoneinfo import ZoneInfo

from services.schedule.fetch import IN_ALL_S, Fetch, Fetched
from services.schedule.plan import advance, failed
from services.schedule.raw import RawAnswers
from services.schedule.reading import ZONE, Reading
from services.schedule.settings import POLITE_S, ScheduleSettings
from services.schedule.sources import Source, sources
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
CHECK_AGAIN = timedelta(hours=1)
LONGEST_S = IN_ALL_S + 10
"""What drips before the body, or hangs in a look-up, is given up for good."""
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
        self._check_at: dict[str, datetime] = {}

    async def step(self) -> float:
        """Ask once and return the seconds to the next time. Raises DeviceOfflineError where no source helps."""
        problems: list[str] = []
        for source in self._sources:
            try:
                answer, reading = await self._asked(source)
            except (BadReplyError, DeviceOfflineError) as error:
                problems.append(f"{source.name}: {error}")
                continue
            self._take(source, reading, self._now(answer), problems)
            await self._check_queue(source, reading)
            return pause(self._settings.schedule_interval, self._clock())
        self._health.solved("source")
        sentence = f"No source tells the plan of outages ({'; '.join(problems)}); the last good one stays."
        plan = failed(self.plan, sentence, queue=self._settings.queue_number, now=self._clock())
        if self.plan is None or (plan.problem, plan.stale) != (self.plan.problem, self.plan.stale):
            self._publish(plan)
        raise DeviceOfflineError(sentence)

    async def _asked(self, source: Source) -> tuple[Fetched, Reading]:
        answer = await tried(lambda: source.ask(self._fetch))
        try:
            reading = source.read(answer.body)
        except BadReplyError:
            self._keep_raw(source, answer.body, says=answer.body)
            raise
        self._keep_raw(source, answer.body, says=(reading.days, reading.odd))
        if reading.as_of and self._clock() - reading.as_of > STALE_AFTER:
            raise BadReplyError(f"it has not looked at the operator since {reading.as_of:%d.%m %H:%M} UTC")
        return answer, reading

    def _now(self, answer: Fetched) -> datetime:
        """Return the time: ours, or the server's where ours is far off, for it would put the plan on another day."""
        now = self._clock()
        off = now - answer.server_time if answer.server_time else timedelta()
        if answer.server_time is None or abs(off) <= CLOCK_OFF:
            self._health.solved("clock")
            return now
        way = "fast" if off > timedelta() else "slow"
        minutes = round(abs(off).total_seconds() / 60)
        self._health.problem("clock", f"This machine's clock is {minutes} min {way}: set it, or switch NTP on.")
        return answer.server_time

    def _take(self, source: Source, reading: Reading, now: datetime, problems: list[str]) -> None:
        plan = advance(self.plan, reading, queue=self._settings.queue_number, source=source.name, now=now)
        self._say_odd(source, reading.odd)
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
            log.info(
                "Changed: %d outages added, %d removed, %d moved; %d days published, %d withdrawn, %d turned.",
                *(len(part) for part in (change.added, change.removed, change.moved)),
                *(len(part) for part in (change.published, change.withdrawn, change.states)),
            )

    def _keep_raw(self, source: Source, raw: bytes, *, says: object) -> None:
        try:
            self._raw.keep(source.name, raw, self._clock(), says=says)
            self._health.solved("raw")
        except OSError as error:
            folder = self._settings.schedule_raw_dir
            self._health.problem("raw", f"Raw answers cannot be kept in {folder} ({error.strerror}): who owns it?")

    def _say_odd(self, source: Source, odd: tuple[str, ...]) -> None:
        if not odd:
            self._health.solved("odd")
        elif odd != self._odd:
            self._health.problem("odd", f"A part of the answer of {source.name} is left out or doubtful: {odd[0]}.")
        self._odd = odd

    async def _check_queue(self, source: Source, reading: Reading) -> None:
        """Ask at the start and daily whether the queue exists: an unknown one looks like a day without information."""
        now = self._clock()
        if now < self._check_at.get(source.name, now):
            return
        self._check_at[source.name] = now + CHECK_QUEUE
        try:
            known = reading.queues or await tried(lambda: source.ask_queues(self._fetch))
        except (BadReplyError, DeviceOfflineError) as error:
            log.info("The list of queues of %s is not to be had now: %s.", source.name, error)
            self._check_at[source.name] = now + CHECK_AGAIN
            return
        if known and source.queue.removeprefix("GPV") not in known:
            some = ", ".join(known[:30])
            sentence = f'{source.name} has no queue "{source.queue}": set {source.setting} to one of {some}.'
            self._health.problem(f"queue {source.name}", sentence)
        elif known:
            self._health.solved(f"queue {source.name}")


def pause(interval_s: float, now: datetime) -> float:
    """Return the seconds to the next request: fewer in the evening, never the same as those of all other homes."""
    local = now.astimezone(ZoneInfo(ZONE))
    is_busy = BUSY_FROM <= local.time() <= BUSY_TO
    seconds = max(interval_s * BUSY_SHARE, min(interval_s, POLITE_S)) if is_busy else interval_s
    until_evening = (datetime.combine(local, BUSY_FROM) - local.replace(tzinfo=None)).total_seconds()
    if 0 < until_evening < seconds:  # a long interval must not sleep through it
        seconds = until_evening
    return seconds * random.uniform(1, 1 + JITTER)


async def tried(ask: Callable[[], T]) -> T:
    """Ask up to three times, a little later each time, where the source is not there or not well."""
    for wait_s in TRY_AGAIN_S:
        try:
            return await in_time(ask)
        except DeviceOfflineError:
            await asyncio.sleep(wait_s)
    return await in_time(ask)


async def in_time(work: Callable[[], T]) -> T:
    """Do blocking work in a thread of its own, which is left behind where it takes too long or we are told to stop."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def finish(value: T | None, error: BaseException | None) -> None:
        if result.done():
            return
        if error:
            result.set_exception(error)
        else:
            result.set_result(cast("T", value))

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as failure:
            error = failure
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, value, error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return await asyncio.wait_for(result, LONGEST_S)
    except TimeoutError:
        raise DeviceOfflineError("it does not answer in time") from None

"""One step: ask the sources in order, publish the schedule, report what is wrong."""

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from services.schedule.answer import ZONE, Answer, Day
from services.schedule.copies import LATELY, Copy, Difference, Memory, combined
from services.schedule.fetch import IN_ALL_S, AskedToWaitError, Fetch, Fetched
from services.schedule.mirror_age import looked_at, undated
from services.schedule.queue_watch import QueueWatch, each_queue
from services.schedule.raw_answers import RawAnswers
from services.schedule.revision import failed, revise
from services.schedule.settings import POLITE_S, ScheduleSettings
from services.schedule.sources import Source, address, not_asked, sources
from shared.bus import Publisher
from shared.conditions import Reason
from shared.conditions import schedule as conditions
from shared.conditions.system import os_reason
from shared.errors import BadReplyError, DeviceOfflineError
from shared.health import Health
from shared.messages import OutageSchedule
from shared.outages import STALE_AFTER, local_day
from shared.topics import OUTAGE_SCHEDULE
from shared.trusted_time import ClockChange, is_unset

log = logging.getLogger("schedule")

T = TypeVar("T")

TRY_AGAIN_S = (1.0, 2.0)
BUSY_FROM, BUSY_TO = time(19, 45), time(20, 30)
"""Tomorrow's schedule appears in this hour of the evening; see docs/schedule.md."""
BUSY_SHARE = 0.4
JITTER = 0.1
CHECK_QUEUE = timedelta(days=1)
CHECK_AGAIN = timedelta(hours=1)
LONGEST_S = IN_ALL_S + 10
"""A source that drips before the body, or hangs in a name look-up, is given up for good."""
CLOCK_OFF = timedelta(minutes=5)


@dataclass(frozen=True)
class Found:
    """What a source answered."""

    source: Source
    fetched: Fetched
    answer: Answer


class ScheduleUpdater:
    """The schedule as far as known, and how it is updated."""

    def __init__(
        self,
        settings: ScheduleSettings,
        bus: Publisher,
        health: Health,
        fetch: Fetch,
        *,
        schedule: OutageSchedule | None,
        clock: Callable[[], datetime],
        queues: QueueWatch | None = None,
    ) -> None:
        self.schedule = schedule
        self._settings = settings
        self._sources = sources(settings)
        self._home = address(settings)
        self._bus = bus
        self._health = health
        self._fetch = fetch
        self._clock = clock
        self._queues = queues
        self._raw = RawAnswers(settings.schedule_raw_dir)
        self._odd: dict[str, tuple[Reason, ...]] = {}
        self._memory = Memory()
        self._silent_since: dict[str, datetime] = {}
        self._check_at: dict[str, datetime] = {}
        self._wait_until: dict[str, datetime] = {}
        self._undated: dict[str, tuple[Mapping[date, Day], datetime]] = {}
        self._commits: dict[str, tuple[datetime, datetime | None]] = {}
        is_named = bool(settings.schedule_region or settings.gpv_json_url) or "gpv_json" not in settings.provider_names
        health.report("mirror", None if is_named else conditions.MIRROR_NOT_NAMED())

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times that are kept by as much as the clock was set, but not the plan: that is not by our clock."""
        self._check_at = change.moved(self._check_at)
        self._wait_until = change.moved(self._wait_until)
        self._silent_since = change.moved(self._silent_since)
        self._memory = Memory()
        self._commits.clear()
        if is_unset(change.since):
            self.schedule = change.moved(self.schedule)

    async def step(self) -> float:
        """Ask once and return the seconds to the next time. Raises DeviceOfflineError if no source helps."""
        if self.schedule and not self._home.has(self.schedule):  # at once: sources may take minutes to answer
            self._publish(self._home.empty(self._clock()))
        failures: dict[str, Reason] = {}
        current: list[Found] = []
        empty: Found | None = None
        for source in self._sources:
            try:
                fetched, answer = await self._request(source)
            except (BadReplyError, DeviceOfflineError) as error:
                failures[source.name] = conditions.source_failed(source=source.name, cause=error.reason)
                continue
            found = Found(source, fetched, answer)
            if _is_current(answer, self._right_time(fetched)):
                current.append(found)
                if not source.is_mirror:
                    break  # the operator itself needs no confirmation
            else:
                cause = conditions.NOTHING_PUBLISHED()
                failures[source.name] = conditions.source_failed(source=source.name, cause=cause)
                empty = empty or found  # the next source may know more
        if current or empty:
            return await self._accept(current or [one for one in (empty,) if one], failures)
        reason = conditions.no_source(failures=(*failures.values(), *not_asked(self._settings)))
        self._keep_last(reason)
        raise DeviceOfflineError(reason)

    def _keep_last(self, reason: Reason) -> None:
        self._health.report("source", None)
        schedule = failed(self.schedule, reason, home=self._home, now=self._clock())
        last = self.schedule
        if last is None or (schedule.reason, schedule.stale) != (last.reason, last.stale):
            self._publish(schedule)

    async def _request(self, source: Source) -> tuple[Fetched, Answer]:
        if (until := self._wait_until.get(source.name)) and self._clock() < until:
            raise BadReplyError(conditions.asked_to_wait(until=until))
        try:
            fetched = await retried(lambda: source.request(self._fetch))
        except AskedToWaitError as error:
            self._wait_until[source.name] = self._clock() + error.wait
            raise
        try:
            answer = source.parse_body(fetched.body)
        except BadReplyError:
            self._keep_raw(source, fetched.body, content=fetched.body)
            raise
        self._keep_raw(source, fetched.body, content=(answer.days, answer.odd))
        return fetched, await self._dated(source, fetched, answer)

    async def _dated(self, source: Source, fetched: Fetched, answer: Answer) -> Answer:
        """Return an answer with its age. Raises BadReplyError if a mirror is too old."""
        now = self._right_time(fetched)
        if not source.is_mirror:
            return replace(answer, as_of=now - fetched.age) if fetched.age else answer
        as_of = looked_at(answer, fetched, None, now)
        if (as_of is None or now - as_of > STALE_AFTER) and not answer.look_failed:
            as_of = looked_at(answer, fetched, await self._last_commit(source), now)
        self._health.report(f"age {source.name}", None if as_of else conditions.age_unknown(source=source.name))
        if as_of and now - as_of > STALE_AFTER:
            raise BadReplyError(conditions.mirror_behind(since=as_of))
        if as_of is None:
            as_of = undated(self._assumed_before(source, answer), now)
            self._undated[source.name] = (answer.days, as_of)
            if now - as_of > STALE_AFTER:
                raise BadReplyError(conditions.UNDATED_AND_UNCHANGED())
        return replace(answer, as_of=as_of)

    def _assumed_before(self, source: Source, answer: Answer) -> datetime | None:
        """Return the age assumed of the same hours before; after a restart that of the plan, which is no fresher."""
        days, as_of = self._undated.get(source.name, (None, None))
        if days is not None:
            return as_of if days == answer.days else None
        return self.schedule.fetched_at if self.schedule and self.schedule.source == source.name else None

    async def _last_commit(self, source: Source) -> datetime | None:
        """Return the last commit of a mirror's repository, asked for once an hour at most."""
        now = self._clock()
        asked, commit = self._commits.get(source.name, (None, None))
        if asked is None or now - asked >= CHECK_AGAIN:
            with suppress(BadReplyError, DeviceOfflineError):
                commit = await in_time(lambda: source.request_commit(self._fetch))
            self._commits[source.name] = (now, commit)
        return commit

    def _now(self, fetched: Fetched) -> datetime:
        """Return the time: ours, or the server's if ours is far off and would put the schedule on another day."""
        now = self._clock()
        if is_unset(now):
            self._health.report("clock", None)
            return self._right_time(fetched)
        off = now - fetched.server_time - fetched.age if fetched.server_time else timedelta()
        is_right = abs(off) <= CLOCK_OFF
        wrong = conditions.clock_fast if off > timedelta() else conditions.clock_slow
        self._health.report("clock", None if is_right else wrong(minutes=round(abs(off).total_seconds() / 60)))
        return self._right_time(fetched)

    def _right_time(self, fetched: Fetched) -> datetime:
        now, there = self._clock(), fetched.server_time
        if there is None:
            return now
        there += fetched.age  # a cache keeps the Date of the moment when it stored the answer
        return there if is_unset(now) or abs(now - there) > CLOCK_OFF else now

    async def _accept(self, found: Sequence[Found], failures: Mapping[str, Reason]) -> float:
        """Publish what the sources have, and return the seconds to the next request."""
        first, now, names = found[0], self._now(found[0].fetched), [one.name for one in self._sources]
        old = self.schedule if self._home.has(self.schedule) else None
        copies = [Copy(one.source.name, one.answer, names[: names.index(one.source.name)]) for one in found]
        answer, differences = first.answer, list[Difference]()
        if first.source.is_mirror:  # the operator is used alone, as nothing is better
            answer, self._memory, differences = combined(old, copies, self._memory, now)
        schedule = revise(self.schedule, answer, home=self._home, source=first.source.name, now=now)
        for one in found:
            self._report_odd(one.source, one.answer.odd)
        self._report_copies(found, failures, differences)
        self._log_change(schedule)
        self._publish(schedule)
        for one in found:
            await self._check_queue(one.source, one.answer)
        await self._learn_queues(first)
        return pause(self._settings.schedule_interval, self._clock())

    async def _learn_queues(self, found: Found) -> None:
        """Remember from time to time the hours of all queues of the region."""
        if self._queues is None or not self._queues.due(self._clock()):
            return
        answers: Mapping[str, Answer] = {}
        try:
            answers = await in_time(lambda: each_queue(found.source, found.fetched, self._fetch))
        except (BadReplyError, DeviceOfflineError) as error:
            log.info("The hours of the other queues are not known now: %s.", error)
        self._queues.learn(answers, found.source)

    def _report_copies(
        self, found: Sequence[Found], failures: Mapping[str, Reason], differences: Sequence[Difference]
    ) -> None:
        """Report where the schedule comes from, unless it is from the first source and all copies of it agree."""
        name, names, now = found[0].source.name, [one.name for one in self._sources], self._clock()
        before = tuple(failures[one] for one in names[: names.index(name)] if one in failures)
        self._health.report("source", conditions.other_source(source=name, failures=before) if before else None)
        after = {one: failures[one] for one in names[names.index(name) + 1 :] if one in failures}
        self._silent_since = {one: self._silent_since.get(one, now) for one in after}
        long = tuple(why for one, why in after.items() if now - self._silent_since[one] >= LATELY)
        is_alone = len(found) == 1 and bool(long)
        self._health.report("copy", conditions.single_copy(source=name, failures=long) if is_alone else None)
        other = next(iter(differences), None)
        differ = conditions.copies_differ(source=other.source, other=other.other, day=other.day) if other else None
        self._health.report("differ", differ)

    def _publish(self, schedule: OutageSchedule) -> None:
        self.schedule = schedule
        self._bus.publish(OUTAGE_SCHEDULE, schedule)

    def _log_change(self, schedule: OutageSchedule) -> None:
        if self.schedule is None or self.schedule.source != schedule.source:
            known = ", ".join(f"{day.day:%d.%m} {day.state}" for day in schedule.days)
            log.info("Queue %s, from %s: %s.", schedule.queue, schedule.source, known or "nothing is published")
        change = schedule.change
        if change and (self.schedule is None or change != self.schedule.change):
            log.info(
                "Hours changed: %s; %d days published, %d withdrawn, %d in a new state.",
                ", ".join(one.kind for one in change.hours) or "nothing",
                *(len(part) for part in (change.published, change.withdrawn, change.states)),
            )

    def _keep_raw(self, source: Source, raw: bytes, *, content: object) -> None:
        reason = None
        try:
            self._raw.keep(source.name, raw, self._clock(), content=content)
        except OSError as error:
            folder = str(self._settings.schedule_raw_dir)
            reason = conditions.raw_unwritable(folder=folder, cause=os_reason(error))
        self._health.report("raw", reason)

    def _report_odd(self, source: Source, odd: tuple[Reason, ...]) -> None:
        """Report the first oddity; further ones of the same answer are not news."""
        if odd != self._odd.get(source.name, ()):
            reason = conditions.odd_answer(source=source.name, fault=odd[0]) if odd else None
            self._health.report(f"odd {source.name}", reason)
        self._odd[source.name] = odd

    async def _check_queue(self, source: Source, answer: Answer) -> None:
        """Ask at the start and daily whether the queue exists: an unknown one looks like a day without information."""
        now = self._clock()
        if now < self._check_at.get(source.name, now):
            return
        self._check_at[source.name] = now + CHECK_QUEUE
        try:
            known = answer.queues or await retried(lambda: source.request_queues(self._fetch))
        except (BadReplyError, DeviceOfflineError) as error:
            log.info("The list of queues of %s is not available now: %s.", source.name, error)
            self._check_at[source.name] = now + CHECK_AGAIN
            return
        if known:
            self._health.report(f"queue {source.name}", source.unknown_queue(known))


def _is_current(answer: Answer, now: datetime) -> bool:
    """Whether an answer knows anything of today or later."""
    today = local_day(now, ZONE)
    return any(day >= today and day not in answer.fillers for day in answer.days)


def pause(interval_s: float, now: datetime) -> float:
    """Return the seconds to the next request: fewer in the evening, and never the same in all homes."""
    local = now.astimezone(ZoneInfo(ZONE))
    is_busy = BUSY_FROM <= local.time() <= BUSY_TO
    seconds = max(interval_s * BUSY_SHARE, min(interval_s, POLITE_S)) if is_busy else interval_s
    until_evening = (datetime.combine(local, BUSY_FROM) - local.replace(tzinfo=None)).total_seconds()
    if 0 < until_evening < seconds:  # a long interval must not sleep through it
        seconds = until_evening
    return seconds * random.uniform(1, 1 + JITTER)


async def retried(ask: Callable[[], T]) -> T:
    """Ask up to three times, with growing pauses, if the source does not answer or has a failure."""
    for wait_s in TRY_AGAIN_S:
        try:
            return await in_time(ask)
        except DeviceOfflineError:
            await asyncio.sleep(wait_s)
    return await in_time(ask)


async def in_time(work: Callable[[], T]) -> T:
    """Do blocking work in a separate thread, which is abandoned if it takes too long or the service stops."""
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
        with suppress(RuntimeError):  # the loop is closed, and nothing waits any more
            loop.call_soon_threadsafe(finish, value, error)

    threading.Thread(target=run, daemon=True).start()
    try:
        async with asyncio.timeout(LONGEST_S):
            return await result
    except TimeoutError:
        raise DeviceOfflineError(conditions.NO_ANSWER()) from None

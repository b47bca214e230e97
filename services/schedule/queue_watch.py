"""Learns the hours of all queues and the beginnings of the home's outages, and publishes how well they fit."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from services.schedule.answer import Answer, json_of
from services.schedule.fetch import Fetch, Fetched
from services.schedule.queue_fit import judged
from services.schedule.queue_memory import QueueMemory, evidence, with_grid, with_hours
from services.schedule.revision import PlanAddress
from services.schedule.sources import Source
from shared.bus import Publisher
from shared.errors import ConfigError, StorageError
from shared.messages import Grid, GridState, QueueFit
from shared.state_file import StateFile
from shared.topics import QUEUE_FIT
from shared.trusted_time import ClockChange, is_unset

log = logging.getLogger("schedule")

FILE = "queues.json"
LEARN_EVERY = timedelta(minutes=30)
ASK_EACH_EVERY = timedelta(hours=2)
"""If each queue needs its own request."""
APART_S = 1.0
LARGE = 2
"""TsEK's groups, such as 1005.2, stand in one file with those of DnEM: more digits before the dot."""


class QueueWatch:
    """The memory of the queues, on disk, and what was last published about it."""

    def __init__(self, folder: Path, home: PlanAddress, bus: Publisher, clock: Callable[[], datetime]) -> None:
        self._file = memory_file(folder)
        self._home, self._bus, self._clock = home, bus, clock
        self._memory = self._load()
        self._last_on: datetime | None = None
        self._learn_at: datetime | None = None
        self._said: QueueFit | None = None

    def on_grid(self, _name: str, grid: GridState) -> None:
        """Notice an outage."""
        if grid.state is Grid.ON:
            self._last_on = grid.at
        self._keep(with_grid(self._memory, grid, self._last_on))

    def on_clock_change(self, change: ClockChange) -> None:
        """Shift the times of this boot by as much as the clock was set: it would wait for a time that is days ahead."""
        self._last_on = change.moved(self._last_on)
        self._learn_at = change.moved(self._learn_at)

    def due(self, now: datetime) -> bool:
        """Whether the hours of the other queues are due."""
        return not is_unset(now) and (self._learn_at is None or now >= self._learn_at)

    def learn(self, answers: Mapping[str, Answer], source: Source) -> None:
        """Remember the present hours of all queues by a source; if there are none, they are requested again later."""
        now = self._clock()
        self._learn_at = now + (ASK_EACH_EVERY if source.queues_url else LEARN_EVERY)
        own = source.queue.removeprefix("GPV")
        prefix = own.removesuffix(self._home.queue) if own.endswith(self._home.queue) else ""  # 5.2 of TsEK is 1005.2
        named = {name.removeprefix(prefix): answer for name, answer in answers.items()}
        self._keep(with_hours(self._memory, self._home.region, named, now))

    def _keep(self, memory: QueueMemory) -> None:
        if memory == self._memory and self._said:
            return
        if memory != self._memory:
            self._memory = memory
            try:
                self._file.save(memory)
            except StorageError as error:
                log.info("The hours of the other queues are not kept: %s", error)
        if not is_unset(self._clock()):
            self._publish(fit_of(memory, self._home, self._clock()))

    def _publish(self, fit: QueueFit) -> None:
        if self._said is None or fit.model_copy(update={"at": self._said.at}) != self._said:
            self._said = fit
            self._bus.publish(QUEUE_FIT, fit)

    def _load(self) -> QueueMemory:
        try:
            return self._file.load(lambda aside: log.warning("The memory of the queues was damaged: %s", aside))
        except ConfigError as error:
            log.warning("%s", error)
            return QueueMemory()


def memory_file(folder: Path) -> StateFile[QueueMemory]:
    """Return the file of the memory."""
    return StateFile("SCHEDULE_RAW_DIR", folder / FILE, QueueMemory)


def fit_of(memory: QueueMemory, home: PlanAddress, now: datetime) -> QueueFit:
    """Return how well the outages fit the home's queue; nothing is known about another region."""
    known = memory if memory.region == home.region else memory.model_copy(update={"days": {}})
    starts, plans = evidence(known, home.queue)
    return judged(home.queue, starts, plans, region=home.region, now=now)


def each_queue(source: Source, fetched: Fetched, fetch: Fetch) -> dict[str, Answer]:
    """Return what a source has for every queue like the home's. Raises BadReplyError, DeviceOfflineError.

    If each queue needs its own request, this blocks between them.
    """
    own = source.queue.removeprefix("GPV")
    if source.queues_url:
        found: dict[str, Answer] = {own: source.parse_body(fetched.body)}
        for name in source.request_queues(fetch) or ():
            if name != own:
                time.sleep(APART_S)
                other = replace(source, url=source.url.replace(f"queue={own}", f"queue={name}"), queue=name)
                found[name] = other.parse_body(other.request(fetch).body)
        return found
    content = json_of(fetched.body)
    names = source.parse(content, source.queue).queues or ()
    return {name: source.parse(content, name) for name in names if _is_large(name) is _is_large(own)}


def _is_large(queue: str) -> bool:
    return len(queue.partition(".")[0]) > LARGE

"""`show`: the schedule as each source has it now, in words."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.schedule.answer import ZONE
from services.schedule.fetch import fetch
from services.schedule.queue_watch import fit_of, memory_file
from services.schedule.revision import PlanAddress, revise
from services.schedule.settings import ScheduleSettings
from services.schedule.sources import Source, address, sources
from shared.conditions import Reason
from shared.conditions.schedule import NO_QUEUE, no_source, source_failed
from shared.errors import BadReplyError, ConfigError, DeviceOfflineError
from shared.messages import Certainty, DayState, QueueVerdict, Window
from shared.outages import Day, days_ahead
from shared.texts.localizer import Localizer

JUDGED = {QueueVerdict.FITS: True, QueueVerdict.OTHER: False}
"""Whether it is good news; None for the other verdicts."""


@dataclass(frozen=True)
class Line:
    """A line for people, and whether it is good news, as for a day that a source knows; None for neither."""

    text: str
    is_good: bool | None

    def to_json(self) -> str:
        """Return it for programs."""
        return json.dumps(asdict(self), ensure_ascii=False)


def show(settings: ScheduleSettings, localizer: Localizer) -> list[Line]:
    """Return the schedule of each source.

    Raises ConfigError without a queue, DeviceOfflineError if no source answers or knows the queue.
    """
    if not settings.queue_number:
        raise ConfigError(NO_QUEUE())
    lines: list[Line] = []
    failures: list[Reason] = []
    for source in sources(settings):
        try:
            lines += _lines(source, address(settings), localizer)
        except (BadReplyError, DeviceOfflineError) as error:
            failures.append(source_failed(source=source.name, cause=error.reason))
            lines.append(Line(localizer.reason(failures[-1]), is_good=False))
    if len(failures) == len(sources(settings)):
        raise DeviceOfflineError(no_source(failures=tuple(failures)))
    return [*lines, *_fit(settings, localizer)]


def _fit(settings: ScheduleSettings, localizer: Localizer) -> Iterator[Line]:
    """Yield how well the home's outages fit its queue, if the service has remembered some."""
    try:
        memory = memory_file(settings.schedule_raw_dir).peek()
    except ConfigError:
        return
    fit = fit_of(memory, address(settings), datetime.now(UTC))
    if fit.outages:
        others = ", ".join(f"{one.queue} ({one.fitting})" for one in fit.others)
        found = {"outages": fit.outages, "queue": fit.queue, "fitting": fit.fitting, "others": others}
        yield Line(localizer(f"tool.queue_{fit.verdict}", **found), JUDGED.get(fit.verdict))


def _lines(source: Source, home: PlanAddress, localizer: Localizer) -> Iterator[Line]:
    now = datetime.now(UTC)
    answer = source.parse_body(source.request(fetch).body)
    if unknown := source.unknown_queue(answer.queues or _queues(source)):
        raise BadReplyError(unknown)
    plan = revise(None, answer, home=home, source=source.name, now=now)
    yield Line(localizer("tool.schedule_of", source=source.name, queue=home.queue), is_good=None)
    for day in days_ahead(plan, now):
        text = f"  {day.day:%d.%m.%Y}  {_words(day, localizer)}"
        yield Line(text, is_good=None if day.state is DayState.UNKNOWN else True)
    for odd in answer.odd:
        yield Line(localizer("tool.doubtful", what=localizer.reason(odd)), is_good=False)


def _queues(source: Source) -> tuple[str, ...] | None:
    try:
        return source.request_queues(fetch)
    except (BadReplyError, DeviceOfflineError):
        return None  # the schedule is there, only the list is not


def _words(day: Day, localizer: Localizer) -> str:
    if day.state is not DayState.PLANNED:
        return localizer(f"tool.day_{day.state}")
    return ", ".join(_hours(window, localizer) for window in day.windows)


def _hours(window: Window, localizer: Localizer) -> str:
    start, end = (f"{moment.astimezone(ZoneInfo(ZONE)):%H:%M}" for moment in (window.start, window.end))
    is_definite = window.certainty is Certainty.DEFINITE
    return f"{start}-{end}" + ("" if is_definite else f" ({localizer(f'outages.certainty_{window.certainty}')})")

"""`show`: the schedule as each source has it now, in words."""

from collections.abc import Iterator
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

STATES = {
    DayState.UNKNOWN: "nothing published",
    DayState.WAITING: "the operator is still preparing it",
    DayState.NO_OUTAGES: "no outages planned",
    DayState.EMERGENCY: "emergency outages: no schedule applies",
}
VERDICTS = {
    QueueVerdict.EARLY: "your queue: too early to say, outages so far: {outages}",
    QueueVerdict.FITS: "your queue: {fitting} of your last {outages} outages fit queue {queue}",
    QueueVerdict.OTHER: "your queue: your last {outages} outages fit queue {others}, not {queue} ({fitting})",
    QueueVerdict.UNCLEAR: "your queue: {fitting} of your last {outages} outages fit queue {queue}, none fits clearly",
}


def show(settings: ScheduleSettings) -> str:
    """Return the schedule of each source.

    Raises ConfigError without a queue, DeviceOfflineError where no source answers or knows the queue.
    """
    if not settings.queue_number:
        raise ConfigError(NO_QUEUE())
    lines: list[str] = []
    failures: list[Reason] = []
    for source in sources(settings):
        try:
            lines += _lines(source, address(settings))
        except (BadReplyError, DeviceOfflineError) as error:
            lines.append(f"{source.name}: {error}")
            failures.append(source_failed(source=source.name, cause=error.reason))
    if len(failures) == len(sources(settings)):
        raise DeviceOfflineError(no_source(failures=tuple(failures)))
    return "\n".join([*lines, *_fit(settings)])


def _fit(settings: ScheduleSettings) -> Iterator[str]:
    """Yield how well the home's outages fit its queue, where the service has remembered some."""
    try:
        memory = memory_file(settings.schedule_raw_dir).peek()
    except ConfigError:
        return
    fit = fit_of(memory, address(settings), datetime.now(UTC))
    if fit.outages:
        others = ", ".join(f"{one.queue} ({one.fitting})" for one in fit.others)
        yield VERDICTS[fit.verdict].format(outages=fit.outages, queue=fit.queue, fitting=fit.fitting, others=others)


def _lines(source: Source, home: PlanAddress) -> Iterator[str]:
    now = datetime.now(UTC)
    answer = source.parse_body(source.request(fetch).body)
    if unknown := source.unknown_queue(answer.queues or _queues(source)):
        raise BadReplyError(unknown)
    plan = revise(None, answer, home=home, source=source.name, now=now)
    yield f"{source.name}, queue {home.queue}:"
    yield from (f"  {day.day:%d.%m.%Y}  {_words(day)}" for day in days_ahead(plan, now))
    yield from (f"  doubtful: {odd}" for odd in answer.odd)


def _queues(source: Source) -> tuple[str, ...] | None:
    try:
        return source.request_queues(fetch)
    except (BadReplyError, DeviceOfflineError):
        return None  # the schedule is there, only their list is not


def _words(day: Day) -> str:
    return STATES.get(day.state) or ", ".join(_hours(window) for window in day.windows)


def _hours(window: Window) -> str:
    start, end = (f"{moment.astimezone(ZoneInfo(ZONE)):%H:%M}" for moment in (window.start, window.end))
    return f"{start}-{end}" + ("" if window.certainty is Certainty.DEFINITE else f" ({window.certainty})")
